#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A bridge between devices that speak lines of JSON over TCP and a WebSocket server.

    python3 bridge.py ws://127.0.0.1:8080/data --listen 127.0.0.1:9000

A device connects and sends a line for each reading:  {"node":"meter1","group":"power","values":{"kW":12.5}}
What the server writes to a device goes to it as a line:  {"write":{"limit":10}}
What the server reads is answered with what the device sent last.

While the node's queue is full no line is read, so that TCP holds the devices back: nothing is lost, and nothing grows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import signal
from contextlib import suppress
from typing import Any

import neuron_ws
from neuron_ws import RequestKind, aio

# The gateway's codes.
NODE_NOT_EXIST = 2003
GROUP_NOT_EXIST = 2106
DISCONNECTED = 3002

# One reading; a device that sends more than that without an end of line is cut off, bytes.
LINE_MAX = 1 << 20

log = logging.getLogger("bridge")


class Bridge:
    """The devices that are connected, and the node that they share."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.node = aio.Node("bridge", settings, on_request=self.answer, on_log=neuron_ws.log_to("bridge"))
        self._devices: dict[str, asyncio.StreamWriter] = {}
        self._last: dict[tuple[str, str], dict[str, Any]] = {}
        self._connections: set[asyncio.Task[None]] = set()

    async def run(self, host: str, port: int, stopping: asyncio.Event) -> None:
        """Serves until ``stopping`` is set; then the devices are let go, and what they sent is sent on."""
        async with self.node:
            self.node.subscribe("*", "*")
            server = await asyncio.start_server(self.serve, host, port, limit=LINE_MAX)
            log.info("listening on %s:%d", *server.sockets[0].getsockname()[:2])
            try:
                await stopping.wait()
            finally:
                server.close()
                for task in self._connections:
                    task.cancel()
                await asyncio.gather(*self._connections, return_exceptions=True)
            try:
                await self.node.flush(timeout=5)
            except neuron_ws.NeuronWSError as error:
                log.warning("what was not sent is lost: %s", error)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One device, from its connection to its end."""
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            # ValueError: a line that is too long.
            with suppress(asyncio.CancelledError, ConnectionError, ValueError):
                async for line in reader:
                    await self.take(line, writer)
        finally:
            self._connections.discard(task)
            self._devices = {name: one for name, one in self._devices.items() if one is not writer}
            writer.close()

    async def take(self, line: bytes, writer: asyncio.StreamWriter) -> None:
        """One reading. What cannot be sent is told to the device, and the next line may be better."""
        try:
            reading = json.loads(line)
            name, group, values = str(reading["node"]), str(reading["group"]), reading["values"]
            await self.node.put(name, group, values, errors=reading.get("errors"), timestamp=reading.get("timestamp"))
        except (neuron_ws.NeuronWSError, LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
            log.warning("a line was refused: %s", error)
            writer.write(json.dumps({"refused": str(error)}).encode() + b"\n")
            return
        self._devices[name] = writer
        self._last[name, group] = values

    async def answer(self, request: neuron_ws.Request) -> None:
        """A request from the server."""
        if request.kind is RequestKind.READ:
            values = self._last.get((request.driver, request.group))
            if values is None:
                request.reply_error(GROUP_NOT_EXIST)
                return
            wanted = [tag.name for tag in request.tags] or list(values)
            request.reply_values({name: values[name] for name in wanted if name in values})
            return
        device = self._devices.get(request.driver)
        if device is None or request.kind is not RequestKind.WRITE:
            request.reply_error(NODE_NOT_EXIST)
            return
        try:
            device.write(json.dumps({"write": {tag.name: tag.value for tag in request.tags}}).encode() + b"\n")
            await device.drain()
        except ConnectionError:
            request.reply_error(DISCONNECTED)
        else:
            request.reply_error(0)


async def main() -> None:
    parser = argparse.ArgumentParser(description="Lines of JSON over TCP to a WebSocket server, and back.")
    parser.add_argument("url", help="the WebSocket server, ws:// or wss://")
    parser.add_argument("--listen", default="127.0.0.1:9000", metavar="HOST:PORT", help="for the devices; port 0: any")
    words = parser.parse_args()
    host, _, port = words.listen.rpartition(":")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await Bridge({"url": words.url, "allow-requests": "all"}).run(host, int(port), stopping)


if __name__ == "__main__":
    asyncio.run(main())
