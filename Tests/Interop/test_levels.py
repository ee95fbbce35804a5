# SPDX-License-Identifier: Apache-2.0
"""The delivery level peer-parsed: what a server did not read is never told as delivered, and comes again."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from websockets.sync.server import ServerConnection, serve

HERE = Path(__file__).resolve().parent
COUNT = 24
SERVERS = {
    "websockets": [sys.executable, str(HERE / "levels_server.py")],
    "node-ws": ["node", str(HERE / "levels_server.js")],
}


class Outcomes:
    """What a node was told of its messages."""

    def __init__(self) -> None:
        self.events: list[neuron_ws.DeliveryEvent] = []

    def __call__(self, event: neuron_ws.DeliveryEvent) -> None:
        self.events.append(event)

    @property
    def delivered(self) -> list[tuple[int, neuron_ws.Level]]:
        return [
            (number, event.level) for event in list(self.events)
            if event.outcome == neuron_ws.Outcome.DELIVERED for number in event.ids
        ]


@contextlib.contextmanager
def running(kind: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        SERVERS[kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
    )
    try:
        yield process
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.kill()
        process.wait(10)
        process.stdout.close()


def wait(node: neuron_ws.Node, condition: Callable[[], object], timeout: float = 20) -> None:
    """Takes the node's events until the condition holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, node.state.message
        node.poll(0.02)


def settings(port: int, **more: Any) -> dict[str, Any]:
    return {"url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.01, "reconnect-max": 0.05, **more}


@pytest.mark.parametrize("level", ["best-effort", "peer-parsed"])
@pytest.mark.parametrize("kind", SERVERS)
def test_what_a_server_did_not_read_is_not_called_delivered_and_comes_again(kind: str, level: str) -> None:
    with running(kind) as server:
        assert server.stdin is not None and server.stdout is not None
        port = int(server.stdout.readline())
        told = Outcomes()
        with neuron_ws.Node("levels", settings(port, delivery=level), on_delivery=told) as node:
            wait(node, lambda: node.state.link == 1)
            for number in range(COUNT):
                node.send(f"message {number}")
            if level == "best-effort":
                # The kernel has them all, and so they count: this is what the other level is for.
                wait(node, lambda: len(told.delivered) == COUNT)
                return
            node.flush(neuron_ws.Level.WRITTEN, timeout=30)
            server.stdin.write("close\n")
            server.stdin.flush()
            # Nothing was read of the first connection, and all comes on the second, once and in order.
            lines = [json.loads(server.stdout.readline()) for _ in range(COUNT)]
            assert lines == [f"message {number}" for number in range(COUNT)]
            wait(node, lambda: len(told.delivered) == COUNT)
            assert told.delivered == [(number + 1, neuron_ws.Level.PEER_PARSED) for number in range(COUNT)]
            assert node.metrics.messages_resent == COUNT
            assert node.state.level == neuron_ws.Level.PEER_PARSED
            node.flush(neuron_ws.Level.PEER_PARSED, timeout=5)


def answering(answer: bytes | None) -> bad.Behaviour:
    """Reads everything, sends messages of its own, and answers Pings with these bytes; None: not at all."""

    def behave(peer: bad.Peer) -> None:
        peer.open()
        while True:
            got = peer.read_frame()
            if got.opcode == bad.CLOSE:
                return peer.send(bad.frame(bad.CLOSE, got.payload))
            if got.opcode == bad.PING and answer is not None:
                peer.send(bad.frame(bad.PONG, answer))
            peer.send(bad.frame(bad.TEXT, b"alive"))

    return behave


@pytest.mark.parametrize("answer", [None, b"", b"other bytes"], ids=["no Pong", "an empty Pong", "another Pong"])
def test_a_server_that_lives_and_does_not_echo_degrades_the_level_and_that_is_said(answer: bytes | None) -> None:
    told, lines = Outcomes(), list[str]()
    with bad.BadServer(answering(answer)) as server:
        document = settings(server.port, delivery="peer-parsed", **{"ping-timeout": 0.1})
        with neuron_ws.Node(
            "levels", document, on_delivery=told, on_log=lambda event: lines.append(event.text)
        ) as node:
            node.send("one")
            wait(node, lambda: len(told.delivered) == 1)
            assert told.delivered == [(1, neuron_ws.Level.WRITTEN)]
            assert node.state.level == neuron_ws.Level.WRITTEN
            wait(node, lambda: any("does not answer Pings" in line for line in lines))
            with pytest.raises(neuron_ws.Unsupported, match="does not answer Pings"):
                node.flush(neuron_ws.Level.PEER_PARSED, timeout=1)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_a_server_that_reads_slowly_and_lives_keeps_the_level(tls: bool, authority: foreign.Authority) -> None:
    """Each Ping's answer takes some times as long as the server is given: what counts is that it goes on reading."""
    came: list[str] = []

    def read(connection: ServerConnection) -> None:
        for message in connection:
            came.append(str(message)[:3])
            time.sleep(0.02)

    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 10)
    port = listener.getsockname()[1]
    context = authority.server_context() if tls else None
    told, lines = Outcomes(), list[str]()
    with serve(read, sock=listener, ssl=context, compression=None, max_size=None, max_queue=2) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        document = settings(port, delivery="peer-parsed", **{
            "ping-timeout": 0.3, "ping-interval": 0.1, "ca": str(authority.ca)})
        if tls:
            document["url"] = document["url"].replace("ws:", "wss:")
        with neuron_ws.Node(
            "levels", document, on_delivery=told, on_log=lambda event: lines.append(event.text)
        ) as node:
            for number in range(150):
                node.send(f"{number:03}" + "x" * 60_000)
            wait(node, lambda: len(told.delivered) == 150, 60)
            metrics = node.metrics
    assert came == [f"{number:03}" for number in range(150)]
    assert told.delivered == [(number + 1, neuron_ws.Level.PEER_PARSED) for number in range(150)]
    assert (metrics.connections_opened, metrics.messages_resent) == (1, 0)
    # It was as slow as that.
    assert metrics.pongs_timed > metrics.pongs_within_500ms
    assert not any("does not answer Pings" in line for line in lines)


