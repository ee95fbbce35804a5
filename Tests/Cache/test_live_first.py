# SPDX-License-Identifier: Apache-2.0
"""resend-priority: what is pushed while 2,000 messages wait goes out at once, or behind them; and which of them an
acknowledgement stands for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
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
        # Of all that comes from now on.
        self.acknowledges = False
        self.stalls = False
        self._connection: Optional[ServerConnection] = None
        self._ends_at = ends_at
        listener = socket.create_server(("127.0.0.1", port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
        self.server = serve(self._read, sock=listener, compression=None, max_size=None, max_queue=2)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _read(self, connection: ServerConnection) -> None:
        self._connection = connection
        try:
            for message in connection:
                document = json.loads(message)
                key = (document["kind"], document["number"])
                self.came.append((*key, time.monotonic()))
                if document.get("resent"):
                    self.resent.add(key)
                if len(self.came) == self._ends_at:
                    self.cut()
                if self.acknowledges:
                    self.acknowledge(document["seq"])
                while self.stalls:
                    time.sleep(0.1)
                time.sleep(0.001)
        except ConnectionClosed:
            pass

    def acknowledge(self, what: int | list[int]) -> None:
        assert self._connection is not None
        self._connection.send(json.dumps({"ack": what}))

    def cut(self) -> None:
        assert self._connection is not None
        self._connection.socket.shutdown(socket.SHUT_RDWR)

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


def send(node: neuron_ws.Node, kind: str, number: int, filler: str = FILLER) -> int:
    """A host that pushes faster than the disk writes waits for it."""
    while True:
        try:
            return node.send(json.dumps({"kind": kind, "number": number, "filler": filler}))
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


def test_a_new_priority_is_for_what_is_pushed_from_then_on_and_needs_no_new_connection(
        tmp_path: Path, port: int) -> None:
    settings = {"url": f"ws://127.0.0.1:{port}/", "delivery": "peer-parsed", **WHERE["queue"]}
    with neuron_ws.Node("changing", settings) as node:
        for number in range(WAITING):
            send(node, "old", number)
        server = SlowServer(port)
        server.wait(50)
        for priority, numbers in [
                ("oldest-first", range(5)), ("live-first", range(5, 10)), ("oldest-first", range(10, 15))]:
            node.configure({**settings, "resend-priority": priority})
            time.sleep(0.1)
            for number in numbers:
                send(node, "live", number)
        server.wait(WAITING + 15)
        metrics = node.metrics
    server.server.shutdown()
    assert metrics.connections_opened == 1
    assert firsts(server, "old") == list(range(WAITING))
    assert firsts(server, "live") == [*range(5, 10), *range(5), *range(10, 15)]
    kinds = [came[0] for came in server.came]
    assert kinds[kinds.index("live") + 5:].count("old") > 100 and set(kinds[-10:]) == {"live"}


def live_and_killed(settings: dict[str, Any]) -> None:
    """Messages wait, and others that go in front of them lie on disk: so the process ends."""
    with neuron_ws.Node("killed", settings) as node:
        for number in range(WAITING):
            send(node, "old", number)
        print("pushed", flush=True)
        sys.stdin.readline()
        for number in range(LIVE):
            send(node, "live", number)
        node.flush(level=neuron_ws.Level.STORED, timeout=30)
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_was_live_when_its_process_was_killed_comes_at_its_place(tmp_path: Path, port: int) -> None:
    settings = {
        "url": f"ws://127.0.0.1:{port}/", "delivery": "peer-parsed", "data-dir": str(tmp_path), "reconnect-min": 0.1,
        "reconnect-max": 0.2, "resend-priority": "live-first", "sequence": True, **WHERE["disk"],
    }
    code = "import json, sys, test_live_first; test_live_first.live_and_killed(json.loads(sys.argv[1]))"
    with subprocess.Popen(
            [sys.executable, "-c", code, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=Path(__file__).parent, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"pushed\n"
        first = SlowServer(port)
        first.wait(50)
        # What is live goes into the kernel's buffers at most.
        first.stalls = True
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.wait(60) == -signal.SIGKILL
    read = len(first.came)
    assert firsts(first, "live") == []
    first.stalls = False
    first.server.shutdown()
    second = SlowServer()
    settings["url"] = f"ws://127.0.0.1:{second.server.socket.getsockname()[1]}/"
    with neuron_ws.Node("killed", settings) as node:
        node.flush(level=neuron_ws.Level.PEER_PARSED, timeout=60)
    second.server.shutdown()
    came = [came[:2] for came in second.came]
    assert came[0][1] <= read
    assert came == [
        *(("old", number) for number in range(came[0][1], WAITING)), *(("live", number) for number in range(LIVE))]
    assert set(came) == second.resent


class Told:
    """Which messages a host was told as delivered, in order."""

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def __call__(self, event: neuron_ws.DeliveryEvent) -> None:
        assert (event.outcome, event.level) == (neuron_ws.Outcome.DELIVERED, neuron_ws.Level.APP_ACKED)
        self.numbers += event.ids

    def expect(self, node: neuron_ws.Node, numbers: list[int], seconds: float = 30) -> None:
        """These, and a moment later no more."""
        end = time.monotonic() + seconds
        while len(self.numbers) < len(numbers):
            assert time.monotonic() < end, (len(self.numbers), len(numbers))
            node.poll(0.02)
        node.poll(0.2)
        assert self.numbers == numbers


def acknowledging(tmp_path: Path, port: int, priority: str, where: str) -> dict[str, Any]:
    return {
        "url": f"ws://127.0.0.1:{port}/", "delivery": "app-acked", "data-dir": str(tmp_path), "reconnect-min": 0.1,
        "reconnect-max": 0.2, "resend-priority": priority, **WHERE[where],
    }


@pytest.mark.parametrize("where", ["queue", "disk"])
def test_an_acknowledgement_of_what_went_in_front_stands_for_that_alone(
        where: str, tmp_path: Path, port: int) -> None:
    told = Told()
    settings = acknowledging(tmp_path, port, "live-first", where)
    with neuron_ws.Node("acked", settings, on_delivery=told) as node:
        old = [send(node, "old", number) for number in range(WAITING)]
        time.sleep(0.5)
        server = SlowServer(port)
        server.wait(50)
        live = [send(node, "live", number) for number in range(LIVE)]
        while len(firsts(server, "live")) < LIVE:
            time.sleep(0.02)
        assert 50 <= len(firsts(server, "old")) < WAITING
        # All before it: of the live ones, though older ones have come too.
        server.acknowledge(live[9])
        told.expect(node, live[:10])
        server.acknowledge([live[15]])
        server.acknowledge([live[11], live[12], live[13], live[14], live[10]])
        told.expect(node, live[:16])
        # And of those that waited.
        server.acknowledge(old[20])
        told.expect(node, live[:16] + old[:21])
        server.acknowledge([live[18]])
        while node.metrics.acknowledgements_received < 5:
            time.sleep(0.02)
        # Those of which nobody knows come again, at their places.
        read = len(server.came)
        server.acknowledges = True
        server.cut()
        told.expect(node, live[:16] + old[:21] + old[21:] + live[16:])
        metrics = node.metrics
    server.server.shutdown()
    left = [*(("old", number) for number in range(21, WAITING)), *(("live", number) for number in (16, 17, 19))]
    last = [came[:2] for came in server.came][-len(left):]
    assert last == left
    again = {came[:2] for came in server.came[:read]} & set(last)
    assert set(left[-3:]) <= again <= server.resent
    assert metrics.queued_messages == 0 and metrics.acknowledgements_stray == 0


@pytest.mark.parametrize("where", ["queue", "disk"])
def test_by_default_an_acknowledgement_stands_for_all_that_was_pushed_before(
        where: str, tmp_path: Path, port: int) -> None:
    told = Told()
    with neuron_ws.Node("acked", acknowledging(tmp_path, port, "oldest-first", where), on_delivery=told) as node:
        numbers = [send(node, "old", number) for number in range(WAITING)]
        time.sleep(0.5)
        server = SlowServer(port)
        server.wait(50)
        numbers += [send(node, "live", number) for number in range(LIVE)]
        # It cannot have come yet.
        server.acknowledge(numbers[-1])
        server.acknowledge(numbers[20])
        told.expect(node, numbers[:21])
        server.acknowledges = True
        server.cut()
        told.expect(node, numbers)
        metrics = node.metrics
    server.server.shutdown()
    assert firsts(server, "old") == list(range(WAITING)) and firsts(server, "live") == list(range(LIVE))
    counts = Counter(came[:2] for came in server.came)
    assert {key for key, count in counts.items() if count > 1} <= server.resent
    assert metrics.queued_messages == 0 and metrics.acknowledgements_stray == 1


def test_the_next_life_counts_what_is_there_alone(tmp_path: Path, port: int) -> None:
    """Where live messages went in front of others nothing lies between those any more, and has no outcome twice."""
    settings = {
        "url": f"ws://127.0.0.1:{port}/", "delivery": "app-acked", "data-dir": str(tmp_path), "offline-cache": True,
        "sync-interval": 0, "cache-sync-interval": 120_000, "resend-priority": "live-first", "queue-max-bytes": 65536,
        "reconnect-min": 0.05, "reconnect-max": 0.1}
    outcomes: Counter[neuron_ws.Outcome] = Counter()

    def told(event: neuron_ws.DeliveryEvent) -> None:
        outcomes[event.outcome] += event.count

    with neuron_ws.Node("live", settings, on_delivery=told) as node:
        node.start()
        for number in range(400):
            send(node, "old", number, "x" * 800)
        node.flush(neuron_ws.Level.STORED, 20)
        server = SlowServer(port)
        server.acknowledges = True
        for number in range(400):
            while True:
                node.poll(0)
                if node.metrics.queued_messages < 500:
                    break
                time.sleep(0.001)
            send(node, "live", number, "x" * 800)
        end = time.monotonic() + 30
        while outcomes[neuron_ws.Outcome.DELIVERED] < 300 and time.monotonic() < end:
            node.poll(0.02)
        assert outcomes[neuron_ws.Outcome.DELIVERED] >= 300
    node.poll()
    server.server.shutdown()
    (cache,) = neuron_ws.list_caches(tmp_path)
    left = cache.messages
    assert 0 < left < 500 and left == outcomes[neuron_ws.Outcome.STORED]
    outcomes.clear()
    with neuron_ws.Node("live", {**settings, "url": "ws://127.0.0.1:1"}, on_delivery=told) as node:
        assert node.metrics.queued_messages == node.metrics.cached_messages == left
        node.start()
        time.sleep(0.2)
        assert (node.metrics.queued_messages, node.metrics.messages_lost) == (left, 0)
    node.poll()
    assert outcomes == {neuron_ws.Outcome.STORED: left}
