# SPDX-License-Identifier: Apache-2.0
"""Each call of the cache for its file fails once, and the process is killed in front of each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Optional

import pytest
from conftest import Exercise, Keeper, Said, count, points

ROUNDS, COUNT = 3, 20
EVERYTHING = list(range(1, ROUNDS * COUNT + 1))


def calls_of(exercise: Exercise, folder: Path, fault: str) -> int:
    def stores(faults: dict[str, str]) -> None:
        said = exercise.write(folder / "count", 1, COUNT, ROUNDS, faults=faults)
        assert said.stored == ROUNDS * COUNT and said.outcomes == {"NEURON_WS_STORED": ROUNDS * COUNT}

    return count(stores, fault, folder)


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC", "EINTR", "SHORT"])
def test_one_call_fails(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for at in points(calls_of(exercise, tmp_path, fault), request):
        directory = tmp_path / f"{at}"
        said = exercise.write(
            directory, 1, COUNT, ROUNDS, faults={"SPOOL_FAULT": fault, "SPOOL_FAULT_AT": str(at)})
        assert said.returncode == 0, (at, said.errors)
        # Each message has one outcome, and what was stored is not called dropped.
        assert sum(said.outcomes.values()) == ROUNDS * COUNT, (at, said.outcomes)
        assert said.outcomes.get("NEURON_WS_STORED", 0) >= said.stored, (at, said.outcomes, said.stored)
        keeper.numbers.clear()
        drained = exercise.drain(directory, keeper.url)
        assert drained.left == (0, 0) and drained.returncode == 0, (at, drained.texts, drained.errors)
        kept = said.outcomes.get("NEURON_WS_STORED", 0)
        assert keeper.numbers == EVERYTHING[: len(keeper.numbers)] and len(keeper.numbers) >= kept, at


@pytest.mark.parametrize("fault", ["EIO", "ENOSPC", "EINTR", "SHORT"])
def test_one_call_fails_while_it_drains(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Each message comes once, and what is delivered goes from the disk, if by another try."""
    assert exercise.write(tmp_path / "whole", 1, COUNT, ROUNDS).stored == ROUNDS * COUNT

    def drains(name: str, faults: Optional[dict[str, str]] = None) -> Said:
        keeper.numbers.clear()
        return exercise.drain(Path(shutil.copytree(tmp_path / "whole", tmp_path / name)), keeper.url, faults=faults)

    for at in points(count(lambda faults: drains("count", faults), fault, tmp_path), request, sample=10):
        said = drains(f"{at}", {"SPOOL_FAULT": fault, "SPOOL_FAULT_AT": str(at)})
        assert said.returncode == 0 and said.left == (0, 0) and said.lost == 0, (at, said.left, said.errors)
        assert said.outcomes == {"NEURON_WS_DELIVERED": ROUNDS * COUNT}, (at, said.outcomes)
        assert keeper.numbers == EVERYTHING, at
        keeper.numbers.clear()
        assert exercise.drain(tmp_path / f"{at}", keeper.url).left == (0, 0) and keeper.numbers == [], at


def test_the_process_is_killed_in_front_of_a_call(
    exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    calls = calls_of(exercise, tmp_path, "KILL")
    for at in points(calls, request):
        directory = tmp_path / f"{at}"
        said = exercise.write(
            directory, 1, COUNT, ROUNDS, faults={"SPOOL_FAULT": "KILL", "SPOOL_FAULT_AT": str(at)})
        # How many messages one transaction stores is the threads' doing: the last calls may not be there.
        assert said.returncode == -9 or (said.returncode == 0 and at > calls * 3 // 4), (at, calls, said.errors)
        keeper.numbers.clear()
        # Killed while it drains, too: what is on disk then comes once more, or is confirmed.
        killed = exercise.drain(directory, keeper.url, faults={"SPOOL_FAULT": "KILL", "SPOOL_FAULT_AT": str(at)})
        assert killed.returncode in (0, -9), (at, killed.errors)
        drained = exercise.drain(directory, keeper.url)
        assert drained.left == (0, 0), (at, drained.texts, drained.errors)
        arrived = sorted(set(keeper.numbers))
        assert arrived == EVERYTHING[: len(arrived)] and len(arrived) >= said.stored, (at, said.stored, len(arrived))


def test_a_cache_is_read_from_outside_wherever_its_process_was_killed(
    exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """And what is read is what comes, when a node goes on with it."""
    # Here alone: another processor's library, with which the others run too, is none for this Python.
    import neuron_ws

    put_right = 0
    for at in points(calls_of(exercise, tmp_path, "KILL"), request):
        directory = tmp_path / f"{at}"
        said = exercise.write(
            directory, 1, COUNT, ROUNDS, faults={"SPOOL_FAULT": "KILL", "SPOOL_FAULT_AT": str(at)})
        if not (directory / "exercise.nwsc").exists():
            continue
        # SQLite's journal begins with these where it has to be played back.
        journal = directory / "exercise.nwsc-journal"
        put_right += journal.exists() and journal.read_bytes()[:4] == bytes.fromhex("d9d505f9")
        (cache,) = neuron_ws.list_caches(directory)
        read: list[int] = []
        if not cache.error:
            assert cache.node == "exercise" and cache.messages >= said.stored, (at, cache)
            neuron_ws.read_cache(
                directory, "exercise", lambda message: read.append(json.loads(message.content)["number"]))
            assert len(read) == cache.messages and read == EVERYTHING[: len(read)], at
        else:
            # It was not a cache yet.
            assert said.stored == 0, (at, cache.error)
        keeper.numbers.clear()
        drained = exercise.drain(directory, keeper.url)
        assert drained.left == (0, 0) and sorted(set(keeper.numbers)) == read, (at, drained.texts)
    assert put_right > 0


def test_a_disk_that_stays_full_is_said_and_drains(exercise: Exercise, keeper: Keeper, tmp_path: Path) -> None:
    calls = calls_of(exercise, tmp_path, "ENOSPC")
    said = exercise.write(
        tmp_path / "full", 1, COUNT, ROUNDS,
        faults={"SPOOL_FAULT": "ENOSPC", "SPOOL_FAULT_AT": str(calls // 2), "SPOOL_FAULT_FOR": "100000"})
    assert any("is full" in text and "make room" in text for text in said.texts), said.texts
    assert said.outcomes.get("NEURON_WS_DROPPED_STOPPED", 0) > 0
    keeper.numbers.clear()
    assert exercise.drain(tmp_path / "full", keeper.url).left == (0, 0)
    assert keeper.numbers == EVERYTHING[: len(keeper.numbers)] and len(keeper.numbers) >= said.stored


def test_a_sync_that_fails_once_is_never_called_stored(exercise: Exercise, keeper: Keeper, tmp_path: Path) -> None:
    """All that is told stored behind it was written anew: the file is as whole as if nothing had been."""
    for at in (20, 40, 60):
        directory = tmp_path / f"{at}"
        said = exercise.write(directory, 1, COUNT, ROUNDS, faults={"SPOOL_FAULT": "EIO", "SPOOL_FAULT_AT": str(at)})
        keeper.numbers.clear()
        assert exercise.drain(directory, keeper.url).left == (0, 0)
        assert len(keeper.numbers) >= said.stored and keeper.numbers == EVERYTHING[: len(keeper.numbers)]
