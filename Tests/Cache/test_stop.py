# SPDX-License-Identifier: Apache-2.0
"""A stop delivers what it can, stores what is left, and says of each message what became of it; forget deletes it."""

import base64
import hashlib
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from conftest import NOWHERE, Keeper
from neuron_ws import DeliveryEvent, Level, LogEvent, NeuronWSError, Node, NodeClosed, Outcome

COUNT = 40


class Deaf:
    """A server that takes the handshake and reads nothing more."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self.listener.getsockname()[1]}/"
        self.peers: list[socket.socket] = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            head = b""
            while b"\r\n\r\n" not in head:
                head += peer.recv(4096)
            key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
            key = key.split(b":", 1)[1].strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key).digest())
            peer.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )

    def stop(self) -> None:
        self.listener.close()
        for peer in self.peers:
            peer.close()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    server = Deaf()
    yield server
    server.stop()


def settings(url: str, directory: Path, cache: bool = True) -> dict[str, object]:
    more = {"offline-cache": True, "data-dir": str(directory), "sync-interval": 0.02} if cache else {}
    return {"url": url, "delivery": "peer-parsed", "reconnect-min": 0.01, "reconnect-max": 0.05, **more}


def document(number: int) -> str:
    return json.dumps({"number": number, "rest": "0" * (number * 37 % 300 + 1)})


def finish(node: Node, timeout: float) -> Counter:
    """What became of each message: exactly one thing."""
    node.finish(timeout)
    outcomes: dict[int, Outcome] = {}
    while (event := node.next_event()) is not None:
        if isinstance(event, DeliveryEvent):
            for number in event.ids:
                assert number not in outcomes
                outcomes[number] = event.outcome
    assert sorted(outcomes) == list(range(min(outcomes), min(outcomes) + len(outcomes)))
    return Counter(outcomes.values())


def pushed(url: str, directory: Path, first: int = 1, cache: bool = True) -> Node:
    node = Node("stopper", settings(url, directory, cache))
    node.fileno()
    node.start()
    for number in range(first, first + COUNT):
        node.send(document(number))
    return node


def test_a_stop_delivers_first_what_the_server_takes(keeper: Keeper, tmp_path: Path) -> None:
    with pushed(keeper.url, tmp_path) as node:
        node.flush(Level.PEER_PARSED, timeout=60)
        for number in range(COUNT + 1, COUNT * 2 + 1):
            node.send(document(number))
        assert finish(node, 60) == {Outcome.DELIVERED: COUNT * 2}
    assert keeper.numbers == list(range(1, COUNT * 2 + 1))


@pytest.mark.parametrize("timeout", [0.0, 0.3])
def test_then_it_stores_what_is_left_and_the_next_node_sends_it(
    deaf: Deaf, keeper: Keeper, tmp_path: Path, timeout: float
) -> None:
    with pushed(deaf.url, tmp_path) as node:
        assert finish(node, timeout) == {Outcome.STORED: COUNT}
    with pushed(keeper.url, tmp_path, first=COUNT + 1) as node:
        node.flush(Level.PEER_PARSED, timeout=60)
        assert finish(node, 60) == {Outcome.DELIVERED: COUNT * 2}
    assert keeper.numbers == list(range(1, COUNT * 2 + 1))


def test_without_a_connection_all_is_stored(keeper: Keeper, tmp_path: Path) -> None:
    with pushed(NOWHERE, tmp_path) as node:
        assert finish(node, 0.2) == {Outcome.STORED: COUNT}


def last_lines(node: Node) -> list[str]:
    """What the log says of messages that lie on disk when the node ends."""
    node.finish(0.2)
    events = list(iter(node.next_event, None))
    return [event.text for event in events if isinstance(event, LogEvent) and "in its cache" in event.text]


def test_the_last_line_names_the_file_and_how_many_lie_in_it(tmp_path: Path) -> None:
    with pushed(NOWHERE, tmp_path) as node:
        (last,) = last_lines(node)
    assert last.startswith(f"The node ends: {COUNT} messages lie in its cache {tmp_path / 'stopper.nwsc'}.")
    assert "forget" in last and "neuron-ws cache drop" in last
    # One that keeps nothing says nothing.
    with pushed(NOWHERE, tmp_path) as node:
        node.forget()
        assert last_lines(node) == []


def test_without_a_cache_what_is_left_is_dropped_and_said_so(deaf: Deaf, tmp_path: Path) -> None:
    with pushed(deaf.url, tmp_path, cache=False) as node:
        assert finish(node, 0.2) == {Outcome.DROPPED_STOPPED: COUNT}


def test_forget_with_messages_on_their_way_behind_the_last_stored_one(
    deaf: Deaf, keeper: Keeper, tmp_path: Path
) -> None:
    with pushed(deaf.url, tmp_path) as node:
        node.flush(Level.STORED, timeout=60)
        for number in range(COUNT + 1, COUNT * 2 + 1):
            node.send(document(number))
        node.forget()
        assert finish(node, 0.2) == {Outcome.DROPPED_STOPPED: COUNT * 2}
        assert (node.metrics.cached_messages, node.metrics.cached_bytes) == (0, 0)
    assert list(tmp_path.iterdir()) == []
    with pushed(keeper.url, tmp_path, first=COUNT * 2 + 1) as node:
        node.flush(Level.PEER_PARSED, timeout=60)
        assert finish(node, 60) == {Outcome.DELIVERED: COUNT}
    assert keeper.numbers == list(range(COUNT * 2 + 1, COUNT * 3 + 1))


def test_forget_on_a_stopped_node_is_at_once(tmp_path: Path) -> None:
    with pushed(NOWHERE, tmp_path) as node:
        node.flush(Level.STORED, timeout=60)
        node.stop(0.2)
        assert [each.name for each in tmp_path.glob("*.nwsc")] == ["stopper.nwsc"]
        node.forget()
        assert list(tmp_path.glob("*.nwsc")) == []
        metrics = node.metrics
        assert (metrics.cached_messages, metrics.cached_bytes, metrics.cached_set_aside) == (0, 0, 0)
        assert set(finish(node, 0.2)) == {Outcome.DROPPED_STOPPED}


def test_a_stop_does_not_wait_for_what_is_pushed_meanwhile(tmp_path: Path) -> None:
    with Node("stopper", {**settings(NOWHERE, tmp_path), "sync-interval": 10}) as node:
        node.fileno()
        node.start()
        accepted, is_over = [0], threading.Event()

        def push() -> None:
            while not is_over.wait(0.001):
                accepted[0] = node.send(document(accepted[0] + 1))

        pusher = threading.Thread(target=push)
        pusher.start()
        try:
            time.sleep(0.5)
            node.stop(5)
        finally:
            is_over.set()
            pusher.join()
        # It keeps all.
        assert finish(node, 0.2) == {Outcome.STORED: accepted[0]}


@pytest.mark.parametrize("calls", ["xSfgS", "xsfgS", "xfsfgS", "xSfwfwg", "xSfgxwS", "xSfxgwS"])
def test_a_node_that_is_forgotten_and_started_again_lives_and_ends(calls: str, tmp_path: Path) -> None:
    """f: forget, s: stop at once, S: stop within half a second, g: start, x: 15 MB, w: wait."""
    ended: list[DeliveryEvent] = []
    node = Node("x", {
        "url": "ws://127.0.0.1:1/", "offline-cache": True, "data-dir": str(tmp_path), "sync-interval": 0,
        "queue-max-bytes": 256 << 20}, on_delivery=ended.append)
    node.start()
    accepted = 0
    for call in calls:
        if call == "x":
            for _ in range(5):
                accepted = node.send(bytes(3_000_000))
        elif call in "sS":
            with suppress(NeuronWSError):
                node.stop(0 if call == "s" else 0.5)
        else:
            {"f": node.forget, "g": node.start, "w": lambda: time.sleep(0.1)}[call]()
    began = time.monotonic()
    with suppress(NeuronWSError):
        node.finish(0.5)
    node.close()
    assert time.monotonic() - began < 60
    with suppress(NodeClosed):
        while node.poll(0):
            pass
    assert sum(event.count for event in ended) == accepted == 5 * calls.count("x")
