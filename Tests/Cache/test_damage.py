# SPDX-License-Identifier: Apache-2.0
"""Files that are torn, zeroed, overwritten, foreign, newer, held, or nowhere: the node starts, and says so."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import foreign
import neuron_ws
import pytest
from conftest import NOWHERE, Exercise, Keeper

FILE = "exercise.nwsc"
PAGE = 4096


@pytest.fixture
def stored(exercise: Exercise, tmp_path: Path) -> Path:
    """A cache of 400 messages in 10 batches."""
    said = exercise.write(tmp_path / "whole", 1, 40, 10)
    assert said.stored == 400 and said.outcomes == {"NEURON_WS_STORED": 400}
    return tmp_path / "whole"


def copy(stored: Path, name: str) -> Path:
    target = stored.parent / name
    shutil.copytree(stored, target)
    return target


def drains(exercise: Exercise, keeper: Keeper, directory: Path) -> int:
    """What is left of a cache arrives, in order. How many."""
    keeper.numbers.clear()
    said = exercise.drain(directory, keeper.url)
    assert said.returncode == 0 and said.left == (0, 0), (said.errors, said.texts, said.left)
    assert keeper.numbers == sorted(set(keeper.numbers))
    return len(keeper.numbers)


@pytest.mark.parametrize("kind", ["zeroes", "noise"])
def test_each_page_overwritten(
    kind: str, exercise: Exercise, keeper: Keeper, stored: Path, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(7)
    size = (stored / FILE).stat().st_size
    pages = list(range(size // PAGE))
    if not request.config.getoption("--whole"):
        pages = pages[:6] + pages[-12:]
    kept = []
    for page in pages:
        directory = copy(stored, f"page{page}")
        with open(directory / FILE, "r+b") as file:
            file.seek(page * PAGE)
            file.write(bytes(PAGE) if kind == "zeroes" else chance.randbytes(PAGE))
        keeper.numbers.clear()
        said = exercise.drain(directory, keeper.url)
        assert said.left == (0, 0) and keeper.numbers == sorted(set(keeper.numbers))
        # What cannot be read is counted.
        assert len(keeper.numbers) + said.lost == 400, page
        kept.append(len(keeper.numbers))
        shutil.rmtree(directory)
    # One page costs at most the batches of which something lies in it: here those of the one leaf.
    assert sum(1 for count in kept if count >= 300) >= len(pages) - 1, kept


def test_the_file_cut_within_its_last_batch(
    exercise: Exercise, keeper: Keeper, stored: Path, request: pytest.FixtureRequest
) -> None:
    size = (stored / FILE).stat().st_size
    step = 1 if request.config.getoption("--whole") else 1499
    for cut in range(1, 4 * PAGE, step):
        directory = copy(stored, f"cut{cut}")
        os.truncate(directory / FILE, size - cut)
        keeper.numbers.clear()
        said = exercise.drain(directory, keeper.url)
        assert said.returncode == 0 and said.left == (0, 0), (cut, said.errors, said.texts, said.left)
        assert keeper.numbers == sorted(set(keeper.numbers)), cut
        assert len(keeper.numbers) + said.lost == 400, (cut, len(keeper.numbers), said.lost)
        # Each page costs the batches of which something lies in it.
        assert len(keeper.numbers) >= 400 - 40 * (1 + cut // PAGE), (cut, len(keeper.numbers))
        shutil.rmtree(directory)


@pytest.mark.parametrize("pages", [1, 2, 5, 20])
def test_the_file_without_its_last_pages(pages: int, exercise: Exercise, keeper: Keeper, tmp_path: Path) -> None:
    """A file system that was repaired may leave that. What lies in front of it arrives, the rest is counted."""
    said = exercise.write(tmp_path, 1, 40, 100)
    assert said.stored == 4000
    size = (tmp_path / FILE).stat().st_size
    os.truncate(tmp_path / FILE, size - pages * PAGE)
    said = exercise.drain(tmp_path, keeper.url)
    assert said.left == (0, 0), said.errors
    assert keeper.numbers == sorted(set(keeper.numbers)) and len(keeper.numbers) > 3000
    assert said.lost == 4000 - len(keeper.numbers)


def test_a_file_of_zeroes_is_set_aside(exercise: Exercise, keeper: Keeper, stored: Path) -> None:
    (stored / FILE).write_bytes(bytes(64 * PAGE))
    assert drains(exercise, keeper, stored) == 0
    assert (stored / (FILE + ".damaged")).stat().st_size == 64 * PAGE
    # And it is used like any other.
    assert exercise.write(stored, 1, 10, 2).stored == 20
    assert drains(exercise, keeper, stored) == 20


def test_an_empty_file_is_a_new_cache(exercise: Exercise, keeper: Keeper, stored: Path) -> None:
    (stored / FILE).write_bytes(b"")
    assert drains(exercise, keeper, stored) == 0


def test_noise_within_one_message_costs_that_message(exercise: Exercise, keeper: Keeper, stored: Path) -> None:
    content = bytearray((stored / FILE).read_bytes())
    # All its copies: deleted pages may hold one.
    at, found = 0, 0
    while (at := content.find(b'{"number":123,', at)) >= 0:
        content[at + 5] ^= 0x20
        found += 1
        at += 1
    assert found
    (stored / FILE).write_bytes(content)
    keeper.numbers.clear()
    said = exercise.drain(stored, keeper.url)
    assert said.left == (0, 0)
    assert len(keeper.numbers) == 399 and 123 not in keeper.numbers


@contextmanager
def node(directory: Path, name: str = "exercise", **more: object) -> Iterator[neuron_ws.Node]:
    made = neuron_ws.Node(name, {"url": NOWHERE, "offline-cache": True, "data-dir": str(directory), **more})
    try:
        yield made
    finally:
        made.close()


def test_a_newer_file_is_left_as_it_is(stored: Path) -> None:
    with sqlite3.connect(stored / FILE) as database:
        database.execute("PRAGMA user_version=99")
    before = (stored / FILE).read_bytes()
    with node(stored) as it:
        assert "newer neuron_ws (version 99" in it.state.cache_error and "No disk: " in it.state.message
        it.start()
        with pytest.raises(neuron_ws.NeuronWSError, match="newer neuron_ws"):
            it.flush(neuron_ws.Level.STORED, 1)
    assert (stored / FILE).read_bytes() == before


LAYOUTS = sorted((foreign.ROOT / "Tests" / "Data").glob("cache-v*.sql"))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda it: it.stem)
def test_a_file_of_each_layout_that_there_was_is_used(
    layout: Path, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """Each as it was written once: what comes later reads it. A new layout brings a file of its own."""
    with sqlite3.connect(tmp_path / FILE) as database:
        database.executescript(layout.read_text())
    assert [one.poisoned for one in neuron_ws.list_caches(tmp_path)] == [1]
    # Those that lie there count as stored at the end, too.
    assert exercise.write(tmp_path, 13, 2, 4).stored == 20
    assert drains(exercise, keeper, tmp_path) == 20 and keeper.numbers == list(range(1, 21))
    assert [(one.messages, one.poisoned) for one in neuron_ws.list_caches(tmp_path)] == [(0, 1)]


def test_the_file_of_another_node_and_of_another_program_are_left_as_they_are(stored: Path) -> None:
    shutil.copy(stored / FILE, stored / "other.nwsc")
    with node(stored, "other") as it:
        assert 'belongs to another node, "exercise"' in it.state.cache_error
    with sqlite3.connect(stored / "third.nwsc") as database:
        database.execute("CREATE TABLE accounts(name)")
    with node(stored, "third") as it:
        assert "is no cache of neuron_ws" in it.state.cache_error


def test_a_second_node_and_a_second_process_are_refused_by_the_holders_name(exercise: Exercise, stored: Path) -> None:
    with node(stored):
        with pytest.raises(neuron_ws.NeuronWSError, match='held by another node of this process'):
            neuron_ws.Node("exercise", {"url": NOWHERE, "offline-cache": True, "data-dir": str(stored)})
        said = exercise.write(stored, 1, 1, 1)
        assert said.returncode == 1 and f"is held by process {os.getpid()} (" in said.texts[0], said.texts
    assert exercise.write(stored, 401, 1, 1).stored == 401


def test_a_missing_directory_is_made_and_a_missing_path_is_said(tmp_path: Path) -> None:
    with node(tmp_path / "new") as it:
        assert it.state.cache_error == "" and (tmp_path / "new" / FILE).is_file()
    with node(tmp_path / "no" / "such") as it:
        assert str(tmp_path / "no" / "such") in it.state.cache_error and "data-dir" in it.state.cache_error
        it.start()
        assert it.send("it runs without") == 1


def test_a_directory_may_be_a_link_and_must_be_a_directory(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with node(tmp_path / "link") as it:
        assert it.state.cache_error == "" and (tmp_path / "real" / FILE).is_file()
    (tmp_path / "file").write_text("")
    for there in ("file", "file/below"):
        with node(tmp_path / there) as it:
            assert str(tmp_path / "file") in it.state.cache_error, it.state.cache_error
            assert "Not a directory" in it.state.cache_error, it.state.cache_error


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_read_only_disk_is_said(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "none", str(tmp_path)], check=True)
    try:
        with node(tmp_path / "data") as it:
            assert "Read-only file system" in it.state.cache_error
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_message_larger_than_the_cache_is_refused(tmp_path: Path) -> None:
    with node(tmp_path, **{"cache-disk-size": 1}) as it:
        with pytest.raises(neuron_ws.NeuronWSError, match="cache-disk-size"):
            it.send("x" * (1 << 20))


def test_settings_that_make_no_cache_are_refused() -> None:
    with pytest.raises(neuron_ws.SettingsError, match='"data-dir" is missing'):
        neuron_ws.Node("n", {"url": NOWHERE, "offline-cache": True})
    it = neuron_ws.Node("n", {"url": NOWHERE, "offline-cache": True, "cache-disk-size": 0})
    it.start()
    with pytest.raises(neuron_ws.Unsupported, match="offline-cache"):
        it.flush(neuron_ws.Level.STORED, 1)
    it.close()


def test_a_long_name_and_names_with_anything_in_them_have_files_of_their_own(tmp_path: Path) -> None:
    names = ["a/b", "a b", "..", "ä" * 64, "ä" * 63 + "ö", "A", "a"]
    for name in names:
        with node(tmp_path, name) as it:
            assert it.state.cache_error == "", name
    assert len(list(tmp_path.glob("*.nwsc"))) == len(names)
