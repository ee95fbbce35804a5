# SPDX-License-Identifier: Apache-2.0
"""A message that a real server refuses three times is set aside on disk, and what is behind it arrives."""

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import websockets
from neuron_ws import Level, Node


class Picky:
    """Ends the connection with 1009 at each message that is larger than 20,000 bytes."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.ready.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self.end = asyncio.Event()
        async with websockets.serve(self._talk, "127.0.0.1", 0, max_size=20_000) as server:
            self.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
            self.ready.set()
            await self.end.wait()

    async def _talk(self, peer: websockets.ServerConnection) -> None:
        try:
            async for text in peer:
                self.taken.append(json.loads(text)["number"])
        except websockets.ConnectionClosed:
            pass

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join()


@pytest.fixture
def picky() -> Iterator[Picky]:
    server = Picky()
    yield server
    server.stop()


def settings(server: Picky, directory: Path) -> dict[str, object]:
    return {
        "url": server.url,
        "delivery": "peer-parsed",
        "offline-cache": True,
        "data-dir": str(directory),
        "sync-interval": 0.02,
        "reconnect-min": 0.01,
        "reconnect-max": 0.05,
    }


def aside(directory: Path) -> list[tuple[int, int, str]]:
    with sqlite3.connect(directory / "poison.nwsc") as file:
        return file.execute("SELECT code, kind, data FROM aside").fetchall()


def test_a_message_that_is_refused_three_times_lies_on_disk_and_the_next_arrive(picky: Picky, tmp_path: Path) -> None:
    poison = json.dumps({"number": 2, "rest": "x" * 50_000})
    with Node("poison", settings(picky, tmp_path)) as node:
        node.start()
        for text in (json.dumps({"number": 1}), poison, json.dumps({"number": 3})):
            node.send(text)
        node.flush(Level.PEER_PARSED, timeout=60)
        assert node.metrics.messages_set_aside == 1
        node.flush(Level.STORED, timeout=60)
        node.stop()
        assert node.metrics.cached_set_aside == 1
    assert 3 in picky.taken and 2 not in picky.taken
    rows = aside(tmp_path)
    assert [(code, kind) for code, kind, _ in rows] == [(1009, 1)]
    same = bytes(rows[0][2], "utf-8") if isinstance(rows[0][2], str) else rows[0][2]
    assert len(same) == len(poison) and json.loads(same)["number"] == 2
    # The next node leaves it where it is.
    with Node("poison", settings(picky, tmp_path)) as node:
        # Of an earlier life: counted as there, not as an event of this one.
        assert (node.metrics.cached_set_aside, node.metrics.messages_set_aside) == (1, 0)
        node.start()
        node.send(json.dumps({"number": 4}))
        node.flush(Level.PEER_PARSED, timeout=60)
        node.stop()
    assert len(aside(tmp_path)) == 1 and 2 not in picky.taken


KILLED = """
import json, os, signal, sys
from neuron_ws import Node, Outcome

def told(event):
    if event.outcome is Outcome.DROPPED_REFUSED_BY_PEER:
        os.kill(os.getpid(), signal.SIGKILL)

with Node("poison", json.loads(sys.argv[1]), on_delivery=told) as node:
    node.start()
    for number in range(4):
        node.send(json.dumps({"number": number, "rest": "x" * (50_000 if number == 2 else 10)}))
    node.run(30)
"""


@pytest.mark.parametrize("interval", [0.02, 60])
def test_who_is_killed_when_he_hears_of_it_finds_it_set_aside(picky: Picky, tmp_path: Path, interval: float) -> None:
    """Whether it was on disk before or not: it is told when it lies where such ones are kept, not among the others."""
    words = [sys.executable, "-c", KILLED, json.dumps({**settings(picky, tmp_path), "sync-interval": interval})]
    assert subprocess.run(words, timeout=60).returncode == -signal.SIGKILL
    assert [(code, json.loads(data)["number"]) for code, _, data in aside(tmp_path)] == [(1009, 2)]
    with Node("poison", settings(picky, tmp_path)) as node:
        node.start()
        assert node.send(json.dumps({"number": 9})) > 0
        node.flush(Level.PEER_PARSED, 30)
        # Nothing ended the connection: it is not sent again.
        assert (node.metrics.messages_set_aside, node.metrics.disconnections) == (0, 0)
        assert node.metrics.cached_set_aside == 1
    assert 9 in picky.taken
