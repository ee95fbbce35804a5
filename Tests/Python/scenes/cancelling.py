# SPDX-License-Identifier: Apache-2.0
"""Coroutines that are cancelled wherever they may be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Generator
from typing import Any, Callable

from neuron_ws import Dropped, NodeClosed, NotRunning, aio
from neuron_ws.aio._inbox import Inbox

from .harness import PATIENCE, QUICK, free_port, raised, waiting
from .server import Server


class CancelledAt:
    """Awaits a coroutine and cancels it at its await number ``at``; ``awaits`` says how many there were."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], at: int) -> None:
        self._coroutine = coroutine
        self._at = at
        self.awaits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[], Any] = lambda: self._coroutine.send(None)
        while True:
            try:
                future = step()
            except StopIteration:
                return
            if self.awaits == self._at:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            self.awaits += 1
            try:
                yield future
            except BaseException as error:
                caught = error
                step = lambda: self._coroutine.throw(caught)
            else:
                step = lambda: self._coroutine.send(None)


async def scene_a_coroutine_is_cancelled_at_each_of_its_awaits() -> None:
    """A program that does everything is cancelled at its first await, at its second, and so on; at each the node is
    closed, nobody waits any more, and no error is left lying about.
    """
    nodes: list[aio.Node] = []
    finished = False

    async def program(url: str) -> None:
        nonlocal finished
        node = aio.Node("n", {"url": url, "queue-max-messages": 2, **QUICK})
        nodes.append(node)
        async with node:
            others = [asyncio.create_task(node.send(f'"{n}"')) for n in range(3)]
            try:
                await node.connected()
                await node.send('"push"')
                await node.put_message('"put"')
                await node.receive()
                async for _ in node:
                    break
                await node.flush()
                await node.stop(0.2)
                node.start()
                await asyncio.gather(*others)
            finally:
                for other in others:
                    other.cancel()
        finished = True

    with Server(echo=True) as server:
        at = 0
        while not finished:
            cancelled = CancelledAt(program(server.url), at)
            task = asyncio.ensure_future(_awaited(cancelled))
            (ended,) = await asyncio.gather(task, return_exceptions=True)
            assert nodes[-1].closed, at
            if not finished:
                assert isinstance(ended, asyncio.CancelledError), (at, ended)
            at += 1
        # What is there already is not awaited: so many are, however the threads run.
        assert at > 3, at
        await asyncio.sleep(0.05)


async def _awaited(awaitable: CancelledAt) -> None:
    await awaitable


async def scene_a_cancelled_push_harms_nobody() -> None:
    port = free_port()
    settings = {"url": f"ws://127.0.0.1:{port}/", "queue-max-messages": 2, **QUICK}
    async with aio.Node("n", settings) as node:
        tasks = [asyncio.create_task(node.send(f'"{n}"')) for n in range(6)]
        await waiting(tasks[0])
        # The first has a number and goes its way; the fourth waits for room, and nothing of it is sent.
        tasks[0].cancel()
        tasks[3].cancel()
        with Server(port) as server:
            events = await asyncio.gather(*tasks, return_exceptions=True)
            assert server.wait_for(5) == ["0", "1", "2", "4", "5"]
            await node.close()
    assert [isinstance(event, asyncio.CancelledError) for event in events] == [True, False, False, True, False, False]


async def scene_the_end_itself_may_be_cancelled() -> None:
    for cancellations in (1, 2, 3):
        with Server(deaf=True) as server:
            node = aio.Node("n", {"url": server.url})

            connected = asyncio.Event()

            async def body() -> None:
                node.start()
                await node.connected()
                connected.set()
                await node.close(PATIENCE)

            task = asyncio.create_task(body())
            await connected.wait()
            await asyncio.sleep(0.01)
            begin = time.monotonic()
            for _ in range(cancellations):
                task.cancel()
                await asyncio.sleep(0)
            await raised(task, asyncio.CancelledError)
            assert node.closed and time.monotonic() - begin < PATIENCE / 2, "it did not hurry"


async def scene_several_close_at_once() -> None:
    with Server() as server:
        node = aio.Node("n", {"url": server.url})
        async with node:
            await node.connected()
            closing = [asyncio.create_task(node.close()) for _ in range(3)]
            await asyncio.sleep(0)
            closing[0].cancel()
            await raised(node.send("x"), NodeClosed)
            await asyncio.gather(*closing[1:])
            await asyncio.gather(closing[0], return_exceptions=True)
        assert node.closed


async def scene_who_is_cancelled_at_the_moment_of_the_end_leaves_no_error_behind() -> None:
    for cancels in (False, True):
        node = aio.Node("n", {"url": f"ws://127.0.0.1:{free_port()}/"})
        node.start()
        calls = [node.send("1"), node.flush(timeout=None), node.connected(), node.receive()]
        tasks = [asyncio.create_task(call) for call in calls]
        await waiting(tasks[0])
        # As a node that is forgotten ends: all at once.
        node._ending.end_at_once()
        for task in tasks:
            if cancels:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        expected: list[type[BaseException]] = [Dropped, NotRunning, NodeClosed, NodeClosed]
        assert [type(one) for one in ended] == ([asyncio.CancelledError] * 4 if cancels else expected), ended


async def scene_a_message_is_not_lost_with_him_who_was_to_take_it() -> None:
    inbox: Inbox[str] = Inbox(9, 9, len)
    tasks = [asyncio.create_task(inbox.take()) for _ in range(2)]
    await waiting(tasks[1])
    inbox.put("it")
    tasks[0].cancel()
    assert await tasks[1] == "it"
    await raised(tasks[0], asyncio.CancelledError)
