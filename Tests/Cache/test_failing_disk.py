# SPDX-License-Identifier: Apache-2.0
"""A disk that fails for a while is told of, and that it works again; one that hangs keeps nobody waiting but who waits
for it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import neuron_ws
import pytest
from conftest import NOWHERE, Exercise, Keeper
from neuron_ws import Level, LogLevel, Node

TEXTS = {"ENOSPC": "is full", "EROFS": "cannot be written to", "EIO": "I/O error"}


def settings(directory: str, url: str = NOWHERE, **more: object) -> dict[str, object]:
    return {"url": url, "offline-cache": True, "data-dir": directory, "sync-interval": 0, "delivery": "peer-parsed",
            "reconnect-min": 0.01, "reconnect-max": 0.05, **more}


def document(number: int) -> str:
    return '{"number":%d,"rest":"%s"}' % (number, "0" * (number * 37 % 300 + 1))


def wait(what: Callable[[], object], node: Node) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, node.state.message
        node.poll(0.02)


class Lines:
    """What a log says of the disk."""

    def __init__(self) -> None:
        self.lines: list[tuple[LogLevel, str]] = []

    def take(self, event: neuron_ws.LogEvent) -> None:
        if "cache" in event.text:
            self.lines.append((event.level, event.text))

    def count(self, level: LogLevel, text: str) -> int:
        return sum(level == each[0] and text in each[1] for each in self.lines)


def fails_and_works_again(directory: str, fails: Callable[[], object], works: Callable[[], object], text: str) -> None:
    """Twice, so that the second failure is told too."""
    log = Lines()
    with Node("x", settings(directory), on_log=log.take) as node:
        node.start()
        node.send("first")
        node.flush(Level.STORED, 60)
        for turn in (1, 2):
            errors = node.metrics.cache_errors
            fails()
            for _ in range(3):
                node.send("x" * 200_000)
                with pytest.raises(neuron_ws.NeuronWSError, match=text):
                    node.flush(Level.STORED, 60)
            assert text in node.state.cache_error and text in node.state.message, node.state
            assert node.metrics.cache_errors > errors
            wait(lambda: log.count(LogLevel.ERROR, text) >= turn, node)
            # Once, however often it is tried.
            assert log.count(LogLevel.ERROR, text) == turn, log.lines
            works()
            node.flush(Level.STORED, 60)
            wait(lambda: log.count(LogLevel.NOTICE, "works again") >= turn, node)
            assert log.count(LogLevel.NOTICE, "works again") == turn, log.lines
            assert node.state.cache_error == "" and text not in node.state.message, node.state
        assert node.metrics.queued_messages == 7
    (cache,) = neuron_ws.list_caches(directory)
    assert (cache.error, cache.messages) == ("", 7)


@pytest.mark.parametrize("fault", TEXTS)
def test_a_disk_that_fails_is_told_of_and_that_it_works_again(
    fault: str, exercise: Exercise, tmp_path: Path
) -> None:
    now = tmp_path / "now"
    exercise.inside(
        fails_by_fault, tmp_path / "data", now, TEXTS[fault],
        faults={"SPOOL_FAULT": fault, "SPOOL_FAULT_WHILE": str(now)})


def fails_by_fault(directory: str, now: str, text: str) -> None:
    fails_and_works_again(directory, Path(now).touch, Path(now).unlink, text)


root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounts")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """One of 2 MiB."""
    folder = Path(tempfile.mkdtemp(prefix="neuron-ws-disk-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    shutil.rmtree(folder)


@root_only
def test_a_disk_that_is_full_is_told_of_and_that_it_has_room_again(small_disk: Path) -> None:
    def fill() -> None:
        with open(small_disk / "rest", "wb", buffering=0) as rest, contextlib.suppress(OSError):
            while rest.write(bytes(4096)):
                pass

    fails_and_works_again(str(small_disk / "data"), fill, (small_disk / "rest").unlink, "is full")


@root_only
def test_a_disk_that_is_read_only_until_later_is_told_of(small_disk: Path) -> None:
    def mount(options: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{options}", str(small_disk)], check=True)

    log = Lines()
    (small_disk / "data").mkdir()
    mount("ro")
    with Node("x", settings(str(small_disk / "data")), on_log=log.take) as node:
        node.start()
        node.send("first")
        with pytest.raises(neuron_ws.NeuronWSError, match="Read-only file system"):
            node.flush(Level.STORED, 60)
        assert "Read-only file system" in node.state.cache_error and "No disk" in node.state.message
        wait(lambda: log.count(LogLevel.ERROR, "Read-only file system"), node)
        mount("rw")
        node.flush(Level.STORED, 60)
        assert node.state.cache_error == "" and "No disk" not in node.state.message
        wait(lambda: log.count(LogLevel.NOTICE, "cache"), node)
        assert log.count(LogLevel.ERROR, "Read-only file system") == 1, log.lines
    (cache,) = neuron_ws.list_caches(small_disk / "data")
    assert (cache.error, cache.messages) == ("", 1)


def test_a_disk_that_hangs_keeps_nobody_waiting_but_who_waits_for_it(
    exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    hangs = tmp_path / "hangs"
    exercise.inside(
        hanging, tmp_path, keeper.url, hangs, faults={"SPOOL_FAULT": "STALL", "SPOOL_FAULT_WHILE": str(hangs)})
    (cache,) = neuron_ws.list_caches(tmp_path / "far")
    assert (cache.error, cache.messages) == ("", 101)
    assert sorted(keeper.numbers) == sorted([*range(1, 202), *range(1001, 1004)])


def hanging(folder: str, url: str, hangs: str) -> None:
    """`near` has a connection and a disk, `far` a disk alone, `other` a connection alone."""
    near = Node("near", settings(f"{folder}/near", url))
    far = Node("far", settings(f"{folder}/far"))
    other = Node("other", {"url": url, "delivery": "peer-parsed"})

    def flows(number: int) -> None:
        other.send(document(number))
        other.flush(Level.PEER_PARSED, 60)

    for node in (near, far, other):
        node.start()
    for node in (near, far):
        node.send(document(1))
        node.flush(Level.STORED, 60)
    near.flush(Level.PEER_PARSED, 60)
    Path(hangs).touch()
    slowest = 0.0
    for number in range(2, 202):
        for node in (near, far) if number <= 101 else (near,):
            before = time.monotonic()
            node.send(document(number))
            slowest = max(slowest, time.monotonic() - before)
    flows(1001)
    near.flush(Level.PEER_PARSED, 60)
    with pytest.raises(neuron_ws.Timeout):
        far.flush(Level.STORED, 1)
    assert slowest < 2
    # What is to be stored before the end takes as long as the disk does, and the others go on.
    stopper = threading.Thread(target=far.stop, args=(0.1,))
    stopper.start()
    flows(1002)
    time.sleep(1)
    flows(1003)
    assert Path(hangs).exists()
    Path(hangs).unlink()
    stopper.join(60)
    assert not stopper.is_alive()
    for node in (near, far, other):
        node.close()
