# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws cache`: what nodes have left on disk, listed, read, sent again and deleted; and never damaged."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest
import tool

NOWHERE = "ws://127.0.0.1:1/"


def fill(directory: Path, name: str, *messages: Any, **more: object) -> None:
    """A node of this process leaves its messages on disk."""
    neuron_ws = pytest.importorskip("neuron_ws")
    with neuron_ws.Node(name, {"url": NOWHERE, "offline-cache": True, "data-dir": str(directory), **more}) as node:
        for message in messages:
            node.send(message if isinstance(message, (str, bytes)) else json.dumps(message))
        node.flush(neuron_ws.Level.STORED, 60)


def cache(verb: str, directory: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return tool.run("cache", verb, "--data-dir", directory, *more)


def listed(directory: Path, *more: object, verb: str = "list") -> list[dict[str, Any]]:
    return [json.loads(line) for line in cache(verb, directory, "--json", *more).stdout.splitlines()]


def poison(directory: Path, name: str, *contents: bytes) -> None:
    """Messages set aside, as a server's refusals leave them."""
    with contextlib.closing(sqlite3.connect(directory / f"{name}.nwsc")) as database, database:
        for number, content in enumerate(contents, 1):
            database.execute(
                "INSERT INTO aside(id, wall, code, reason, kind, data) VALUES(?, ?, 1009, 'too big', 1, ?)",
                (number, 1_700_000_000_000, content))


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    fill(tmp_path / "caches", "line 1", {"n": 1}, {"n": 2}, {"n": 3})
    fill(tmp_path / "caches", "press", *({"n": number} for number in range(1, 2001)))
    return tmp_path / "caches"


def test_list_tells_each_node(directory: Path) -> None:
    poison(directory, "press", b"{}", b"{}")
    now = time.time() * 1000
    first, second = listed(directory)
    assert (first["node"], first["messages"], first["poisoned"]) == ("line 1", 3, 0)
    assert (second["node"], second["messages"], second["poisoned"]) == ("press", 2000, 2)
    for each in (first, second):
        assert now - 600_000 < each["oldest"] <= each["newest"] <= now + 600_000
        assert each["file-bytes"] == Path(each["file"]).stat().st_size > each["bytes"] > 0
    done = cache("list", directory)
    head, *rows = done.stdout.splitlines()
    assert head.split() == ["node", "messages", "bytes", "oldest", "newest", "poisoned"]
    assert rows[1].split()[:2] == ["press", "2,000"] and rows[1].endswith("Z         2") and done.returncode == 0
    assert [each["node"] for each in listed(directory, "--node", "press")] == ["press"]


def test_stat_reads_all_and_says_why_some_are_poisoned(directory: Path) -> None:
    poison(directory, "press", b"{}", b"{}")
    both = listed(directory, verb="stat")
    assert both[0]["payload-bytes"] == 3 * len('{"n": 1}') and both[0]["refusals"] == []
    assert both[1]["refusals"] == [{"close-code": 1009, "close-reason": "too big", "messages": 2}]
    assert (both[1]["damaged"], both[1]["smallest"], both[1]["largest"]) == (0, 8, 11)
    text = cache("stat", directory, "--node", "press").stdout
    assert text.startswith("press\n") and "2 by close code 1009: too big" in text


def test_what_somebody_wrote_into_the_file_is_cut_and_spelled_out(directory: Path) -> None:
    """Two megabytes of a reason, codes that are none, and a reason of its own for each of many messages."""
    evil = "\x1b[31m\nFORGED\u202e\u2028" + "x" * 2_000_000
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database, database:
        database.executemany("INSERT INTO aside(id, wall, code, reason, kind, data) VALUES(?, ?, ?, ?, 1, ?)", [
            (1, 2**62, 99_999_999_999, evil, b"{}"), (2, -5, -7, evil, b"{}"),
            *((number, 0, number, f"reason {number}", b"{}") for number in range(3, 2000))])
    done = cache("stat", directory, "--node", "press")
    assert done.returncode == 0 and len(done.stdout) < 20_000 and "FORGED" not in done.stdout.splitlines()
    assert not set(done.stdout) & set("\x1b\u202e\u2028") and "…" in done.stdout
    assert "close code 65535" in done.stdout and "and 1,983 more by others" in done.stdout
    (row,) = listed(directory, "--node", "press", verb="stat")
    assert len(row["refusals"]) == 16 and row["refusals-for-more"] == 1983 and len(json.dumps(row)) < 20_000
    done = cache("export", directory, "--node", "press", "--poisoned")
    exported = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(exported) == 1999 and exported[0]["close-code"] == 65535 and exported[1]["close-code"] == 0
    assert len(exported[0]["close-reason"]) < 1100 and "\n" not in exported[0]["close-reason"]
    done = cache("list", directory)
    assert done.returncode == 0 and len(done.stdout) < 2000


def test_a_node_s_name_that_is_none_is_no_cache(directory: Path) -> None:
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database, database:
        database.execute("UPDATE meta SET node=?, sum=NULL", ("\x1b[31m" * 500_000,))
    for verb in ("list", "stat", "export"):
        done = cache(verb, directory)
        assert done.returncode == 1 and len(done.stdout) + len(done.stderr) < 20_000 and "\x1b" not in done.stdout
        assert "its head makes no sense" in done.stderr and "line 1" in done.stdout


def test_export_writes_each_message_as_a_line(tmp_path: Path) -> None:
    texts = ['{"exact":1.10,"large":123456789012345678}', '{\n"lines": [1,\r\n2]}', "no JSON\n\"", '"ä"']
    fill(tmp_path, "x", *texts, b"\x00\xff\x10\x80")
    done = cache("export", tmp_path)
    assert done.returncode == 0 and '"message":{"exact":1.10,"large":123456789012345678}}' in done.stdout
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row.get("message") for row in rows] == [json.loads(texts[0]), {"lines": [1, 2]}, None, "ä", None]
    assert rows[2]["text"] == texts[2] and base64.b64decode(rows[4]["base64"]) == b"\x00\xff\x10\x80"
    assert all(row["node"] == "x" and row["time"] > 1_600_000_000_000 for row in rows)
    poison(tmp_path, "x", b'{"bad":1}')
    (row,) = [json.loads(line) for line in cache("export", tmp_path, "--poisoned").stdout.splitlines()]
    assert row == {"node": "x", "time": 1_700_000_000_000, "close-code": 1009, "close-reason": "too big",
                   "message": {"bad": 1}}


