# SPDX-License-Identifier: Apache-2.0
"""Calls fail, and the process is killed, while a file is made anew, deleted, or changed from outside: the next life has
all that could be read, once, and nothing is left lying about."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

import foreign
import neuron_ws
import pytest
from cache_files import batches, make
from conftest import NOWHERE, Exercise, Keeper, Said, count, points

FILE = "exercise.nwsc"
PAGE = 4096
FAULTS = ["KILL", "POWER", "EIO", "ENOSPC"]
ENDS = ("KILL", "POWER")
# What a cache that nobody uses leaves, and what was damaged.
FILES = {FILE, FILE + "-journal", FILE + ".damaged"}
COUNT = 400


def document(number: int, more: str = "") -> bytes:
    return json.dumps({"number": number, "rest": "0" * (number * 37 % 300 + 1), "more": more}).encode()


def made(folder: Path, numbers: int, bytes_each: int, aside: int = 0) -> Path:
    """A cache as a node leaves it; some are set aside in front of them."""
    folder.mkdir()
    rows = [
        f"INSERT INTO aside VALUES({number}, 1, 1009, '', 1, CAST('{document(number).decode()}' AS BLOB))"
        for number in range(1, aside + 1)]
    payloads = [document(number, "x" * bytes_each) for number in range(aside + 1, aside + numbers + 1)]
    make(folder / FILE, batches(payloads), "exercise", more=rows)
    return folder


def names(directory: Path) -> set[str]:
    return {each.name for each in directory.iterdir()}


def put_back(left: Path, directory: Path) -> Path:
    """What a power loss leaves, in the files that it happened to: they are the same, and not copies."""
    if left != directory:
        for each in directory.iterdir():
            if not (left / each.name).exists():
                each.unlink()
        for each in left.iterdir():
            (directory / each.name).write_bytes(each.read_bytes())
    return directory


class Case:
    """Copies of a directory, each for one fault."""

    def __init__(self, whole: Path) -> None:
        self.whole = whole.resolve()
        self.copies = 0

    def copy(self) -> Path:
        self.copies += 1
        for name in ("copy", "left"):
            shutil.rmtree(self.whole.parent / f"{name}{self.copies - 1}", ignore_errors=True)
        return Path(shutil.copytree(self.whole, self.whole.parent / f"copy{self.copies}"))

    def broken(self, faults: dict[str, str]) -> tuple[Path, Path]:
        """A copy, and where the next life finds what the faults leave of it."""
        directory = left = self.copy()
        if faults["SPOOL_FAULT"] == "POWER":
            left = self.whole.parent / f"left{self.copies}"
            left.mkdir()
            faults |= {"SPOOL_DISK": str(directory), "SPOOL_DISK_LEFT": str(left)}
        return directory, left


def drained(exercise: Exercise, keeper: Keeper, directory: Path) -> tuple[list[int], int]:
    """What comes, in order and once each, and how many count as lost."""
    keeper.numbers.clear()
    said = exercise.drain(directory, keeper.url)
    assert said.returncode == 0 and said.left == (0, 0) and said.texts == [], (said.texts, said.left, said.errors)
    assert keeper.numbers == sorted(set(keeper.numbers))
    return list(keeper.numbers), said.lost


Faults = dict[str, str]


def sample(
    run: Callable[[Faults], object], fault: str, folder: Path, request: pytest.FixtureRequest, **more: str
) -> Iterator[tuple[str, Faults]]:
    """Which calls: a sample of all, and each that makes, deletes, links or renames a file."""
    for at in points(count(run, fault, folder, **more), request, sample=5):
        yield f"{at}", {"SPOOL_FAULT": fault, "SPOOL_FAULT_AT": str(at), **more}
    more |= {"SPOOL_FAULT_NAMES": "1"}
    for at in range(1, 1 + count(run, fault, folder, **more)):
        yield f"name {at}", {"SPOOL_FAULT": fault, "SPOOL_FAULT_AT": str(at), **more}


NEW = {"SPOOL_FAULT_FROM": ".nwsc.new"}


def damage(directory: Path, page: int) -> None:
    with open(directory / FILE, "r+b") as file:
        file.seek(PAGE * page)
        file.write(b"\xAA" * PAGE)


def page_of(file: Path, page: int) -> bytes:
    """Nothing: there is no file."""
    if not file.exists():
        return b""
    return file.read_bytes()[PAGE * page:PAGE * (page + 1)]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", ["first", "third", "middle"])
def test_a_damaged_file_is_rescued_wherever_that_was_broken_off(
    where: str, fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert exercise.write(tmp_path / "whole", 1, 40, 10).stored == COUNT
    pages = (tmp_path / "whole" / FILE).stat().st_size // PAGE
    page = {"first": 0, "third": 2, "middle": pages // 2}[where]
    damage(tmp_path / "whole", page)
    case = Case(tmp_path / "whole")
    readable, lost = drained(exercise, keeper, case.copy())
    assert len(readable) + lost == COUNT and len(readable) >= COUNT - 3 * 40

    def drains(faults: Faults) -> None:
        exercise.drain(case.copy(), keeper.url, faults=faults)

    strays, sound, stuck, gone = [], [], [], []
    for at, faults in sample(drains, fault, tmp_path, request, **NEW):
        directory, left = case.broken(faults)
        keeper.numbers.clear()
        said = exercise.drain(directory, keeper.url, faults=faults)
        came = list(keeper.numbers)
        assert said.returncode == (-9 if fault in ENDS else 0) and came == sorted(set(came)), (at, said.errors)
        # One call that failed is none for ever.
        if fault not in ENDS and said.left != (0, 0):
            stuck.append((at, said.left, said.texts))
        if any("it was set aside" in text for text in said.warnings) and not (left / (FILE + ".damaged")).exists():
            gone.append(at)
        left = put_back(left, directory)
        kept, _ = drained(exercise, keeper, left)
        missing = set(readable) - {*came, *kept}
        assert {*came, *kept} <= set(readable), at
        # A page that could not be read is one that is damaged: it costs its batch, which is counted.
        limit = 40 if fault == "EIO" else 0
        assert len(missing) <= limit and (not missing or said.lost == lost + len(missing)), (at, missing, said.lost)
        if not names(left) <= FILES:
            strays.append((at, names(left) - FILES))
        # It was not taken for sound by the life behind.
        if fault in ENDS and page_of(left / (FILE + ".damaged"), page) != b"\xAA" * PAGE:
            sound.append(at)
    assert (strays, sound, stuck, gone) == ([], [], [], [])


def test_a_rescue_that_is_killed_again_and_again_comes_to_an_end(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """Each life gets as far as half of what it takes: the next goes on from there."""
    case = Case(made(tmp_path / "whole", 2000, 4000))
    # To the rows no tree leads.
    damage(case.whole, 2)
    calls = count(lambda faults: exercise.opens(case.copy(), faults), "KILL", tmp_path, **NEW)
    directory = case.copy()
    for life in range(20):
        said = exercise.opens(
            directory, {"SPOOL_FAULT": "KILL", "SPOOL_FAULT_AT": str(calls // 2), **NEW})
        if said.returncode == 0:
            break
        assert life < 19, calls
    assert page_of(directory / (FILE + ".damaged"), 2) == b"\xAA" * PAGE
    kept, _ = drained(exercise, keeper, directory)
    assert kept == list(range(1, 2001)) and names(directory) <= FILES


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_is_made_anew_when_it_is_empty_wherever_that_was_broken_off(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = Case(made(tmp_path / "whole", 300, 4000))
    assert (case.whole / FILE).stat().st_size > 1 << 20

    def drains(faults: Faults) -> None:
        exercise.drain(case.copy(), keeper.url, faults=faults)

    strays, stuck = [], []
    for at, faults in sample(drains, fault, tmp_path, request, **NEW):
        directory, left = case.broken(faults)
        keeper.numbers.clear()
        said = exercise.drain(directory, keeper.url, faults=faults)
        assert said.returncode == (-9 if fault in ENDS else 0), (at, said.errors)
        if fault not in ENDS and (said.left != (0, 0) or exercise.opens(left).texts != []):
            stuck.append((at, said.left, said.texts))
        assert keeper.numbers == list(range(1, 301)), at
        # They were forgotten before.
        assert drained(exercise, keeper, left) == ([], 0), at
        assert exercise.write(left, 1, 20, 2).stored == 40, at
        assert drained(exercise, keeper, left) == (list(range(1, 41)), 0), at
        if not names(left) <= {FILE, FILE + "-journal"}:
            strays.append((at, names(left)))
        assert (left / FILE).stat().st_size < 1 << 20, at
    assert (strays, stuck) == ([], [])


@pytest.mark.parametrize("fault", FAULTS)
def test_forgotten_is_what_is_said_to_be_wherever_that_was_broken_off(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    assert exercise.write(tmp_path / "whole", 1, 20, 2).stored == 40
    case = Case(tmp_path / "whole")
    (case.whole / (FILE + ".damaged")).write_bytes(b"of long ago")

    def forgets(directory: Path, faults: Optional[dict[str, str]] = None) -> Said:
        return exercise.run("forget", NOWHERE, directory, faults=faults)

    for at, faults in sample(lambda faults: forgets(case.copy(), faults), fault, tmp_path, request):
        directory, left = case.broken(faults)
        said = forgets(directory, faults)
        told = [text for text in [*said.texts, *said.warnings] if FILE in text]
        assert names(left) == set() or said.returncode == -9 or told, (at, names(left))
        kept, lost = drained(exercise, keeper, left)
        assert (kept, lost) in [(list(range(1, 41)), 0), ([], 0)], at
        assert exercise.write(left, 1, 10, 1).stored == 10, at
        assert drained(exercise, keeper, left) == (list(range(1, 11)), 0), at
        assert forgets(left).returncode == 0
        assert names(left) == set(), at


def tool(exercise: Exercise, directory: Path, faults: dict[str, str], *arguments: str) -> int:
    command = [str(foreign.TOOL), "cache", *arguments, "--data-dir", str(directory), "--node", "exercise"]
    done = subprocess.run(command, env={"LD_PRELOAD": str(exercise.faults), **faults}, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode <= 0 or done.stderr, done
    return done.returncode


@pytest.mark.parametrize("fault", FAULTS)
def test_all_or_nothing_is_sent_again_wherever_that_was_broken_off(
    fault: str, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = Case(made(tmp_path / "whole", 40, 100, aside=30))

    def resends(faults: dict[str, str]) -> None:
        assert tool(exercise, case.copy(), faults, "resend") == 0

    for at, faults in sample(resends, fault, tmp_path, request):
        directory, left = case.broken(faults)
        status = tool(exercise, directory, faults, "resend")
        (cache,) = neuron_ws.list_caches(left)
        assert cache.error == "" and (cache.messages, cache.poisoned) in [(70, 0), (40, 30)], (at, cache)
        assert status != 0 or cache.poisoned == 0, (at, status)
        assert tool(exercise, left, {}, "resend") == 0
        assert drained(exercise, keeper, left) == (list(range(1, 71)), 0), at
        assert names(left) <= {FILE, FILE + "-journal"}, (at, names(left))


@pytest.mark.parametrize("poisoned", [True, False], ids=["poisoned", "all"])
@pytest.mark.parametrize("fault", FAULTS)
def test_all_or_nothing_is_dropped_wherever_that_was_broken_off(
    fault: str, poisoned: bool, exercise: Exercise, keeper: Keeper, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    case = Case(made(tmp_path / "whole", 40, 100, aside=30))
    more = ["drop", "--yes", *(["--poisoned"] if poisoned else [])]

    def drops(faults: dict[str, str]) -> None:
        assert tool(exercise, case.copy(), faults, *more) == 0

    for at, faults in sample(drops, fault, tmp_path, request):
        directory, left = case.broken(faults)
        status = tool(exercise, directory, faults, *more)
        caches = neuron_ws.list_caches(left)
        there = [(cache.messages, cache.poisoned) for cache in caches if not cache.error]
        gone = [(40, 0)] if poisoned else []
        assert there in [gone, [(40, 30)]] and len(there) == len(caches), (at, caches)
        assert status != 0 or there == gone, (at, status, there)
        tool(exercise, left, {}, *more)
        kept, lost = drained(exercise, keeper, left)
        assert kept == (list(range(31, 71)) if poisoned else []) and lost == 0, at
        assert names(left) <= {FILE, FILE + "-journal"}, (at, names(left))
