# SPDX-License-Identifier: Apache-2.0
"""Places that are no good for a cache: of another user, without the right to write, without room."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import neuron_ws
import pytest
from conftest import NOWHERE, ROOT, Exercise, Keeper

sys.path.insert(0, str(ROOT / "Tests/Interop"))

import bad_servers as bad  # noqa: E402

FILE = "exercise.nwsc"
# Nobody, on every system.
USER = 65534
ENVIRONMENT = {"EXERCISE_USER": str(USER)}

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes another user, and mounts")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that each user can reach, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="neuron-ws-place-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def drains(exercise: Exercise, keeper: Keeper, directory: Path, **variables: str) -> list[int]:
    keeper.numbers.clear()
    said = exercise.drain(directory, keeper.url, **variables)
    assert said.returncode == 0 and said.left == (0, 0) and said.texts == [], (said.texts, said.errors)
    return list(keeper.numbers)


def owned(directory: Path, *more: Path) -> Path:
    directory.mkdir(exist_ok=True)
    for each in (directory, *more):
        os.chown(each, USER, USER)
    return directory


@root_only
def test_a_directory_without_the_right_to_write_is_said_and_the_node_runs(
    exercise: Exercise, keeper: Keeper, place: Path
) -> None:
    (place / "data").mkdir(mode=0o755)
    said = exercise.write(place / "data", 1, 10, 1, url=keeper.url, **ENVIRONMENT)
    assert said.returncode == 0, said.errors
    assert any(str(place / "data" / FILE) in text and "ermission denied" in text for text in said.texts), said.texts
    assert list((place / "data").iterdir()) == []
    # It went by memory alone.
    assert sum(said.outcomes.values()) == 10
    (place / "closed").mkdir(mode=0o700)
    said = exercise.write(place / "closed", 1, 10, 1, **ENVIRONMENT)
    assert said.returncode == 0 and any("ermission denied" in text for text in said.texts), said.texts


@root_only
@pytest.mark.parametrize("mode", [0o600, 0o644], ids=["unreadable", "readable"])
def test_a_file_of_root_is_said_and_left_as_it_is(
    mode: int, exercise: Exercise, keeper: Keeper, place: Path
) -> None:
    directory = owned(place / "data")
    assert exercise.write(directory, 1, 10, 1).stored == 10
    for each in directory.iterdir():
        os.chown(each, 0, 0)
        each.chmod(mode)
    before = {each.name: each.read_bytes() for each in directory.iterdir()}
    said = exercise.write(directory, 11, 5, 1, **ENVIRONMENT)
    assert said.returncode == 0, said.errors
    assert any("cannot be written to" in text and str(directory / FILE) in text for text in said.texts), said.texts
    assert said.stored == 0 and said.outcomes == {"NEURON_WS_DROPPED_STOPPED": 5}
    assert {each.name: each.read_bytes() for each in directory.iterdir()} == before
    assert drains(exercise, keeper, directory) == list(range(1, 11))


@root_only
def test_a_cache_that_root_has_used_once_still_is_its_owners(
    exercise: Exercise, keeper: Keeper, place: Path
) -> None:
    """A tool or a gateway that was started as root, once: what it makes anew belongs to whom the old belonged."""
    directory = owned(place / "data")
    # Larger than a file that is kept when it is empty.
    assert exercise.write(directory, 1, 10_000, 1, **ENVIRONMENT).stored == 10_000
    assert (directory / FILE).stat().st_size > 1 << 20
    assert drains(exercise, keeper, directory) == list(range(1, 10_001))
    assert (directory / FILE).stat().st_size < 1 << 20
    for each in directory.iterdir():
        assert (each.stat().st_uid, each.stat().st_gid) == (USER, USER), each
    assert exercise.write(directory, 1, 10, 1, **ENVIRONMENT).stored == 10
    # The same where it is damaged.
    with open(directory / FILE, "r+b") as file:
        file.write(bytes(4096))
    exercise.drain(directory, keeper.url)
    assert (directory / (FILE + ".damaged")).exists()
    for each in directory.iterdir():
        assert (each.stat().st_uid, each.stat().st_gid) == (USER, USER), each
    assert exercise.write(directory, 1, 10, 1, **ENVIRONMENT).stored == 10


@root_only
def test_root_s_first_file_in_a_users_directory_is_that_users(
    exercise: Exercise, keeper: Keeper, place: Path
) -> None:
    directory = owned(place / "data")
    assert exercise.write(directory, 1, 10, 1).stored == 10
    assert exercise.write(directory, 11, 10, 1, **ENVIRONMENT).stored == 20
    assert drains(exercise, keeper, directory, **ENVIRONMENT) == list(range(1, 21))


def test_nobody_else_may_read_what_is_kept(exercise: Exercise, tmp_path: Path) -> None:
    exercise.write(tmp_path / "data", 1, 10, 1)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """One of 2 MiB."""
    (place / "disk").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place / "disk")], check=True)
    yield place / "disk"
    subprocess.run(["umount", str(place / "disk")], check=True)


def fill(place: Path) -> None:
    """Not a byte is left for anything else."""
    with open(place / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
        while rest.write(bytes(4096)):
            pass


@root_only
def test_many_batches_that_are_confirmed_at_once_leave_a_full_disk(
    exercise: Exercise, keeper: Keeper, small_disk: Path
) -> None:
    """The journal has room for few pages at a time."""
    assert exercise.write(small_disk / "data", 1, 10, 500).stored == 5000
    fill(small_disk)

    def late(peer: bad.Peer) -> None:
        """All of it has come when the first of it is confirmed."""
        peer.open()
        peer.send(bad.frame(bad.PONG, peer.read_frame().payload))
        messages, asked = 0, b""
        while True:
            got = peer.read_frame()
            messages += got.opcode == bad.TEXT
            if got.opcode == bad.CLOSE:
                return peer.send(bad.frame(bad.CLOSE, got.payload))
            if got.opcode == bad.PING:
                asked = got.payload
            if asked and messages >= 5000:
                peer.send(bad.frame(bad.PONG, asked))
                asked = b""

    with bad.BadServer(late) as server:
        said = exercise.drain(
            small_disk / "data", f"ws://127.0.0.1:{server.port}", ',"ping-interval":60,"ping-timeout":60')
    assert said.left == (0, 0) and said.lost == 0, (said.left, said.texts)
    assert exercise.write(small_disk / "data", 1, 10, 1).stored == 10


@root_only
def test_a_full_disk_is_said_and_what_was_stored_leaves_it(
    exercise: Exercise, keeper: Keeper, small_disk: Path
) -> None:
    said = exercise.write(small_disk / "data", 1, 4000, 8)
    assert said.returncode == 0, said.errors
    assert any("is full" in text and "make room" in text for text in said.texts), said.texts
    assert 0 < said.stored < 32_000 and sum(said.outcomes.values()) == 32_000
    kept = said.outcomes["NEURON_WS_STORED"]
    assert said.outcomes == {"NEURON_WS_STORED": kept, "NEURON_WS_DROPPED_STOPPED": 32_000 - kept}
    fill(small_disk)
    assert drains(exercise, keeper, small_disk / "data") == list(range(1, kept + 1))


@root_only
def test_who_waits_for_a_full_disk_hears_of_it_at_once(small_disk: Path) -> None:
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(small_disk / "data")}
    with neuron_ws.Node("waits", settings) as node:
        node.send("first")
        node.flush(neuron_ws.Level.STORED, 60)
        with contextlib.suppress(OSError):
            (small_disk / "rest").write_bytes(bytes(4 << 20))
        # Past what the file has room for.
        for _ in range(50):
            node.send("x" * 10_000)
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(neuron_ws.SystemFailure, match="cannot be stored.*is full"):
                node.flush(neuron_ws.Level.STORED, 600)
            assert time.monotonic() - began < 300
        (small_disk / "rest").unlink()
        # It is tried at once, however long the next try was put off.
        node.flush(neuron_ws.Level.STORED, 60)


def test_who_waits_for_a_cache_that_takes_no_more_hears_of_it_at_once(tmp_path: Path) -> None:
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-disk-size": 1,
                "cache-mem-size": 8, "cache-policy": "drop-newest"}
    with neuron_ws.Node("waits", settings) as node:
        for _ in range(3000):
            node.send("x" * 1000)
        with pytest.raises(neuron_ws.SystemFailure, match="cannot be stored.*cache-disk-size"):
            node.flush(neuron_ws.Level.STORED, 600)


@root_only
def test_a_disk_that_is_full_from_the_start_is_said(exercise: Exercise, keeper: Keeper, small_disk: Path) -> None:
    (small_disk / "data").mkdir()
    with contextlib.suppress(OSError):
        (small_disk / "rest").write_bytes(bytes(4 << 20))
    said = exercise.write(small_disk / "data", 1, 10, 1, url=keeper.url)
    assert said.returncode == 0 and any("is full" in text for text in said.texts), (said.texts, said.errors)
    assert sum(said.outcomes.values()) == 10 and "NEURON_WS_STORED" not in said.outcomes
    (small_disk / "rest").unlink()
    assert exercise.write(small_disk / "data", 11, 10, 1).stored == 20


@root_only
@pytest.mark.parametrize("page", [0, 2])
def test_a_damaged_file_on_a_full_disk_waits_until_there_is_room(
    page: int, exercise: Exercise, keeper: Keeper, small_disk: Path
) -> None:
    directory = small_disk / "data"
    assert exercise.write(directory, 1, 40, 60).stored == 2400
    with open(directory / FILE, "r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xAA" * 4096)
    damaged = (directory / FILE).read_bytes()
    fill(small_disk)
    for _ in range(2):
        said = exercise.write(directory, 2401, 10, 1)
        assert said.returncode == 0 and any("is full" in text for text in said.texts), (said.texts, said.errors)
        # It is what it was, and nothing takes its room.
        assert (directory / FILE).read_bytes() == damaged
        assert {each.name for each in directory.iterdir()} <= {FILE, FILE + "-journal"}
    (small_disk / "rest").unlink()
    keeper.numbers.clear()
    said = exercise.drain(directory, keeper.url)
    assert said.left == (0, 0) and said.texts == [], (said.texts, said.errors)
    assert keeper.numbers == sorted(set(keeper.numbers)) and len(keeper.numbers) + said.lost == 2400
    assert len(keeper.numbers) >= 2400 - 3 * 40
    assert (directory / (FILE + ".damaged")).stat().st_size == len(damaged)
