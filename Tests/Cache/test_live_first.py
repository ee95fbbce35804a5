# SPDX-License-Identifier: Apache-2.0
"""resend-priority: what is pushed while 2,000 messages wait goes out at once, or behind them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import neuron_ws
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

WAITING = 2000
LIVE = 20
# Some 40 MB: more than what lies between a host and a server that reads slowly.
FILLER = "x" * 20_000
WHERE: dict[str, dict[str, Any]] = {
    "queue": {"queue-max-bytes": 64 << 20},
    "memory": {"offline-cache": True, "cache-mem-size": 64, "cache-disk-size": 0},
    "disk": {"offline-cache": True, "cache-mem-size": 8, "cache-disk-size": 100, "sync-interval": 0.1},
}


class SlowServer:
    """Keeps when each message came; it reads some hundreds a second, and ends the first connection if it is told."""

    def __init__(self, port: int = 0, ends_at: Optional[int] = None) -> None:
        self.came: list[tuple[str, int, float]] = []
        self.resent: set[tuple[str, int]] = set()
        self._ends_at = ends_at
        listener = socket.create_server(("127.0.0.1", port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self.server = serve(self._read, sock=listener, compression=None, max_size=None, max_queue=2)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self, connection: ServerConnection) -> None:
        try:
            for message in connection:
                document = json.loads(message)
                key = (document["kind"], document["number"])
                self.came.append((*key, time.monotonic()))
                if document.get("resent"):
                    self.resent.add(key)
                if len(self.came) == self._ends_at:
                    connection.socket.shutdown(socket.SHUT_RDWR)
                time.sleep(0.001)
        except ConnectionClosed:
            pass

    def wait(self, count: int, seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while len({came[:2] for came in self.came}) < count:
            assert time.monotonic() < end, len(self.came)
            time.sleep(0.02)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
    yield number


def send(node: neuron_ws.Node, kind: str, number: int) -> None:
    """A host that pushes faster than the disk writes waits for it."""
    while True:
        try:
            node.send(json.dumps({"kind": kind, "number": number, "filler": FILLER}))
            return
        except neuron_ws.QueueFull:
            time.sleep(0.01)


def run(tmp_path: Path, port: int, settings: dict[str, Any], ends_at: Optional[int] = None) -> tuple[
        SlowServer, dict[int, float], neuron_ws.Metrics]:
    """2,000 messages wait for a server; when it is there 20 are pushed, 50 ms apart."""
    pushed: dict[int, float] = {}
    settings = {
        "url": f"ws://127.0.0.1:{port}/", "delivery": "peer-parsed", "data-dir": str(tmp_path), "reconnect-min": 0.1,
        "reconnect-max": 0.2, **settings,
    }
    with neuron_ws.Node("live", settings) as node:
        for number in range(WAITING):
            send(node, "old", number)
        time.sleep(0.5)
        server = SlowServer(port, ends_at)
        server.wait(50)
        for number in range(LIVE):
            pushed[number] = time.monotonic()
            send(node, "live", number)
            time.sleep(0.05)
        server.wait(WAITING + LIVE)
        node.flush(level=neuron_ws.Level.PEER_PARSED, timeout=10)
        metrics = node.metrics
    server.server.shutdown()
    return server, pushed, metrics


def firsts(server: SlowServer, kind: str) -> list[int]:
    """The order in which they came first."""
    return list(dict.fromkeys(came[1] for came in server.came if came[0] == kind))


@pytest.mark.parametrize("where", WHERE)
def test_live_messages_do_not_wait_for_those_that_wait(where: str, tmp_path: Path, port: int) -> None:
    server, pushed, metrics = run(tmp_path, port, {**WHERE[where], "resend-priority": "live-first"})
    late = {number: when - pushed[number] for kind, number, when in server.came if kind == "live"}
    assert len(late) == LIVE and max(late.values()) < 1.5, late
    # The others were being sent all the time, and were not done.
    kinds = [came[0] for came in server.came]
    last = len(kinds) - 1 - kinds[::-1].index("live")
    assert kinds[:last].count("old") > 100 and kinds[last:].count("old") > 100
    assert [came[1] for came in server.came if came[0] == "old"] == list(range(WAITING))
    assert [came[1] for came in server.came if came[0] == "live"] == list(range(LIVE))
    assert metrics.messages_sent == WAITING + LIVE and metrics.queued_messages == 0


@pytest.mark.parametrize("where", WHERE)
def test_by_default_they_come_behind_all_that_waited(where: str, tmp_path: Path, port: int) -> None:
    server, _, metrics = run(tmp_path, port, WHERE[where])
    assert [came[:2] for came in server.came] == [
        *(("old", number) for number in range(WAITING)), *(("live", number) for number in range(LIVE))]
    assert metrics.messages_sent == WAITING + LIVE


@pytest.mark.parametrize("where", WHERE)
def test_a_connection_that_ends_meanwhile_loses_none(where: str, tmp_path: Path, port: int) -> None:
    settings = {**WHERE[where], "resend-priority": "live-first", "sequence": True}
    server, _, metrics = run(tmp_path, port, settings, ends_at=300)
    assert firsts(server, "old") == list(range(WAITING))
    assert sorted(firsts(server, "live")) == list(range(LIVE))
    counts = Counter(came[:2] for came in server.came)
    assert {key for key, count in counts.items() if count > 1} <= server.resent
    assert metrics.messages_sent == WAITING + LIVE


def test_a_slow_pace_is_that_of_the_disk_alone(tmp_path: Path, port: int) -> None:
    settings = {
        "url": f"ws://127.0.0.1:{port}/", "offline-cache": True, "data-dir": str(tmp_path), "sync-interval": 0,
        "cache-sync-interval": 500, "resend-priority": "live-first", "reconnect-min": 0.1, "reconnect-max": 0.2,
    }
    with neuron_ws.Node("paced", settings) as node:
        for number in range(20):
            send(node, "old", number)
        node.flush(level=neuron_ws.Level.STORED, timeout=10)
    with neuron_ws.Node("paced", settings) as node:
        server = SlowServer(port)
        server.wait(2)
        began = time.monotonic()
        for number in range(LIVE):
            send(node, "live", number)
        while len(firsts(server, "live")) < LIVE:
            assert time.monotonic() < began + 1
            time.sleep(0.01)
        assert len(firsts(server, "old")) < 8
    server.server.shutdown()
