# SPDX-License-Identifier: Apache-2.0
"""Requests from the server."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Callable

import neuron_ws
from neuron_ws import aio

from .harness import PATIENCE, raised, settled
from .server import Server


def read_request(uuid: str) -> str:
    return json.dumps({"uuid": uuid, "node": "plc1", "group": "fast", "tags": ["t"]})


async def scene_requests_come_to_a_handler() -> None:
    begun = asyncio.Event()

    async def answer(request: neuron_ws.Request) -> None:
        if request.uuid == "slow":
            begun.set()
            await asyncio.sleep(0)
        if request.uuid == "wrong":
            raise LookupError("mine")
        request.reply_values({"t": 21.5})

    loop = asyncio.get_running_loop()
    failures: list[dict[str, Any]] = []
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    with Server() as server:
        async with aio.Node("n", {"url": server.url}, on_request=answer) as node:
            await node.connected()
            for uuid in ("slow", "wrong"):
                server.send(read_request(uuid))
            got = {message["uuid"]: message for message in await loop.run_in_executor(None, server.wait_for, 2)}
            await begun.wait()
            await raised(_as_coroutine(node.requests), ValueError, "on_request")
    loop.set_exception_handler(handler)
    assert got["slow"]["tags"][0]["value"] == 21.5, got
    assert got["wrong"]["error"] == 1001 and "LookupError" in got["wrong"]["reason"], got
    assert [type(failure["exception"]) for failure in failures] == [LookupError]


async def _as_coroutine(call: Callable[[], object]) -> None:
    call()


async def scene_requests_are_iterated() -> None:
    loop = asyncio.get_running_loop()
    with Server() as server:
        node = aio.Node("n", {"url": server.url})
        requests = node.requests()
        async with node:
            await node.connected()
            server.send(read_request("a"))
            async for request in requests:
                request.reply_error(3023, "no")
                break
            (got,) = await loop.run_in_executor(None, server.wait_for, 1)
            assert (got["uuid"], got["error"]) == ("a", 3023)
            server.send(read_request("b"))
            await settled(lambda: node.metrics.requests_received == 2)
        assert [request async for request in requests] == []


async def scene_a_handler_may_close_the_node_and_others_are_cancelled() -> None:
    ended: list[str] = []
    with Server() as server:
        async def answer(request: neuron_ws.Request) -> None:
            if request.uuid == "close":
                await node.close()
                ended.append("closed")
                return
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                ended.append(request.uuid)
                raise

        node = aio.Node("n", {"url": server.url}, on_request=answer)
        async with node:
            await node.connected()
            server.send(read_request("sleep"))
            server.send(read_request("close"))
            async for _ in node:
                pass
        await settled(lambda: len(ended) == 2)
        assert node.closed and ended == ["sleep", "closed"]


async def scene_handlers_that_close_the_node_too_do_not_hold_up_its_end() -> None:
    """One is cancelled, and closes behind that; others, if they begin before it, wait for the same end."""
    asleep = asyncio.Event()
    begun: list[str] = []
    closed: list[str] = []

    async def answer(request: neuron_ws.Request) -> None:
        begun.append(request.uuid)
        try:
            if request.uuid == "asleep":
                asleep.set()
                await asyncio.sleep(PATIENCE)
        finally:
            await node.close()
            closed.append(request.uuid)

    with Server() as server:
        node = aio.Node("n", {"url": server.url}, on_request=answer)
        async with node:
            await node.connected()
            server.send(read_request("asleep"))
            await asleep.wait()
            server.send(json.dumps([json.loads(read_request(uuid)) for uuid in "abc"]))
            await settled(lambda: node.closed)
            await asyncio.wait_for(node.close(PATIENCE), PATIENCE / 2)
        await settled(lambda: len(closed) == len(begun))
        assert begun[:2] == ["asleep", "a"]


async def scene_no_handler_begins_while_the_node_is_being_closed() -> None:
    begun: list[str] = []

    async def answer(request: neuron_ws.Request) -> None:
        begun.append(request.uuid)
        await asyncio.sleep(PATIENCE)

    with Server(deaf=True) as server:
        node = aio.Node("n", {"url": server.url}, on_request=answer)
        node.start()
        await node.connected()
        close = asyncio.create_task(node.close(1))
        await asyncio.sleep(0)
        for number in range(20):
            server.send(read_request(str(number)))
        await close
        assert begun == [] and node.closed
