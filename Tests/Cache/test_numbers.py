# SPDX-License-Identifier: Apache-2.0
"""Numbers (settings sequence, delivery app-acked) over the lives of a node: each is used once in its stream."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import neuron_ws
import pytest
from conftest import NOWHERE, points
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class Acknowledger:
    """A server that keeps each document and acknowledges it, by number and stream."""

    def __init__(self) -> None:
        self.documents: list[dict[str, object]] = []
        self.server = serve(self._read, "127.0.0.1", 0, compression=None)
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self, connection: ServerConnection) -> None:
        try:
            for message in connection:
                document = json.loads(message)
                self.documents.append(document)
                connection.send(json.dumps({"ack": [document["seq"]], "stream": document["stream"]}))
        except ConnectionClosed:
            pass


@pytest.fixture
def acknowledger() -> Iterator[Acknowledger]:
    server = Acknowledger()
    yield server
    server.server.shutdown()


def settings(url: str, directory: Path) -> dict[str, object]:
    return {"url": url, "delivery": "app-acked", "offline-cache": True, "data-dir": str(directory),
            "reconnect-min": 0.01, "reconnect-max": 0.05, "sync-interval": 0.02}


def push(node: neuron_ws.Node, first: int, count: int) -> list[int]:
    return [node.send(json.dumps({"content": number})) for number in range(first, first + count)]


def drained(node: neuron_ws.Node) -> None:
    node.flush(neuron_ws.Level.APP_ACKED, 60)
    assert node.metrics.acknowledgements_stray == 0


KILLED = """
import json, os, signal, sys
import neuron_ws
node = neuron_ws.Node("numbers", json.loads(sys.argv[1]))
node.start()
for number in range(int(sys.argv[2]), int(sys.argv[3])): node.send(json.dumps({"content": number}))
node.flush(neuron_ws.Level[sys.argv[4]], 60)
os.kill(os.getpid(), signal.SIGKILL)
"""


def life_that_is_killed(url: str, directory: Path, contents: range, level: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps(settings(url, directory)), str(contents.start), str(contents.stop),
         level], capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, done.stderr


def test_behind_a_stop_numbers_and_stream_go_on(tmp_path: Path, acknowledger: Acknowledger) -> None:
    with neuron_ws.Node("numbers", settings(NOWHERE, tmp_path)) as node:
        node.start()
        assert push(node, 1, 50) == list(range(1, 51))
        node.flush(neuron_ws.Level.STORED, 60)
    with neuron_ws.Node("numbers", settings(acknowledger.url, tmp_path)) as node:
        node.start()
        assert push(node, 51, 50) == list(range(51, 101))
        drained(node)
    came = acknowledger.documents
    assert [each["seq"] for each in came] == [each["content"] for each in came] == list(range(1, 101))
    assert len({each["stream"] for each in came}) == 1
    # What was found may have arrived; what is new has not.
    assert [each.get("resent", False) for each in came] == [True] * 50 + [False] * 50


def test_behind_kills_no_number_is_used_twice_and_what_was_stored_keeps_its_own(
    tmp_path: Path, acknowledger: Acknowledger
) -> None:
    # Confirmed in time: nothing of them need be on disk.
    life_that_is_killed(acknowledger.url, tmp_path, range(1, 101), "APP_ACKED")
    life_that_is_killed(NOWHERE, tmp_path, range(101, 201), "STORED")
    life_that_is_killed(NOWHERE, tmp_path, range(201, 301), "STORED")
    with neuron_ws.Node("numbers", settings(acknowledger.url, tmp_path)) as node:
        node.start()
        push(node, 301, 100)
        drained(node)
        deadline = time.monotonic() + 60
        while node.metrics.queued_messages and time.monotonic() < deadline:
            time.sleep(0.01)
        assert node.metrics.messages_lost == 0
    contents: dict[object, object] = {}
    for each in acknowledger.documents:
        key = (each["stream"], each["seq"])
        assert contents.setdefault(key, each["content"]) == each["content"], f"{key} is two messages"
    assert len({stream for stream, _ in contents}) == 1  # type: ignore[misc]
    assert sorted(contents.values()) == list(range(1, 401))  # type: ignore[type-var]
    # In order, within each life without a gap.
    numbers = [number for _, number in sorted(contents)]  # type: ignore[misc]
    for life in range(4):
        part = numbers[life * 100:life * 100 + 100]
        assert part == list(range(part[0], part[0] + 100))


def head_bytes(file: Path) -> range:
    """Where the only row of `meta` lies."""
    with contextlib.closing(sqlite3.connect(file)) as database:
        (page,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name='meta'").fetchone()
    start = (page - 1) * 4096
    cell = int.from_bytes(file.read_bytes()[start + 8:start + 10], "big")
    return range(start + cell, start + 4096)


def test_one_damaged_byte_of_the_head_costs_nothing(
    tmp_path: Path, acknowledger: Acknowledger, request: pytest.FixtureRequest
) -> None:
    """Else a row of numbers would be another, and what is acknowledged in the true one would count for nothing."""
    with neuron_ws.Node("numbers", settings(NOWHERE, tmp_path / "whole")) as node:
        node.start()
        push(node, 1, 20)
        node.flush(neuron_ws.Level.STORED, 60)
    place = head_bytes(tmp_path / "whole/numbers.nwsc")
    assert len(place) > 50
    for at in points(len(place), request, sample=20):
        directory = Path(shutil.copytree(tmp_path / "whole", tmp_path / f"{at}"))
        image = bytearray((directory / "numbers.nwsc").read_bytes())
        image[place[at - 1]] ^= 1 << at % 8
        (directory / "numbers.nwsc").write_bytes(image)
        acknowledger.documents.clear()
        with neuron_ws.Node("numbers", settings(acknowledger.url, directory)) as node:
            node.start()
            push(node, 21, 5)
            drained(node)
            assert (node.metrics.messages_lost, node.metrics.queued_messages) == (0, 0), at
        assert [each["content"] for each in acknowledger.documents] == list(range(1, 26)), at