def test_keep_alives_that_are_answered_with_other_bytes_are_no_progress() -> None:
    """They come more often than the server is given time, and each of them is taken and read."""
    told = Outcomes()
    with bad.BadServer(answering(b"other bytes")) as server:
        document = settings(server.port, delivery="peer-parsed", **{"ping-timeout": 0.5, "ping-interval": 0.1})
        with neuron_ws.Node("levels", document, on_delivery=told) as node:
            node.send("one")
            wait(node, lambda: len(told.delivered) == 1)
            assert told.delivered == [(1, neuron_ws.Level.WRITTEN)]


def test_pings_that_are_off_leave_nothing_to_ask_with() -> None:
    with pytest.raises(neuron_ws.NeuronWSError, match='"delivery" is `peer-parsed` and needs Pings'):
        neuron_ws.Node("levels", {"url": "ws://127.0.0.1/", "delivery": "peer-parsed", "ping-interval": 0})


def test_a_server_that_answers_every_ping_twice_confirms_each_message_once() -> None:
    told = Outcomes()

    def twice(peer: bad.Peer) -> None:
        peer.open()
        while True:
            got = peer.read_frame()
            if got.opcode == bad.CLOSE:
                return peer.send(bad.frame(bad.CLOSE, got.payload))
            if got.opcode == bad.PING:
                peer.send(bad.frame(bad.PONG, got.payload) * 2)

    with bad.BadServer(twice) as server:
        with neuron_ws.Node("levels", settings(server.port, delivery="peer-parsed"), on_delivery=told) as node:
            for number in range(1000):
                node.send(f"message {number}")
            node.flush(neuron_ws.Level.PEER_PARSED, timeout=20)
            wait(node, lambda: len(told.delivered) == 1000)
            assert [number for number, _ in told.delivered] == list(range(1, 1001))


