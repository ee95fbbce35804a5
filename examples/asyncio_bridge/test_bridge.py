# SPDX-License-Identifier: Apache-2.0
"""The bridge between a device of ours and a WebSocket server: python3 -m pytest examples/asyncio_bridge

Needs the packages pytest and websockets.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from bridge import Bridge
from websockets.asyncio.server import ServerConnection, serve

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "allow-requests": "all"}
PATIENCE = 60


class Site:
    """A bridge that runs, a device connected to it, and the server's side."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Any] = asyncio.Queue()
        self.connections: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def handle(self, connection: ServerConnection) -> None:
        self.connections.put_nowait(connection)
        async for message in connection:
            self.received.put_nowait(json.loads(message))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def play(scene: Callable[[Site, Bridge, int], Awaitable[None]], **settings: object) -> None:
    """Runs a bridge beside the scene, which gets the port for devices; at its end the bridge is stopped."""

    async def main() -> None:
        site, stopping = Site(), asyncio.Event()
        url_port, device_port = free_port(), free_port()
        bridge = Bridge({"url": f"ws://127.0.0.1:{url_port}/", **QUICK, **settings})
        running = asyncio.create_task(bridge.run("127.0.0.1", device_port, stopping))
        async with serve(site.handle, "127.0.0.1", url_port):
            try:
                await scene(site, bridge, device_port)
            finally:
                stopping.set()
                await running
        assert bridge.node.closed

    asyncio.run(asyncio.wait_for(main(), PATIENCE))


@asynccontextmanager
async def device(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            break
        except ConnectionError:
            await asyncio.sleep(0.01)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def line(value: object, **more: object) -> bytes:
    return json.dumps({"node": "meter1", "group": "power", "values": {"kW": value}, **more}).encode() + b"\n"


def test_a_reading_reaches_the_server() -> None:
    async def scene(site: Site, bridge: Bridge, port: int) -> None:
        async with device(port) as (_, writer):
            writer.write(line(12.5, timestamp=7) + line(13))
            first, second = await site.received.get(), await site.received.get()
            assert (first["node"], first["group"], first["timestamp"]) == ("meter1", "power", 7)
            assert (first["values"], second["values"]) == ({"kW": 12.5}, {"kW": 13})

    play(scene)


@pytest.mark.parametrize("bad", [b"no json\n", b"[]\n", b"{}\n", line({}, values=5), line(1 << 70), line(None)])
def test_a_bad_line_is_told_to_the_device_and_the_next_is_taken(bad: bytes) -> None:
    async def scene(site: Site, bridge: Bridge, port: int) -> None:
        async with device(port) as (reader, writer):
            writer.write(bad + line(1))
            assert "refused" in json.loads(await reader.readline())
            assert (await site.received.get())["values"] == {"kW": 1}

    play(scene)


def test_reads_and_writes_of_the_server_reach_the_device() -> None:
    async def scene(site: Site, bridge: Bridge, port: int) -> None:
        async with device(port) as (reader, writer):
            connection = await site.connections.get()
            writer.write(line(12.5))
            await site.received.get()

            async def ask(**request: object) -> Any:
                await connection.send(json.dumps({"uuid": "u", **request}))
                return await site.received.get()

            answer = await ask(node="meter1", group="power", tags=["kW"])
            assert answer["uuid"] == "u" and answer["tags"][0]["value"] == 12.5
            assert (await ask(node="meter1", group="other", tags=["kW"]))["error"] == 2106
            assert (await ask(node="meter1", group="power", tag="limit", value=10))["error"] == 0
            assert json.loads(await reader.readline()) == {"write": {"limit": 10}}
            assert (await ask(node="nobody", group="power", tag="limit", value=10))["error"] == 2003

    play(scene)


def test_while_the_queue_is_full_the_device_is_held_back() -> None:
    """Ten readings have room; the others wait in the sockets, and none is lost."""

    async def scene(site: Site, bridge: Bridge, port: int) -> None:
        async with device(port) as (_, writer):
            for number in range(1000):
                writer.write(line(number))
            for number in range(1000):
                assert (await site.received.get())["values"] == {"kW": number}

    play(scene, **{"queue-max-messages": 10})


def test_a_device_that_never_ends_its_line_is_cut_off() -> None:
    async def scene(site: Site, bridge: Bridge, port: int) -> None:
        async with device(port) as (reader, writer):
            writer.write(b"x" * (3 << 20))
            # Closed with bytes unread, TCP says reset.
            with suppress(ConnectionError):
                assert await reader.read() == b""

    play(scene)
