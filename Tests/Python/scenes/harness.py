# SPDX-License-Identifier: Apache-2.0
"""What the scenes share."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Coroutine
from typing import Any, Callable

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1}
# Long enough for a machine that has other things to do, seconds.
PATIENCE = 120.0

# How the loops of the scenes are made; uvloop's take its place.
loop_factory: list[Callable[[], asyncio.AbstractEventLoop]] = [asyncio.new_event_loop]


def new_loop() -> asyncio.AbstractEventLoop:
    return loop_factory[-1]()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def play(program: Coroutine[Any, Any, None]) -> None:
    """Runs it as asyncio.run does, and holds that no callback of the loop failed and no task is left."""
    faults: list[dict[str, Any]] = []
    loop = new_loop()
    asyncio.set_event_loop(loop)

    async def main() -> None:
        loop.set_exception_handler(lambda _, context: faults.append(context))
        await asyncio.wait_for(program, PATIENCE)
        gc.collect()
        for _ in range(5):
            await asyncio.sleep(0)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, left

    try:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    assert faults == [], faults


async def settled(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def waiting(task: asyncio.Task[Any], turns: int = 5) -> None:
    """The task has come as far as it comes."""
    for _ in range(turns):
        await asyncio.sleep(0)
    assert not task.done(), task


async def raised(awaited: Any, kind: type[BaseException], text: str = "") -> BaseException:
    try:
        await awaited
    except kind as error:
        assert text in str(error), error
        return error
    raise AssertionError(f"{kind.__name__} was not raised")