def test_a_server_that_answers_only_the_newest_ping_confirms_all_the_same() -> None:
    """RFC 6455 allows it: of several Pings the last may be answered alone. Ours come one at a time, a keep-alive's may
    come behind."""
    told = Outcomes()

    def newest_only(peer: bad.Peer) -> None:
        peer.open()
        waiting: list[bytes] = []
        while True:
            got = peer.read_frame()
            if got.opcode == bad.CLOSE:
                return peer.send(bad.frame(bad.CLOSE, got.payload))
            if got.opcode != bad.PING:
                continue
            waiting.append(got.payload)
            # The second of two is answered; the first never is.
            if len(waiting) == 2:
                peer.send(bad.frame(bad.PONG, waiting[1]))
                waiting = []

    with bad.BadServer(newest_only) as server:
        document = settings(server.port, delivery="peer-parsed", **{"ping-interval": 0.2, "ping-timeout": 30})
        with neuron_ws.Node("levels", document, on_delivery=told) as node:
            wait(node, lambda: node.state.link == 1)
            for number in range(50):
                node.send(f"message {number}")
            wait(node, lambda: len(told.delivered) == 50)
            assert {level for _, level in told.delivered} == {neuron_ws.Level.PEER_PARSED}


def test_pongs_before_anything_was_read_confirm_nothing() -> None:
    """A server that sends Pongs of its own, old ones again, and numbers that a keep-alive's Ping might have."""
    told = Outcomes()
    reads = threading.Event()

    def early(peer: bad.Peer) -> None:
        peer.open()
        probe = peer.read_frame()
        assert probe.opcode == bad.PING
        peer.send(bad.frame(bad.PONG, probe.payload))
        guesses = [probe.payload, b"", *(number.to_bytes(8, "big") for number in range(1, 20))]
        guesses += [probe.payload[:8] + number.to_bytes(8, "big") + probe.payload[16:] for number in range(1, 20)]
        while not reads.wait(0.02):
            peer.send(b"".join(bad.frame(bad.PONG, guess) for guess in guesses))
        while True:
            got = peer.read_frame()
            if got.opcode == bad.CLOSE:
                return peer.send(bad.frame(bad.CLOSE, got.payload))
            if got.opcode == bad.PING:
                peer.send(bad.frame(bad.PONG, got.payload))

    with bad.BadServer(early) as server:
        with neuron_ws.Node("levels", settings(server.port, delivery="peer-parsed"), on_delivery=told) as node:
            wait(node, lambda: node.state.link == 1)
            for number in range(10):
                node.send(f"message {number}")
            pongs = node.metrics.pongs_received
            wait(node, lambda: node.metrics.pongs_received > pongs + 500)
            assert told.delivered == [] and node.metrics.queued_messages == 10
            reads.set()
            wait(node, lambda: len(told.delivered) == 10)
            assert {level for _, level in told.delivered} == {neuron_ws.Level.PEER_PARSED}
            metrics = node.metrics
            assert metrics.pongs_timed >= 2 and metrics.pongs_us > 0
            assert metrics.pongs_within_1ms <= metrics.pongs_within_20ms <= metrics.pongs_timed


@pytest.mark.parametrize("level", ["best-effort", "peer-parsed"])
def test_a_full_queue_and_a_host_that_polls_without_pause_lose_no_outcome(level: str) -> None:
    """Default limits. Each message has one outcome, told once, however many there are and however the host polls."""
    seen: list[tuple[int, int]] = []
    with running("websockets") as server:
        assert server.stdin is not None and server.stdout is not None
        port = int(server.stdout.readline())
        threading.Thread(target=server.stdout.read, daemon=True).start()

        def told(event: neuron_ws.DeliveryEvent) -> None:
            assert event.outcome == neuron_ws.Outcome.DELIVERED
            seen.append((event.ids[0], event.ids[-1]))

        with neuron_ws.Node("levels", settings(port, delivery=level), on_delivery=told) as node:
            pushed, refused = 0, 0
            while refused < 3:
                try:
                    node.send("x")
                    pushed += 1
                except neuron_ws.QueueFull:
                    refused += 1
                    if refused == 1:
                        server.stdin.write("close\n")
                        server.stdin.flush()
                if pushed % 100 == 0 or refused:
                    node.poll(0)
            wait(node, lambda: node.metrics.queued_messages == 0, timeout=300)
            node.poll(0)
            assert node.metrics.events_dropped == 0
            assert pushed >= 200_000
            first = 1
            for begin, end in seen:
                assert begin == first, (begin, first)
                first = end + 1
            assert first == pushed + 1
