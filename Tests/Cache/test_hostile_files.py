# SPDX-License-Identifier: Apache-2.0
"""Files that somebody else made or laid there: what stands in them is data, and nobody's lock is lost by them."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
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

PAGE = 4096
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


@pytest.mark.parametrize("head", ["first=next", "first=next, bytes=0", "bytes=0", "first=next-1", "first=0, next=0"])
def test_a_head_that_does_not_know_of_the_rows_is_put_right_once(head: str, tmp_path: Path) -> None:
    """It is not set aside again and again, for as long as the node runs."""
    make(tmp_path / "x.nwsc", batches([b"{}"] * 3), more=[f"UPDATE meta SET {head}"])
    server = Counting()
    with neuron_ws.Node("x", settings(tmp_path, server.url)) as node:
        node.start()
        for number in range(5):
            node.send("{}")
            with contextlib.suppress(neuron_ws.NeuronWSError):
                node.flush(timeout=10)
            time.sleep(0.1)
        metrics = node.metrics
    server.server.shutdown()
    assert metrics.cache_errors <= 3 and metrics.queued_messages == 0 and server.count >= 5
    (cache,) = neuron_ws.list_caches(tmp_path)
    assert (cache.error, cache.messages) == ("", 0)


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
        node.poll(0.2)
        assert node.metrics.messages_dropped == 50_000
    assert sum(event.count for event in runs) == 50_000 and len(runs) < 10


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_file_that_is_cut_while_it_is_in_use_costs_nothing_that_is_in_memory(share: float, tmp_path: Path) -> None:
    """It is told, set aside and made anew, and what was told as stored lies there once more."""
    told: list[str] = []
    with neuron_ws.Node("n", settings(tmp_path), on_log=lambda event: told.append(event.text)) as node:
        node.start()
        for number in range(100):
            node.send(f"{number:04} " + "x" * 3000)
        node.flush(neuron_ws.Level.STORED, 20)
        file = tmp_path / "n.nwsc"
        os.truncate(file, int(file.stat().st_size * share))
        node.send("0100")
        node.flush(neuron_ws.Level.STORED, 20)
        assert (node.metrics.messages_lost, node.metrics.queued_messages) == (0, 101)
        node.poll(0.02)
    assert any("is damaged: it was set aside as" in text for text in told), told
    assert (tmp_path / "n.nwsc.damaged").stat().st_size < 400_000
    assert rest(tmp_path) == list(range(101))


@pytest.mark.parametrize("share", [0.3, 0.5])
def test_what_a_cut_took_that_was_on_disk_alone_is_told_as_lost(share: float, tmp_path: Path) -> None:
    """By the life that sees it, and not as stored at its end. It is more than SQLite has in memory."""
    with neuron_ws.Node("n", settings(tmp_path, **{"cache-mem-size": 1})) as node:
        node.start()
        fill(node, 2000)
        file = tmp_path / "n.nwsc"
        os.truncate(file, int(file.stat().st_size * share))
        node.send("2000")
        node.flush(neuron_ws.Level.STORED, 20)
        node.poll(0.02)
        lost = node.metrics.messages_lost
        assert node.metrics.queued_messages == 2001 - lost
    assert lost > 100
    contents = rest(tmp_path)
    assert contents == sorted(set(contents)) and contents[-1] == 2000
    assert len(contents) + lost == 2001


def rest(directory: Path) -> list[int]:
    """What lies there of the messages that `fill` sends, all of it whole."""
    contents: list[int] = []
    neuron_ws.read_cache(directory, "n", lambda message: contents.append(int(message.content[:4])))
    return contents


def overwrite(file: Path, *pages: int) -> None:
    with open(file, "r+b") as opened:
        for page in pages:
            opened.seek(page * PAGE)
            opened.write(bytes(PAGE))


def fill(node: neuron_ws.Node, count: int) -> None:
    for number in range(count):
        while True:
            try:
                node.send(f"{number:04} " + "x" * 3000)
                break
            except neuron_ws.QueueFull:
                time.sleep(0.002)
        if number % 20 == 19:
            node.flush(neuron_ws.Level.STORED, 20)


def test_what_is_damaged_within_rows_is_told_as_lost_when_a_damage_is_seen(tmp_path: Path) -> None:
    """Pages within messages tell nothing of themselves; the last page, which lacks, does."""
    with neuron_ws.Node("n", settings(tmp_path, **{"cache-mem-size": 1})) as node:
        node.start()
        fill(node, 2000)
        file = tmp_path / "n.nwsc"
        pages = file.stat().st_size // PAGE
        overwrite(file, *range(300, 900, 40))
        os.truncate(file, (pages - 1) * PAGE)
        node.send("2000")
        node.flush(neuron_ws.Level.STORED, 20)
        node.poll(0.02)
        lost = node.metrics.messages_lost
        assert node.metrics.queued_messages == 2001 - lost
    assert 10 <= lost < 500
    contents = rest(tmp_path)
    assert contents == sorted(set(contents)) and len(contents) + lost == 2001


@pytest.mark.parametrize("how", ["deleted", "a link to itself", "cut", "a directory, then cut"])
def test_a_flush_looks_whether_all_lies_there_though_nothing_is_new(how: str, tmp_path: Path) -> None:
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        node.start()
        fill(node, 100)
        file = tmp_path / "n.nwsc"
        if how.startswith("a directory"):
            file.unlink()
            file.mkdir()
            node.flush(neuron_ws.Level.STORED, 20)
        if how.endswith("cut"):
            os.truncate(file, file.stat().st_size // 2)
        else:
            file.rename(tmp_path / "elsewhere")
            if how != "deleted":
                file.symlink_to(tmp_path / "elsewhere")
        # Who does not wait hears what was known.
        node.flush(neuron_ws.Level.STORED, 0)
        node.flush(neuron_ws.Level.STORED, 20)
        # A process that is killed here has lost nothing.
        assert not file.is_symlink() and file.stat().st_size > 300_000
        assert (node.metrics.messages_lost, node.metrics.queued_messages) == (0, 100)
    assert rest(tmp_path) == list(range(100))


@pytest.mark.parametrize("mends", [True, False])
def test_a_flush_says_that_nobody_knows_whether_all_lies_there(mends: bool, tmp_path: Path) -> None:
    """A file that is cut can be made anew only where the old one can be set aside: else nothing counts as stored."""
    told: list[neuron_ws.DeliveryEvent] = []
    with neuron_ws.Node("n", settings(tmp_path), on_delivery=told.append) as node:
        node.start()
        fill(node, 100)
        (tmp_path / "n.nwsc.damaged/in the way").mkdir(parents=True)
        os.truncate(tmp_path / "n.nwsc", 5000)
        with pytest.raises(neuron_ws.NeuronWSError, match="cannot be looked for.*n.nwsc|still waiting.*n.nwsc"):
            node.flush(neuron_ws.Level.STORED, 20)
        if mends:
            (tmp_path / "n.nwsc.damaged/in the way").rmdir()
            node.flush(neuron_ws.Level.STORED, 20)
    node.poll()
    assert sum(event.count for event in told) == 100
    outcome = neuron_ws.Outcome.STORED if mends else neuron_ws.Outcome.DROPPED_STOPPED
    assert {event.outcome for event in told} == {outcome}
    if mends:
        assert rest(tmp_path) == list(range(100))


def test_a_flush_says_that_what_was_stored_is_gone(tmp_path: Path) -> None:
    directory = tmp_path / "a/b"
    directory.mkdir(parents=True)
    with neuron_ws.Node("n", settings(directory)) as node:
        node.start()
        fill(node, 20)
        shutil.rmtree(tmp_path / "a")
        before = time.monotonic()
        with pytest.raises(neuron_ws.NeuronWSError, match="20 messages were still waiting, and cannot be stored.*gone"
                           "|20 messages were still waiting, and cannot be stored.*deleted or moved"):
            node.flush(neuron_ws.Level.STORED, 20)
        assert time.monotonic() - before < 10
        directory.mkdir(parents=True)
        node.flush(neuron_ws.Level.STORED, 20)
    assert rest(directory) == list(range(20))


def test_the_first_page_costs_nothing(tmp_path: Path) -> None:
    """It says what lies where, which is the same in each cache."""
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        node.start()
        fill(node, 300)
    overwrite(tmp_path / "n.nwsc", 0)
    with pytest.raises(neuron_ws.NeuronWSError, match="is damaged: file is not a database; start its node"):
        rest(tmp_path)
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        assert node.metrics.queued_messages == 300
    assert rest(tmp_path) == list(range(300))


def test_what_the_first_page_takes_with_it_is_counted(tmp_path: Path) -> None:
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        node.start()
        fill(node, 300)
    overwrite(tmp_path / "n.nwsc", 0, 60, 61, 90)
    came: list[str] = []

    def read(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            came.extend(str(message)[:4] for message in connection)

    server = serve(read, "127.0.0.1", 0, compression=None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    with neuron_ws.Node("n", settings(tmp_path, url, delivery="peer-parsed")) as node:
        node.start()
        until = time.monotonic() + 20
        while node.metrics.queued_messages and time.monotonic() < until:
            time.sleep(0.01)
        lost = node.metrics.messages_lost
    server.shutdown()
    assert 3 <= lost < 60 and len(came) == 300 - lost and came == sorted(came)


@pytest.mark.parametrize("content", [b"text", b"text" * 4096, bytes(16 * 4096)])
def test_what_was_never_a_cache_is_set_aside_as_it_was(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "n.nwsc").write_bytes(content)
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        assert node.metrics.queued_messages == 0
    assert (tmp_path / "n.nwsc.damaged").read_bytes() == content
