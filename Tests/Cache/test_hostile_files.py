# SPDX-License-Identifier: Apache-2.0
"""Files that somebody else made or laid there: what stands in them is data, and nobody's lock is lost by them."""

from __future__ import annotations

import contextlib
import os
import resource
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import neuron_ws
import pytest
from cache_files import FIRST_KEY, batches, make, message
from conftest import NOWHERE
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

EVIL = "gone\n[NOTICE] FORGED \x1b[2J\u202e"


def settings(directory: Path, url: str = NOWHERE, **more: object) -> dict[str, object]:
    return {"url": url, "offline-cache": True, "data-dir": str(directory), "sync-interval": 0, **more}


def locks() -> int:
    with open("/proc/locks") as file:
        return sum(str(os.getpid()) in line.split() for line in file)


@pytest.mark.parametrize("kind", ["link", "symlink"])
def test_a_file_by_another_name_is_held_and_stays_locked(kind: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with neuron_ws.Node("x", settings(tmp_path / "one")):
        held = locks()
        assert held >= 1
        getattr(os, kind)(tmp_path / "one/x.nwsc", tmp_path / "two/x.nwsc")
        if kind == "link":
            with pytest.raises(neuron_ws.NeuronWSError, match="is held by another node of this process"):
                neuron_ws.Node("x", settings(tmp_path / "two"))
        else:
            node = neuron_ws.Node("x", settings(tmp_path / "two"))
            assert "is a link, a directory or a device" in (node.state.message + str(node.state.cache_error))
            node.close()
        assert locks() == held
        code = "import neuron_ws, sys; neuron_ws.Node('x', {'url': 'ws://127.0.0.1:1', 'offline-cache': True, " \
               "'data-dir': sys.argv[1]})"
        other = subprocess.run([sys.executable, "-c", code, str(tmp_path / "one")], capture_output=True, text=True)
        assert f"is held by process {os.getpid()}" in other.stderr


def test_what_lies_there_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.nwsc")
    with neuron_ws.Node("x", settings(tmp_path)) as node:
        node.forget()
    os.mkfifo(tmp_path / "y.nwsc")
    node = neuron_ws.Node("y", settings(tmp_path))
    node.forget()
    node.close()


@pytest.mark.parametrize("name", ["x.nwsc-journal", "x.nwsc-wal", "x.nwsc-shm"])
@pytest.mark.parametrize("kind", ["pipe", "directory", "link to a pipe"])
def test_what_lies_beside_it_is_none(kind: str, name: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to would be waited for without end, and nothing would be told of it."""
    with neuron_ws.Node("x", settings(tmp_path)) as node:
        node.send("kept")
        node.finish(0.5)
    beside = tmp_path / name
    beside.unlink(missing_ok=True)
    if kind == "directory":
        beside.mkdir()
    elif kind == "pipe":
        os.mkfifo(beside)
    else:
        os.mkfifo(tmp_path / "pipe")
        beside.symlink_to(tmp_path / "pipe")
    code = "import neuron_ws, sys; node = neuron_ws.Node('x', {'url': 'ws://127.0.0.1:1', 'offline-cache': True, " \
           "'data-dir': sys.argv[1]}); print(node.state.message, node.state.cache_error); node.close()"
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=30)
    assert f"{name} is a link, a directory, a pipe or a device in the place of a file: remove it" in done.stdout
    beside.rmdir() if kind == "directory" else beside.unlink()
    with neuron_ws.Node("x", settings(tmp_path)) as node:
        assert node.metrics.queued_messages == 1


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with neuron_ws.Node("x", settings(tmp_path)) as node:
            node.send("x")
            node.flush(neuron_ws.Level.STORED, timeout=20)
            files = sorted(tmp_path.iterdir())
            assert files and all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    finally:
        os.umask(before)


@pytest.mark.parametrize("content", ["nothing", "a cache"])
def test_what_lies_there_is_its_owners_alone_from_then_on(content: str, tmp_path: Path) -> None:
    """An empty file that somebody else's program made, or one out of a backup."""
    if content == "a cache":
        with neuron_ws.Node("x", settings(tmp_path)) as node:
            node.send("x")
            node.flush(neuron_ws.Level.STORED, timeout=20)
    else:
        (tmp_path / "x.nwsc").touch()
    for file in tmp_path.iterdir():
        file.chmod(0o644)
    with neuron_ws.Node("x", settings(tmp_path)) as node:
        node.send("x")
        node.flush(neuron_ws.Level.STORED, timeout=20)
        files = sorted(tmp_path.iterdir())
        assert len(files) == 2
        assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 2


@pytest.mark.parametrize("more", [
    [f"CREATE TRIGGER t BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT,'{EVIL}'); END"],
    ["ALTER TABLE meta RENAME TO m2", f'CREATE VIEW meta AS SELECT id, node, "{EVIL}"(1) AS first FROM m2'],
    ["ALTER TABLE batches RENAME TO b2", f'CREATE TABLE batches("{EVIL}{"A" * 100_000}")'],
    ["UPDATE meta SET node='" + EVIL + "A" * 1_000_000 + "'"],
])
def test_a_schema_of_somebody_else_runs_nothing_and_forges_no_line(more: list[str], tmp_path: Path) -> None:
    make(tmp_path / "x.nwsc", batches([b"{}"]), more=more)
    lines: list[str] = []
    with neuron_ws.Node("x", settings(tmp_path), on_log=lambda event: lines.append(event.text)) as node:
        node.send("x")
        time.sleep(0.3)
        texts = [*lines, node.state.message, str(node.state.cache_error or "")]
    for text in texts:
        assert "\n" not in text and "\x1b" not in text and "\u202e" not in text and len(text) < 2000, text[:300]


class Counting:
    def __init__(self) -> None:
        self.count = 0
        self.server = serve(self._read, "127.0.0.1", 0, compression=None, max_size=None)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self, connection: ServerConnection) -> None:
        try:
            for _ in connection:
                self.count += 1
        except ConnectionClosed:
            pass


def drained(directory: Path, **more: object) -> tuple[int, int]:
    """How many messages came, and how many count as lost."""
    server = Counting()
    with neuron_ws.Node("x", settings(directory, server.url, **more)) as node:
        node.flush(timeout=60)
        lost = node.metrics.messages_lost
    server.server.shutdown()
    return server.count, lost


@pytest.mark.parametrize("row", [
    (-1, -(1 << 63), 0, 1, message(b"{}")), (-(1 << 63), -1, 0, 1, message(b"{}")),
    ((1 << 63) - 2, 1 << 40, 0, 1, message(b"{}")), (FIRST_KEY + 5, 1 << 30, 0, 1, message(b"{}")),
    (FIRST_KEY + 5, 0, 0, 1, b""),
])
def test_a_row_that_makes_no_sense_costs_itself(row: tuple[int, int, int, int, bytes], tmp_path: Path) -> None:
    make(tmp_path / "x.nwsc", [*batches([b"{}"] * 3), row])
    count, _ = drained(tmp_path)
    assert count >= 3
    assert (tmp_path / "x.nwsc.damaged").exists()


def test_very_many_small_batches_take_little_memory(tmp_path: Path) -> None:
    make(tmp_path / "x.nwsc", batches([b'{"value":1}'] * 50_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    count, lost = drained(tmp_path)
    assert (count, lost) == (50_000, 0)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


def test_very_many_batches_that_are_too_old_are_one_outcome(tmp_path: Path) -> None:
    make(tmp_path / "x.nwsc", batches([b"{}"] * 50_000), clock=10 ** 9)
    runs: list[neuron_ws.DeliveryEvent] = []
    with neuron_ws.Node("x", settings(tmp_path, **{"cache-ttl": 1}), on_delivery=runs.append) as node:
        end = time.monotonic() + 60
        while node.metrics.queued_messages and time.monotonic() < end:
            node.poll(0.02)
        assert node.metrics.messages_dropped == 50_000
    assert sum(event.count for event in runs) == 50_000 and len(runs) < 10


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_that_is_cut_while_it_is_in_use_costs_nothing_that_is_in_memory(share: float, tmp_path: Path) -> None:
    """It is told, set aside and made anew, and what was told as stored lies there once more."""
    told: list[str] = []
    with neuron_ws.Node("n", settings(tmp_path), on_log=lambda event: told.append(event.text)) as node:
        node.start()
        for number in range(100):
            node.send(f"{number:03} " + "x" * 3000)
        node.flush(neuron_ws.Level.STORED, 20)
        file = tmp_path / "n.nwsc"
        os.truncate(file, int(file.stat().st_size * share))
        node.send("100")
        node.flush(neuron_ws.Level.STORED, 20)
        assert (node.metrics.messages_lost, node.metrics.queued_messages) == (0, 101)
        node.poll(0.02)
    assert any("is damaged: it was set aside as" in text for text in told), told
    assert (tmp_path / "n.nwsc.damaged").stat().st_size < 400_000
    contents: list[int] = []
    neuron_ws.read_cache(tmp_path, "n", lambda message: contents.append(int(message.content[:3])))
    assert contents == list(range(101))


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_what_a_cut_took_that_was_on_disk_alone_is_told_as_lost(share: float, tmp_path: Path) -> None:
    """By the life that sees it, and not as stored at its end."""
    with neuron_ws.Node("n", settings(tmp_path, **{"cache-mem-size": 1})) as node:
        node.start()
        for number in range(600):
            while True:
                try:
                    node.send(f"{number:03} " + "x" * 3000)
                    break
                except neuron_ws.QueueFull:
                    time.sleep(0.002)
        node.flush(neuron_ws.Level.STORED, 20)
        file = tmp_path / "n.nwsc"
        os.truncate(file, int(file.stat().st_size * share))
        node.send("600")
        node.flush(neuron_ws.Level.STORED, 20)
        node.poll(0.02)
        lost = node.metrics.messages_lost
        assert node.metrics.queued_messages == 601 - lost
    contents: list[int] = []
    # It says at its end how many are damaged within their row, which the node sees when it loads that.
    with contextlib.suppress(neuron_ws.NeuronWSError):
        neuron_ws.read_cache(tmp_path, "n", lambda message: contents.append(int(message.content[:3])))
    assert contents == sorted(set(contents)) and contents[-1] == 600
    assert 601 - 60 <= len(contents) + lost <= 601, (len(contents), lost)
