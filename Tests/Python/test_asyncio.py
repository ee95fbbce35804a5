"""Programs of asyncio: the example and the one of docs/python.md, in every order of their end."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import foreign
import neuron_ws
import pytest
from neuron_ws import Outcome

EXAMPLE = foreign.BINDING / "examples" / "asyncio_example.py"
PAGE = foreign.HEADER.parents[1] / "docs" / "python.md"
MANY = 300_000


def run(command: list[object], timeout: float) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(foreign.BINDING)}
    words = [sys.executable, "-W", "error", *map(str, command)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=timeout)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("asyncio_example", EXAMPLE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def complete(program: Callable[[list[dict[str, Any]]], Awaitable[None]]) -> None:
    """Runs it, and holds that no callback of the loop failed."""
    faults: list[dict[str, Any]] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        await asyncio.wait_for(program(faults), 30)

    asyncio.run(main())
    assert faults == []


def test_the_example_awaits_300_000_outcomes() -> None:
    with foreign.Server(keep=False) as server:
        result = run([EXAMPLE, server.url, MANY], 900)
    assert (result.stdout, result.stderr) == (f"{MANY} delivered, each written\n", "")


def test_the_program_of_the_manual_awaits_300_000_outcomes(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (program,) = [block for block in blocks if "asyncio.gather" in block]
    path = tmp_path / "program.py"
    with foreign.Server(keep=False) as server:
        path.write_text(program.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace("10))", f"{MANY}))"))
        result = run([path], 900)
    assert (result.stdout, result.stderr) == (f"{MANY} {{'DELIVERED'}}\n", "")


def test_without_a_server_whoever_waits_hears_that_it_was_dropped() -> None:
    example = load()

    async def program(_: list[dict[str, Any]]) -> None:
        async with example.running("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}) as client:
            client.node.subscribe("*", "*")
            waiting = [asyncio.create_task(client.push("d", "g", {"n": n})) for n in range(100)]
            await asyncio.sleep(0.1)
        events = await asyncio.gather(*waiting)
        assert {event.outcome for event in events} == {Outcome.DROPPED_STOPPED}

    complete(program)


def test_an_await_that_was_cancelled_does_no_harm() -> None:
    example = load()

    async def program(_: list[dict[str, Any]]) -> None:
        port = foreign.free_port()
        settings = {"url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.05, "reconnect-max": 0.1}
        async with example.running("n", settings) as client:
            client.node.subscribe("*", "*")
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.push("d", "g", {"n": 1}), 0.05)
            second = asyncio.create_task(client.push("d", "g", {"n": 2}))
            with foreign.Server(port):
                assert (await second).outcome is Outcome.DELIVERED
            # One is cancelled, its message still in the queue when the node ends.
            third = asyncio.create_task(client.push("d", "g", {"n": 3}))
            await asyncio.sleep(0.05)
            third.cancel()

    complete(program)


@pytest.mark.parametrize("breaks", [KeyError, asyncio.CancelledError])
def test_a_body_that_ends_early_ends_everything(breaks: type[BaseException]) -> None:
    example = load()

    async def program(_: list[dict[str, Any]]) -> None:
        waiting: list[asyncio.Task[neuron_ws.DeliveryEvent]] = []
        with pytest.raises(breaks):
            async with example.running("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}) as client:
                client.node.subscribe("*", "*")
                waiting.append(asyncio.create_task(client.push("d", "g", {"n": 1})))
                await asyncio.sleep(0.05)
                raise breaks
        assert (await waiting[0]).outcome is Outcome.DROPPED_STOPPED and client.node.closed

    complete(program)


def test_the_end_itself_may_be_cancelled() -> None:
    example = load()

    async def program(_: list[dict[str, Any]]) -> None:
        nodes: list[neuron_ws.Node] = []
        entered = asyncio.Event()

        async def body() -> None:
            async with example.running("n", {"url": f"ws://127.0.0.1:{foreign.free_port()}/"}) as client:
                nodes.append(client.node)
                client.node.subscribe("*", "*")
                entered.set()
                await client.push("d", "g", {"n": 1})

        task = asyncio.create_task(body())
        await entered.wait()
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert nodes[0].closed

    complete(program)
