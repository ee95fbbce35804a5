# SPDX-License-Identifier: Apache-2.0
"""What cannot be used is refused before it goes to C, by what it is called in Python and what it takes."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Callable

import neuron_ws
import pytest
from neuron_ws import LogLevel, MetricsFormat, aio

NAN, INFINITY = float("nan"), float("inf")
URL = "ws://127.0.0.1:1/"
Call = Callable[[Any], object]


@pytest.mark.parametrize("call, kind, said", [
    (lambda node: node.flush("written"), TypeError, "level is one of Level.ACCEPTED, "),
    (lambda node: node.flush(level=None), TypeError, "Level.WRITTEN, "),
    (lambda node: node.set_log_level("debug"), TypeError, "LogLevel.OFF, not 'debug'"),
    (lambda node: node.set_log_level(2**40), TypeError, "not 1099511627776"),
    (lambda node: node.metrics_text("json"), TypeError,
     "format is one of MetricsFormat.OPENMETRICS, MetricsFormat.JSON"),
    (lambda node: neuron_ws.metrics_text(None), TypeError, "not None"),  # type: ignore[arg-type]
    (lambda node: node.set_log_level(LogLevel.INFO, -1), ValueError,
     "seconds is a number of seconds from 0 on, not -1"),
    (lambda node: node.set_log_level(LogLevel.INFO, "5"), TypeError, "seconds is a number of seconds, not '5'"),
    (lambda node: node.flush(timeout="5"), TypeError, "a timeout is a number of seconds, not '5'"),
    (lambda node: node.flush(timeout=None), TypeError, "not None"),
    (lambda node: node.stop(NAN), ValueError, "not nan"),
    (lambda node: node.stop_begin(-0.5), ValueError, "a timeout is a number of seconds from 0 on, not -0.5"),
    (lambda node: node.close(-INFINITY), ValueError, "from 0 on, not -inf"),
    (lambda node: node.poll(NAN), ValueError, "a timeout is a number of seconds, not nan"),
    (lambda node: node.poll("1"), TypeError, "not '1'"),
    (lambda node: node.run(NAN), ValueError, "a duration is a number of seconds, not nan"),
    (lambda node: node.push_states({"d": (1,)}), TypeError, "driver 'd': a state is two numbers, link and running"),
    (lambda node: node.push_states({"d": 5}), TypeError, "not 5"),
    (lambda node: node.push_states({"d": (1, "run")}), TypeError, "not (1, 'run')"),
    (lambda node: node.push_states({"d": (2**32, 1)}), OverflowError,
     "driver 'd': 4294967296 does not fit into 32 bits"),
    (lambda node: node.push_states({7: (1, 1)}), TypeError, "a driver's name is a str, not 7"),
    (lambda node: node.subscribe(b"d", "g"), TypeError, "the driver's name is a str, not b'd'"),
    (lambda node: node.push("d", None, {"t": 1}), TypeError, "the group's name is a str, not None"),
    (lambda node: node.push("d", "g", {5: 1}), TypeError, "a tag's name is a str, not 5"),
    (lambda node: node.push("d", "g", {}, errors={"t": "x"}), TypeError, "tag 't': an error code is an int, not 'x'"),
    (lambda node: node.push("d", "g", {"t": 1}, timestamp=2**64 + 1), OverflowError, "it is Unix time in ms"),
    (lambda node: neuron_ws.Node(5, {"url": URL}), TypeError, "the name is a str, not 5"),  # type: ignore[arg-type]
])
def test_what_cannot_be_used_is_named(call: Call, kind: type[Exception], said: str) -> None:
    with neuron_ws.Node("n", {"url": URL}) as node:
        node.subscribe("*", "*")
        with pytest.raises(kind) as caught:
            call(node)
        assert said in str(caught.value) and not node.closed
        assert node.metrics.messages_accepted == 0


def test_a_time_without_an_end_is_as_long_as_there_is() -> None:
    node = neuron_ws.Node("n", {"url": URL}, on_state=lambda _: None)
    node.start()
    node.set_log_level(LogLevel.OFF, INFINITY)
    node.set_log_level(LogLevel.OFF, 0.5)
    node.set_log_level(LogLevel.OFF, 2**40)
    node.flush(timeout=INFINITY)
    assert node.poll(INFINITY) > 0
    # The end of a time that has passed: nothing is waited for.
    node.poll(time.monotonic() - time.monotonic() - 1)
    node.stop_begin(INFINITY)
    node.close(INFINITY)
    assert "{" in neuron_ws.metrics_text(MetricsFormat.JSON) or neuron_ws.metrics_text(MetricsFormat.JSON) == "[]"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_aio_takes_the_same_times_on_every_loop(loop: str) -> None:
    new_loop = asyncio.new_event_loop if loop == "asyncio" else pytest.importorskip("uvloop").new_event_loop

    async def program() -> None:
        async with aio.Node("n", {"url": URL}) as node:
            await node.put_message("never sent")
            waits: list[Callable[[Any], Any]] = [node.connected, lambda time: node.flush(timeout=time)]
            for wait in waits:
                for wrong, kind in ((NAN, ValueError), (-1, ValueError), ("1", TypeError)):
                    with pytest.raises(kind):
                        await wait(wrong)
                for endless in (INFINITY, 1e300, None):
                    with pytest.raises(asyncio.TimeoutError):
                        await asyncio.wait_for(wait(endless), 0.05)
            for end in (node.stop, node.close):
                with pytest.raises(ValueError):
                    await end(NAN)
            with pytest.raises(TypeError):
                await node.flush("written")  # type: ignore[arg-type]
            await node.stop(INFINITY)
            await node.close(INFINITY)

    runner = new_loop()
    try:
        runner.run_until_complete(program())
    finally:
        runner.close()
