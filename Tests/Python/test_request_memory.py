# SPDX-License-Identifier: Apache-2.0
"""What requests cost the host's memory: what is held is what the host needs, within requests-max-bytes. Measured in a
process of its own, by its resident memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = '''
import json, sys, time
import foreign
foreign.use_binding()
import neuron_ws
from neuron_ws import EventKind

def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) * 1024

message, count = eval(sys.argv[1]), int(sys.argv[2])
with foreign.Server() as server:
    settings = {"url": server.url, "allow-requests": "all", **json.loads(sys.argv[3])}
    with neuron_ws.Node("n", settings, events=EventKind.REQUEST) as node:
        foreign.wait_until(lambda: node.state.link)
        held = []
        def ask(text):
            before = node.metrics.requests_received + node.metrics.requests_malformed
            server.send(text)
            foreign.wait_until(
                lambda: node.metrics.requests_received + node.metrics.requests_malformed > before, 60)
        ask('{"node":"n","group":"g"}')
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = memory("VmRSS")
        for _ in range(count):
            ask(message)
        time.sleep(0.1)
        print(memory("VmHWM") - before, memory("VmRSS") - before, node.metrics.requests_received)
'''

MB = 1 << 20
HEAD = '{"uuid":"1","node":"n","group":"g",'


def grown(message: str, count: int = 1, **settings: object) -> tuple[int, int]:
    """How many bytes at most, and at the end, a process grew by requests that it holds; `message` is Python."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, message, str(count), json.dumps(settings)], capture_output=True,
        text=True, timeout=300, cwd=Path(__file__).resolve().parents[1] / "Interop",
    )
    assert done.returncode == 0, done.stderr
    peak, end, _ = map(int, done.stdout.split())
    return peak, end


@pytest.mark.parametrize("unit", ["{}", "[]", "1", '""', '{"a":1}'])
def test_unknown_members_cost_nothing_but_their_text(unit: str) -> None:
    peak, end = grown(f"{HEAD!r} + '\"x\":[' + ','.join([{unit!r}] * (4000000 // {len(unit) + 1})) + ']}}'")
    # The server's and the receive buffers' copies of the message are part of it.
    assert peak < 40 * MB, peak / MB
    assert end < 24 * MB, end / MB


@pytest.mark.parametrize("unit", ["{}", "[]", '""', '{"a":1}'])
def test_values_that_would_take_more_than_there_may_be_take_none(unit: str) -> None:
    peak, end = grown(
        f"{HEAD!r} + '\"tag\":\"t\",\"value\":[' + ','.join([{unit!r}] * (4000000 // {len(unit) + 1})) + ']}}'",
        **{"requests-max-bytes": 6 * MB})
    assert peak < 40 * MB, peak / MB
    assert end < 20 * MB, end / MB


@pytest.mark.parametrize("unit", ["{}", "1", '{"a":1}'])
def test_a_value_takes_what_the_host_gets_of_it(unit: str) -> None:
    peak, end = grown(
        f"{HEAD!r} + '\"tag\":\"t\",\"value\":[' + ','.join([{unit!r}] * (2000000 // {len(unit) + 1})) + ']}}'")
    assert peak < 40 * MB, peak / MB
    assert end < 24 * MB, end / MB


def test_four_large_ones_stay_within_the_limit() -> None:
    peak, end = grown(f"{HEAD!r} + '\"x\":[' + ','.join(['{{}}'] * 1300000) + ']}}'", 4)
    assert peak < 60 * MB, peak / MB
    assert end < 40 * MB, end / MB


def test_eighty_reads_of_200_kb() -> None:
    peak, end = grown(f"{HEAD!r} + '\"x\":[' + ','.join(['{{}}'] * 66000) + ']}}'", 80)
    assert end < 24 * MB, end / MB


def test_many_small_tags_are_counted_as_what_they_take() -> None:
    text = f"{HEAD!r} + '\"tags\":[' + ','.join(['\"t\"'] * 90000) + ']}}'"
    peak, end = grown(text, 8)
    assert end < 24 * MB, end / MB
    smaller, _ = grown(text, 8, **{"requests-max-bytes": 2 * MB})
    assert smaller < 16 * MB, smaller / MB
