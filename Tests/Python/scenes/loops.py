# SPDX-License-Identifier: Apache-2.0
"""Event loops that are closed, of others, or of a forked parent."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import warnings
from collections.abc import AsyncIterable
from typing import Any, Callable, Optional

import neuron_ws
from neuron_ws import NodeClosed, aio

from .harness import QUICK, free_port, new_loop, play, raised, waiting
from .server import Server


async def first(items: AsyncIterable[object]) -> object:
    async for item in items:
        return item
    return None


def scene_an_event_loop_is_closed_under_a_node() -> None:
    loop = new_loop()
    node = aio.Node("n", {"url": f"ws://127.0.0.1:{free_port()}/", **QUICK})
    requests = node.requests()

    async def begin() -> None:
        node.start()
        await raised(asyncio.wait_for(node.send("1"), 0.05), asyncio.TimeoutError)

    loop.run_until_complete(begin())
    stuck = loop.create_task(node.send("2"))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()

    async def afterwards() -> None:
        await raised(node.send("3"), RuntimeError, "which is closed")
        await raised(node.flush(), RuntimeError, "which is closed")
        # Nothing comes here: to wait for it would be for ever.
        await raised(first(node), RuntimeError, "which is closed")
        await raised(first(requests), RuntimeError, "which is closed")
        await node.close()
        assert node.closed
        assert not [item async for item in node] and not [item async for item in requests]
        await raised(node.receive(), NodeClosed)

    play(afterwards())
    # Nobody ends a task whose loop is closed; this one is not to complain.
    broken: Any = stuck
    broken._log_destroy_pending = False
    broken.get_coro().close()


async def scene_a_node_belongs_to_one_loop() -> None:
    node = aio.Node("n", {"url": f"ws://127.0.0.1:{free_port()}/"})
    async with node:
        def elsewhere() -> None:
            async def use() -> None:
                await raised(node.send("x"), RuntimeError, "is not the one that runs here")
                await raised(first(node), RuntimeError, "is not the one that runs here")
                await raised(node.close(), RuntimeError, "is not the one that runs here")

            asyncio.run(use())

        await asyncio.get_running_loop().run_in_executor(None, elsewhere)
        assert node.state.phase is not None


class Forgetful:
    """A program that its node knows, too."""

    def __init__(self) -> None:
        settings = {"url": f"ws://127.0.0.1:{free_port()}/"}
        self.node = aio.Node("forgotten", settings, on_state=self.on_state)

    def on_state(self, event: neuron_ws.StateEvent) -> None:
        pass


def scene_a_forgotten_node_warns_and_goes() -> None:
    async def forget() -> None:
        gc.collect()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            program: Optional[Forgetful] = Forgetful()
            assert program is not None
            program.node.start()
            await asyncio.sleep(0)
            program = None
            gc.collect()
            await asyncio.sleep(0)
        texts = [str(one.message) for one in caught if one.category is ResourceWarning]
        assert texts == ["<neuron_ws.aio.Node 'forgotten'> was not closed"], texts
        # Its descriptor is free for others.
        async with aio.Node("next", {"url": f"ws://127.0.0.1:{free_port()}/"}) as other:
            await raised(asyncio.wait_for(other.send("x"), 0.05), asyncio.TimeoutError)

    play(forget())


def scene_without_a_loop_it_says_so() -> None:
    node = aio.Node("n", {"url": "ws://127.0.0.1:1/"})
    try:
        node.start()
    except RuntimeError as error:
        assert "no running event loop" in str(error)
    else:
        raise AssertionError("it started")
    play(node.close())
    assert node.closed


async def scene_a_child_of_fork_hears_it_and_the_parent_goes_on() -> None:
    with Server(echo=True) as server:
        node = aio.Node("n", {"url": server.url})
        requests = node.requests()
        async with node:
            await node.connected()
            stuck = asyncio.create_task(node.receive())
            await waiting(stuck)
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                os.write(writer, json.dumps(in_the_child(node, requests, server.url)).encode())
                os._exit(0)
            os.close(writer)
            with os.fdopen(reader) as pipe:
                loop = asyncio.get_running_loop()
                answers = json.loads(await loop.run_in_executor(None, pipe.read))
            os.waitpid(child, 0)
            assert answers == ["Forked"] * 7 + [True, "own node works"], answers
            await node.send('"from the parent"')
            assert await stuck == '"from the parent"'


def in_the_child(node: aio.Node, requests: AsyncIterable[object], url: str) -> list[object]:
    answers: list[object] = []

    async def main() -> None:
        calls: list[Callable[[], Any]] = [lambda: node.send("x"), node.flush, node.receive, node.connected, node.stop]
        calls += [lambda: first(node), lambda: first(requests)]
        for call in calls:
            try:
                await call()
                answers.append("no error")
            except neuron_ws.NeuronWSError as error:
                answers.append(type(error).__name__)
        await node.close()
        answers.append(node.closed)
        async with aio.Node("own", {"url": url}) as own:
            await own.send('"from the child"')
            assert await own.receive() == '"from the child"'
            answers.append("own node works")

    try:
        # uvloop's own state does not survive a fork; asyncio's does.
        loop = asyncio.SelectorEventLoop()
        asyncio.events._set_running_loop(None)
        loop.run_until_complete(main())
    except BaseException as error:
        answers.append(repr(error))
    return answers