def test_what_is_poisoned_is_sent_again_first(directory: Path, server: foreign.Server) -> None:
    name = next(directory.glob("line*.nwsc")).stem
    poison(directory, name, b'{"n":-1}', b'{"n":0}')
    done = cache("resend", directory)
    assert done.stdout == "line 1: 2 messages will be sent again\npress: 0 messages will be sent again\n"
    (first,) = listed(directory, "--node", "line 1")
    assert (first["messages"], first["poisoned"]) == (5, 0)
    neuron_ws = pytest.importorskip("neuron_ws")
    settings = {"url": server.url, "offline-cache": True, "data-dir": str(directory), "delivery": "peer-parsed"}
    with neuron_ws.Node("line 1", settings) as node:
        deadline = time.monotonic() + 60
        while (node.metrics.queued_messages or not node.metrics.messages_sent) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert node.metrics.messages_lost == 0
    assert [json.loads(each)["n"] for each in server.messages] == [-1, 0, 1, 2, 3]
    assert listed(directory, "--node", "line 1")[0]["messages"] == 0


def test_drop_wants_a_yes(directory: Path) -> None:
    before = {file: file.read_bytes() for file in directory.iterdir()}
    done = cache("drop", directory)
    assert done.returncode == 1 and "line 1: 3 messages, 0 poisoned would go" in done.stdout
    assert "--yes" in done.stderr and {file: file.read_bytes() for file in directory.iterdir()} == before
    poison(directory, "press", b"{}")
    assert cache("drop", directory, "--poisoned", "--yes").stdout.endswith("press: 1 poisoned message deleted\n")
    assert listed(directory, "--node", "press")[0]["messages"] == 2000
    done = cache("drop", directory, "--node", "press", "--yes")
    assert (done.returncode, done.stdout) == (0, "press: 2,000 messages, 0 poisoned deleted\n"), done.stderr
    assert [file.name for file in directory.iterdir() if file.name.startswith("press")] == []
    assert [each["node"] for each in listed(directory)] == ["line 1"]


