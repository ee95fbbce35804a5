# SPDX-License-Identifier: Apache-2.0
"""The system's clock is set back and forth by a year: nothing expires for it, and nothing lives for ever."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import NOWHERE, Exercise, Keeper

TTL = ',"cache-ttl":3600'
YEAR = 365 * 86400


def drained(exercise: Exercise, keeper: Keeper, directory: Path, offset: int) -> list[int]:
    keeper.numbers.clear()
    said = exercise.drain(directory, keeper.url, TTL, **exercise.clock(offset))
    assert said.returncode == 0 and said.left == (0, 0) and said.lost == 0, (said.texts, said.errors)
    return list(keeper.numbers)


@pytest.mark.parametrize("before, after", [(YEAR, 0), (0, -YEAR), (YEAR, -YEAR)])
def test_a_clock_that_was_set_back_between_two_lives_ends_nothing(
    before: int, after: int, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    assert exercise.write(tmp_path / "data", 1, 100, 1, TTL, **exercise.clock(before)).stored == 100
    assert drained(exercise, keeper, tmp_path / "data", after) == list(range(1, 101))


def test_a_clock_that_was_set_back_and_forth_ends_nothing(exercise: Exercise, keeper: Keeper, tmp_path: Path) -> None:
    """Of each life without a process only the time in which the clock went ahead counts."""
    for life, offset in enumerate([0, -YEAR, -YEAR + 60, -YEAR + 120]):
        assert exercise.write(
            tmp_path / "data", life * 10 + 1, 10, 1, TTL, **exercise.clock(offset)).stored == life * 10 + 10
    assert drained(exercise, keeper, tmp_path / "data", -YEAR + 180) == list(range(1, 41))


def test_what_lay_there_longer_than_it_may_is_told_as_expired(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """A clock that was set forth by a year cannot be told from a year that has passed."""
    assert exercise.write(tmp_path / "data", 1, 100, 1, TTL, **exercise.clock(0)).stored == 100
    said = exercise.drain(tmp_path / "data", keeper.url, TTL, **exercise.clock(YEAR))
    assert said.outcomes == {"NEURON_WS_EXPIRED": 100} and said.left == (0, 0) and keeper.numbers == []


RUNNING = """
import json, sys, time
import neuron_ws
outcomes = {}
def told(event):
    outcomes[event.outcome.name] = outcomes.get(event.outcome.name, 0) + len(event.ids)
node = neuron_ws.Node("clock", json.loads(sys.argv[1]), on_delivery=told)
node.start()
sent = 0
for line in sys.stdin:
    # The clock is another one by now.
    for _ in range(50):
        node.send(json.dumps({"number": sent + 1}))
        sent += 1
    node.flush(neuron_ws.Level.STORED, 60)
    node.poll(0)
    print(json.dumps({"year": time.gmtime().tm_year, "queued": node.metrics.queued_messages,
                      "bytes": node.metrics.cached_bytes, "outcomes": outcomes}), flush=True)
node.close()
"""


def test_a_clock_that_is_set_while_a_node_runs_ends_nothing(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    times = tmp_path / "clock"
    times.write_text("0")
    environment = {**os.environ, **exercise.clock(0), "SET_CLOCK_FILE": str(times)}
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path / "data"), "cache-ttl": 3600,
                "sync-interval": 0.02, "delivery": "peer-parsed"}
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNING, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, env=environment)
    assert process.stdin is not None and process.stdout is not None
    years = set()
    for turn, offset in enumerate([0, YEAR, -YEAR, 2 * YEAR, -2 * YEAR, 0], 1):
        times.write_text(f"{offset}")
        process.stdin.write("\n")
        process.stdin.flush()
        said = json.loads(process.stdout.readline())
        years.add(said.pop("year"))
        assert said.pop("bytes") > 0
        assert said == {"queued": turn * 50, "outcomes": {}}
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    # It was set for this process, whatever year it is.
    assert len(years) >= 4
    assert max(years) - time.gmtime().tm_year in (1, 2)


@pytest.mark.parametrize("offset", [YEAR, -YEAR])
def test_a_clock_that_is_set_between_the_last_message_and_the_end_ends_nothing(
    offset: int, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """The disk has seen the old time alone, but for the end."""
    times = tmp_path / "clock"
    times.write_text("0")
    environment = {**os.environ, **exercise.clock(0), "SET_CLOCK_FILE": str(times)}
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path / "data"), "cache-ttl": 3600,
                "delivery": "peer-parsed"}
    program = RUNNING.replace('json.dumps({"number": sent + 1})',
                              'json.dumps({"number": sent + 1, "rest": "0" * ((sent + 1) * 37 % 300 + 1)})')
    process = subprocess.Popen([sys.executable, "-c", program.replace('"clock"', '"exercise"'), json.dumps(settings)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["queued"] == 50
    times.write_text(f"{offset}")
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
    assert drained(exercise, keeper, tmp_path / "data", offset) == list(range(1, 51))


def test_what_is_stored_under_a_clock_that_jumps_comes_in_the_order_of_its_pushes(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    for life, offset in enumerate([YEAR, -YEAR, 0, 2 * YEAR, -2 * YEAR]):
        said = exercise.write(tmp_path / "data", life * 10 + 1, 10, 1, **exercise.clock(offset))
        assert said.stored == life * 10 + 10, said.texts
    assert exercise.drain(tmp_path / "data", keeper.url).left == (0, 0)
    assert keeper.numbers == list(range(1, 51))
