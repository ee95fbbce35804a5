# SPDX-License-Identifier: Apache-2.0
"""What counts as stored is there behind a power loss, or a kill, as the setting durability says. What was not synced is
gone behind a power loss, or some of it is there."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from typing import Optional

import pytest
from conftest import NOWHERE, Exercise, Keeper, Said, count, points

ROUNDS, COUNT = 3, 20
EVERYTHING = list(range(1, ROUNDS * COUNT + 1))
CRASH = ',"durability":"crash"'
LUCK = ["0", "1", "2"]


class Disk:
    """One whose power fails. `here` is what the next life finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.folder.mkdir()
        self.lives = 0
        self.here.mkdir()

    @property
    def here(self) -> Path:
        return self.folder / f"{self.lives}"

    def life(self, luck: str = "0", **faults: str) -> tuple[Path, dict[str, str]]:
        """Where a life works, and its faults; `here` is what it leaves."""
        disk = self.here
        self.lives += 1
        self.here.mkdir()
        return disk, {"SPOOL_DISK": str(disk), "SPOOL_DISK_LEFT": str(self.here), "SPOOL_DISK_LUCK": luck, **faults}


def power(at: int) -> dict[str, str]:
    return {"SPOOL_FAULT": "POWER", "SPOOL_FAULT_AT": str(at)}


def calls_of(
    exercise: Exercise, folder: Path, fault: str, rounds: int = ROUNDS, more: str = "", **variables: str
) -> int:
    directory = folder / f"count{rounds}"

    def stores(faults: dict[str, str]) -> None:
        said = exercise.write(directory, 1, COUNT, rounds, more, faults=faults, **variables)
        assert said.stored == rounds * COUNT, said.texts

    return count(stores, fault, folder)


def write(exercise: Exercise, disk: Disk, at: int, more: str = "", luck: str = "0", **variables: str) -> Said:
    directory, faults = disk.life(luck, **power(at))
    return exercise.write(directory, 1, COUNT, ROUNDS, more, faults=faults, **variables)


def arrived(exercise: Exercise, keeper: Keeper, disk: Disk) -> list[int]:
    """What a life that ends well sends of what is there, in order and once each."""
    keeper.numbers.clear()
    drained = exercise.drain(disk.here, keeper.url)
    assert drained.left == (0, 0) and drained.returncode == 0, (drained.texts, drained.errors)
    assert (drained.lost, drained.faults) == (0, 0), drained.texts
    assert keeper.numbers == EVERYTHING[: len(keeper.numbers)]
    return list(keeper.numbers)