@contextlib.contextmanager
def holding(directory: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose node uses a cache."""
    program = (
        "import json, sys, time, neuron_ws\n"
        f"node = neuron_ws.Node({name!r}, {{'url': {NOWHERE!r}, 'offline-cache': True, 'sync-interval': 0.01,"
        f" 'data-dir': {str(directory)!r}}})\n"
        "node.start()\n"
        "for number in range(100): node.send(json.dumps({'n': number}))\n"
        "node.flush(neuron_ws.Level.STORED, 60)\n"
        "print('ready', flush=True)\n"
        "while True: node.send('{}'); node.flush(neuron_ws.Level.STORED, 60)\n")
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_a_cache_that_a_node_uses_is_left_alone_and_its_holder_named(tmp_path: Path) -> None:
    pytest.importorskip("neuron_ws")
    fill(tmp_path, "idle", {"n": 1})
    with holding(tmp_path, "busy") as process:
        for verb, more in (("list", []), ("stat", []), ("export", []), ("resend", []), ("drop", ["--yes"])):
            done = cache(verb, tmp_path, "--node", "busy", *more)
            assert done.returncode == 1 and f"held by process {process.pid} (" in done.stderr, (verb, done.stderr)
        done = cache("list", tmp_path)
        assert done.returncode == 1 and "idle " in done.stdout and f"held by process {process.pid}" in done.stderr
        held, idle = listed(tmp_path)
        assert "held by" in held["error"] and "messages" not in held and idle["messages"] == 1
        # The node has noticed nothing.
        assert process.poll() is None


def test_what_a_killed_process_left_half_done_is_put_right(tmp_path: Path) -> None:
    pytest.importorskip("neuron_ws")
    for _ in range(5):
        with holding(tmp_path, "killed") as process:
            process.send_signal(signal.SIGKILL)
            process.wait()
        (told,) = listed(tmp_path)
        assert told["messages"] >= 100 and len(cache("export", tmp_path).stdout.splitlines()) == told["messages"]
    # The journal keeps its room for a disk that fills up.
    assert (tmp_path / "killed.nwsc-journal").stat().st_size >= 100_000


def test_damage_is_told_and_the_rest_read(directory: Path) -> None:
    file = directory / "press.nwsc"
    content = bytearray(file.read_bytes())
    at = content.index(b'{"n": 1234}')
    content[at + 3] ^= 0x20
    file.write_bytes(content)
    done = cache("export", directory, "--node", "press")
    assert done.returncode == 1 and "press.nwsc 1 message is damaged" in done.stderr
    assert [json.loads(line)["message"]["n"] for line in done.stdout.splitlines()] == [
        number for number in range(1, 2001) if number != 1234]
    assert listed(directory, "--node", "press", verb="stat")[0]["damaged"] == 1
    assert file.read_bytes() == content
    file.write_bytes(bytes(65536))
    done = cache("list", directory)
    assert done.returncode == 1 and "press.nwsc" in done.stderr and "line 1" in done.stdout


def test_what_a_damaged_count_says_is_not_believed(directory: Path) -> None:
    """The number of a batch's messages is damaged, not the messages: no more is said to be lost than there can be."""
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database, database:
        database.execute("UPDATE batches SET count=4000000000 WHERE first=(SELECT min(first) FROM batches)")
        room = database.execute("SELECT sum(length(data)) FROM batches").fetchone()[0] // 16
    (told,) = listed(directory, "--node", "press")
    assert 2000 <= told["messages"] <= room
    done = cache("export", directory, "--node", "press")
    kept = len(done.stdout.splitlines())
    assert done.returncode == 1 and "at least 1 and at most" in done.stderr
    most = int(done.stderr.split("at most ")[1].split()[0])
    assert 2000 - kept <= most <= room
    (stat,) = listed(directory, "--node", "press", verb="stat")
    assert stat["damaged"] == 1 and 2000 - kept <= stat["damaged-at-most"] <= room
    text = cache("stat", directory, "--node", "press").stdout
    assert "at least 1 and at most" in text


def test_all_messages_whole_is_nothing_lost_whatever_the_count_says(directory: Path) -> None:
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database, database:
        database.execute("UPDATE batches SET count=count+20 WHERE first=(SELECT max(first) FROM batches)")
    done = cache("export", directory, "--node", "press")
    assert len(done.stdout.splitlines()) == 2000 and "damaged" not in done.stderr, done.stderr
    (stat,) = listed(directory, "--node", "press", verb="stat")
    assert stat["damaged"] == stat["damaged-at-most"] == 0


def test_a_copy_is_said_and_the_node_s_own_file_is_left(directory: Path) -> None:
    own, copy, foreign_file = (directory / f"{name}.nwsc" for name in ("press", "copied", "other"))
    copy.write_bytes(own.read_bytes())
    other = directory.parent / "others"
    fill(other, "elsewhere", {"n": 1})
    foreign_file.write_bytes((other / "elsewhere.nwsc").read_bytes())
    before = {file: file.read_bytes() for file in directory.iterdir()}
    errors = {Path(each["file"]).name: each for each in listed(directory) if "error" in each}
    assert set(errors) == {"copied.nwsc", "other.nwsc"}
    for name, node in (("copied.nwsc", "press"), ("other.nwsc", "elsewhere")):
        told = errors[name]
        assert f'"{node}"' in told["error"] and name in told["error"] and f"{node}.nwsc" in told["error"]
        assert "node" not in told and "messages" not in told
    for verb, more in (("stat", []), ("export", []), ("drop", ["--yes"]), ("resend", [])):
        for name in ("copied", "other", "elsewhere"):
            done = cache(verb, directory, "--node", name, *more)
            assert done.returncode == 1 and f"{name}.nwsc" in done.stderr and done.stdout == "", (verb, name, done)
    neuron_ws = pytest.importorskip("neuron_ws")
    for name in ("copied", "other"):
        with pytest.raises(neuron_ws.NeuronWSError, match="another node"):
            neuron_ws.drop_cache(directory, name)
    assert {file: file.read_bytes() for file in directory.iterdir()} == before
    # Each message once, and the copy is still there when all that is the nodes' own goes.
    assert len(cache("export", directory).stdout.splitlines()) == 2003
    done = cache("drop", directory, "--yes")
    assert done.returncode == 1 and done.stdout.count("deleted") == 2 and "copied.nwsc" in done.stderr
    assert copy.exists() and foreign_file.exists() and not own.exists()


def test_files_that_are_none_are_said_and_left(directory: Path) -> None:
    with contextlib.closing(sqlite3.connect(directory / "other.nwsc")) as database, database:
        database.execute("CREATE TABLE accounts(name)")
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database:
        database.execute("PRAGMA user_version=99")
    os.mkfifo(directory / "pipe.nwsc")
    fill(directory, "beside", {"n": 1})
    (directory / "beside.nwsc-journal").unlink(missing_ok=True)
    os.mkfifo(directory / "beside.nwsc-journal")
    errors = {Path(each["file"]).name: each["error"] for each in listed(directory) if "error" in each}
    assert "is no cache of neuron_ws" in errors["other.nwsc"] and "newer neuron_ws" in errors["press.nwsc"]
    assert "in the place of a file" in errors["pipe.nwsc"]
    assert "beside.nwsc-journal is a link, a directory, a pipe" in errors["beside.nwsc"]
    before = {file: file.read_bytes() for file in directory.iterdir() if file.is_file()}
    assert cache("drop", directory, "--yes", "--node", "other").returncode == 1
    assert cache("drop", directory, "--yes", "--node", "press").returncode == 1
    assert {file: file.read_bytes() for file in before} == before


def test_a_link_is_no_cache_as_for_the_node(directory: Path) -> None:
    """What it leads to may be somebody else's: it is neither read nor deleted."""
    other = directory.parent / "others"
    fill(other, "press", {"n": 1})
    (directory / "press.nwsc").unlink()
    (directory / "press.nwsc").symlink_to(other / "press.nwsc")
    before = (other / "press.nwsc").read_bytes()
    errors = {each["file"]: each["error"] for each in listed(directory) if "error" in each}
    assert len(errors) == 1 and "is a link" in errors[str((directory / "press.nwsc").absolute())]
    for verb, more in (("stat", []), ("export", []), ("drop", ["--yes"]), ("resend", [])):
        done = cache(verb, directory, "--node", "press", *more)
        assert done.returncode == 1 and "is a link" in done.stderr and done.stdout == "", (verb, done)
    assert (other / "press.nwsc").read_bytes() == before and (directory / "press.nwsc").is_symlink()


def test_what_no_node_can_be_called_is_told_alike_by_all(directory: Path) -> None:
    with contextlib.closing(sqlite3.connect(directory / "press.nwsc")) as database, database:
        database.execute("UPDATE meta SET node='ok\n', sum=NULL")
    (directory / "press.nwsc").rename(directory / "ok%0A.nwsc")
    listed_all, stated = listed(directory), listed(directory, verb="stat")
    for told in (listed_all, stated):
        wrong = [each for each in told if each["file"].endswith("ok%0A.nwsc")]
        assert len(wrong) == 1 and "is no name of a node" in wrong[0]["error"] and "messages" not in wrong[0]
    for verb in ("list", "stat", "export"):
        done = cache(verb, directory)
        assert done.returncode == 1 and '"ok\\u{a}", which is no name of a node' in done.stderr, done


def test_a_directory_without_caches_and_one_that_is_not_there(tmp_path: Path) -> None:
    done = cache("list", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"there are no caches in {tmp_path}\n")
    done = cache("list", tmp_path / "nowhere")
    assert done.returncode == 1 and f"{tmp_path}/nowhere is not there" in done.stderr
    assert not (tmp_path / "nowhere").exists()
    done = cache("stat", tmp_path, "--node", "nobody")
    assert done.returncode == 1 and "there is no cache" in done.stderr and "nobody.nwsc" in done.stderr


@pytest.mark.parametrize("words, why", [
    (["list"], "--data-dir"), (["lst", "--data-dir", "/"], "list"), (["list", "--yes", "--data-dir", "/"], "--yes"),
    (["stat", "--poisoned", "--data-dir", "/"], "--poisoned"), (["export", "--json", "--data-dir", "/"], "--json"),
])
def test_wrong_words(words: list[str], why: str) -> None:
    done = tool.run("cache", *words)
    assert done.returncode == 2 and why in done.stderr