@pytest.mark.parametrize("luck", LUCK)
def test_what_is_stored_is_there_behind_a_power_loss(
    luck: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    best = 0
    for at in points(calls_of(exercise, tmp_path, "POWER"), request):
        disk = Disk(tmp_path / f"{at}")
        said = write(exercise, disk, at, luck=f"{int(luck) * at}")
        assert len(arrived(exercise, keeper, disk)) >= said.stored, (at, said.stored)
        best = max(best, said.stored)
    assert best >= COUNT


@pytest.mark.parametrize("luck", LUCK)
def test_a_power_loss_while_it_drains_loses_nothing(
    luck: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """What was told to be stored, or is there behind the first power loss, comes in one of the lives."""
    calls = calls_of(exercise, tmp_path, "POWER")
    for at in points(calls, request):
        disk = Disk(tmp_path / f"{at}")
        said = write(exercise, disk, calls + 1000, luck=luck)
        assert said.outcomes == {"NEURON_WS_STORED": ROUNDS * COUNT}
        came: list[int] = []
        for _ in range(2):
            directory, faults = disk.life(luck, **power(at))
            keeper.numbers.clear()
            exercise.drain(directory, keeper.url, faults=faults)
            came += keeper.numbers
        keeper.numbers.clear()
        drained = exercise.drain(disk.here, keeper.url)
        assert drained.left == (0, 0) and (drained.lost, drained.faults) == (0, 0), (at, drained.texts)
        assert sorted({*came, *keeper.numbers}) == EVERYTHING, at


def test_it_is_one(exercise: Exercise, keeper: Keeper, tmp_path: Path) -> None:
    """With `crash` it takes what is stored: these tests would see what is not synced."""
    calls = calls_of(exercise, tmp_path, "POWER", more=CRASH)
    lost = 0
    for at in (calls // 2, calls * 3 // 4, calls):
        disk = Disk(tmp_path / f"{at}")
        said = write(exercise, disk, at, CRASH)
        keeper.numbers.clear()
        drained = exercise.drain(disk.here, keeper.url)
        assert drained.returncode == 0 and drained.left == (0, 0), (at, drained.texts, drained.errors)
        lost += said.stored - len(keeper.numbers)
    assert lost > 0


def test_a_directory_that_is_made_is_there_behind_a_power_loss(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """Its name stands in the directory above."""
    disk = Disk(tmp_path / "disk")
    disk.here.rmdir()
    directory, faults = disk.life()
    assert exercise.write(directory, 1, COUNT, ROUNDS, faults=faults).stored == ROUNDS * COUNT
    assert arrived(exercise, keeper, disk) == EVERYTHING


def test_a_kill_loses_nothing_that_is_stored_with_crash(
    exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for at in points(calls_of(exercise, tmp_path, "KILL", more=CRASH), request):
        directory = tmp_path / f"{at}"
        said = exercise.write(
            directory, 1, COUNT, ROUNDS, CRASH, faults={"SPOOL_FAULT": "KILL", "SPOOL_FAULT_AT": str(at)})
        keeper.numbers.clear()
        drained = exercise.drain(directory, keeper.url, CRASH)
        assert drained.left == (0, 0) and (drained.lost, drained.faults) == (0, 0), (at, drained.texts)
        assert keeper.numbers == EVERYTHING[: len(keeper.numbers)] and len(keeper.numbers) >= said.stored, at


@pytest.mark.parametrize("more, then", [
    ("", None), (CRASH, None), ("", CRASH), (CRASH, ""),
], ids=["power-loss", "crash", "power-loss, then crash", "crash, then power-loss"])
def test_syncs_are_what_the_setting_says(
    more: str, then: Optional[str], exercise: Exercise, tmp_path: Path
) -> None:
    """A new setting counts while the node runs."""
    variables = {} if then is None else {"EXERCISE_THEN": then}
    few, many = (
        calls_of(exercise, tmp_path, "SYNC", rounds, more, **variables) for rounds in (5, 45))
    if more if then is None else then:
        # At the beginning and at the end, whatever is stored.
        assert many - few < 5, (few, many)
    else:
        # The journal, the file.
        assert many - few >= 40 * 2, (few, many)


@pytest.mark.parametrize("count_then", [COUNT, 0], ids=["with more", "with nothing more"])
def test_what_crash_has_stored_is_synced_when_power_loss_is_set(
    count_then: int, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """A flush behind that says so of all, whenever it was stored."""
    disk = Disk(tmp_path / "disk")
    directory, faults = disk.life(SPOOL_FAULT="POWER", SPOOL_FAULT_WHILE=str(tmp_path / "now"))
    exercise.inside(becomes_durable, directory, count_then, tmp_path / "now", faults=faults, ends=-signal.SIGKILL)
    assert arrived(exercise, keeper, disk) == EVERYTHING[: COUNT + count_then]


def becomes_durable(directory: str, count_then: str, now: str) -> None:
    from neuron_ws import Level, Node

    def push(first: int, count: int) -> None:
        for number in range(first, first + count):
            node.send('{"number":%d,"rest":"%s"}' % (number, "0" * (number * 37 % 300 + 1)))
        node.flush(Level.STORED, 60)

    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": directory, "sync-interval": 0.02}
    node = Node("exercise", {**settings, "durability": "crash"})
    node.start()
    push(1, COUNT)
    node.configure({**settings, "durability": "power-loss"})
    push(COUNT + 1, int(count_then))
    Path(now).touch()
    push(COUNT + 1 + int(count_then), 1)


@pytest.mark.parametrize("fault", ["SYNC", "REVERT"])
def test_a_sync_that_fails_once_and_then_says_all_is_well(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """All that is told as stored is written anew, and is there."""
    short = []
    for at in points(calls_of(exercise, tmp_path, fault), request):
        disk = Disk(tmp_path / f"{at}")
        directory, faults = disk.life(SPOOL_FAULT=fault, SPOOL_FAULT_AT=f"{at}")
        said = exercise.write(directory, 1, COUNT, ROUNDS, faults=faults)
        assert said.returncode == 0 and sum(said.outcomes.values()) == ROUNDS * COUNT, (at, said.outcomes, said.errors)
        kept = said.outcomes.get("NEURON_WS_STORED", 0)
        assert kept >= said.stored, (at, kept, said.stored)
        came = len(arrived(exercise, keeper, disk))
        if came < kept:
            short.append((at, kept, came))
    assert short == []


@pytest.mark.parametrize("fault", ["SYNC", "REVERT"])
def test_a_sync_that_fails_while_it_drains(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert exercise.write(tmp_path / "whole", 1, COUNT, ROUNDS).stored == ROUNDS * COUNT
    calls = count(lambda faults: exercise.drain(copy(tmp_path, "count"), keeper.url, faults=faults), fault, tmp_path)
    wrong = []
    for at in points(calls, request, sample=6):
        disk = Disk(tmp_path / f"{at}")
        shutil.rmtree(disk.here)
        shutil.copytree(tmp_path / "whole", disk.here)
        directory, faults = disk.life(SPOOL_FAULT=fault, SPOOL_FAULT_AT=f"{at}")
        keeper.numbers.clear()
        assert exercise.drain(directory, keeper.url, faults=faults).left == (0, 0), at
        assert keeper.numbers == EVERYTHING, at
        keeper.numbers.clear()
        drained = exercise.drain(disk.here, keeper.url)
        # What was to be deleted may come once more.
        assert keeper.numbers == sorted(set(keeper.numbers)), at
        if (drained.left, drained.lost, drained.faults) != ((0, 0), 0, 0):
            wrong.append((at, drained.left, drained.lost, drained.faults))
    assert wrong == []


def copy(folder: Path, name: str) -> Path:
    return Path(shutil.copytree(folder / "whole", folder / name))
