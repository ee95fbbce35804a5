# SPDX-License-Identifier: Apache-2.0
"""Servers that confirm wrongly, and a cache on disk: what they did not confirm is still there, and comes once more."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import neuron_ws
import pytest
from conftest import ROOT, Exercise, Keeper

sys.path.insert(0, str(ROOT / "Tests/Interop"))

import bad_servers as bad  # noqa: E402

COUNT = 20
Answer = Callable[[bytes], bytes]


def pong(payload: bytes) -> bytes:
    return bad.frame(bad.PONG, payload)


def reading(peer: bad.Peer, answer: Answer) -> None:
    while True:
        got = peer.read_frame()
        if got.opcode == bad.CLOSE:
            return peer.send(bad.frame(bad.CLOSE, got.payload))
        if got.opcode == bad.PING:
            peer.send(answer(got.payload))


def never(peer: bad.Peer) -> None:
    """No Ping but the probe is answered."""
    peer.open()
    probe = peer.read_frame()
    peer.send(pong(probe.payload))
    reading(peer, lambda payload: b"")


def other_bytes(peer: bad.Peer) -> None:
    peer.open()
    probe = peer.read_frame()
    peer.send(pong(probe.payload))
    reading(peer, lambda payload: pong(payload[:-1] + bytes([payload[-1] ^ 1])) if payload else pong(b"x"))


def before_reading(peer: bad.Peer) -> None:
    """Old answers and guesses come all the time; nothing is read behind the probe."""
    peer.open()
    probe = peer.read_frame()
    peer.send(pong(probe.payload))
    for _ in range(100):
        peer.send(pong(probe.payload) + pong(b"") + pong(probe.payload[:8] + bytes(8)))
        time.sleep(0.01)
    time.sleep(60)


def node_of(port: int, directory: Path, **more: object) -> neuron_ws.Node:
    return neuron_ws.Node("exercise", {
        "url": f"ws://127.0.0.1:{port}/", "offline-cache": True, "data-dir": str(directory), "sync-interval": 0.02,
        "delivery": "peer-parsed", "reconnect-min": 0.01, "reconnect-max": 0.05, **more})


def push(node: neuron_ws.Node, count: int) -> None:
    for number in range(1, count + 1):
        rest = "0" * (number * 37 % 300 + 1)
        node.send(json.dumps({"number": number, "rest": rest}))


@pytest.mark.parametrize("behave", [never, other_bytes, before_reading], ids=lambda each: each.__name__)
def test_what_was_not_confirmed_stays_on_disk_and_comes_to_a_better_server(
    behave: bad.Behaviour, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    with bad.BadServer(behave) as server:
        with node_of(server.port, tmp_path, **{"ping-interval": 30, "ping-timeout": 30}) as node:
            while not node.state.link:
                time.sleep(0.01)
            push(node, COUNT)
            node.flush(neuron_ws.Level.STORED, 60)
            assert node.metrics.queued_messages == COUNT
    (cache,) = neuron_ws.list_caches(tmp_path)
    assert cache.messages == COUNT
    assert exercise.drain(tmp_path, keeper.url).left == (0, 0)
    assert keeper.numbers == list(range(1, COUNT + 1))


def test_one_that_answers_twice_leaves_nothing_on_disk(tmp_path: Path) -> None:
    def twice(peer: bad.Peer) -> None:
        peer.open()
        reading(peer, lambda payload: pong(payload) * 2)

    with bad.BadServer(twice) as server:
        with node_of(server.port, tmp_path) as node:
            push(node, COUNT)
            node.flush(neuron_ws.Level.PEER_PARSED, 60)
    (cache,) = neuron_ws.list_caches(tmp_path)
    assert cache.messages == 0


def test_one_that_answers_the_newest_ping_alone_leaves_nothing_on_disk(tmp_path: Path) -> None:
    def newest(peer: bad.Peer) -> None:
        peer.open()
        waiting: list[bytes] = []

        def second(payload: bytes) -> bytes:
            waiting.append(payload)
            return pong(payload) if len(waiting) % 2 == 0 else b""

        reading(peer, second)

    with bad.BadServer(newest) as server:
        with node_of(server.port, tmp_path, **{"ping-interval": 0.2, "ping-timeout": 60}) as node:
            push(node, COUNT)
            node.flush(neuron_ws.Level.PEER_PARSED, 60)
    (cache,) = neuron_ws.list_caches(tmp_path)
    assert cache.messages == 0


WRONG = [
    "no JSON", "{}", "[]", '{"ack":', '{"ack":"1"}', '{"ack":-1}', '{"ack":1.5}', '{"ack":[1000,"x"]}', '{"ack":null}',
    '{"ack":[[1]]}', '{"ack":1e300}', '{"ack":99999999}', '{"ack":18446744073709551615}', '{"ack":[77,78,79]}',
    json.dumps({"ack": list(range(1000, 1_001_000))}),
]


def most_memory() -> int:
    """Of this process since the last call, kilobytes."""
    (most,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    Path("/proc/self/clear_refs").write_text("5")
    return int(most)


def test_acknowledgements_that_make_no_sense_delete_nothing(tmp_path: Path) -> None:
    """Malformed, of messages that there are none, a million in one: then those that are meant, out of order and
    twice."""
    came: list[dict[str, object]] = []

    def wrong(peer: bad.Peer) -> None:
        peer.open()
        while len(came) < COUNT:
            got = peer.read_frame()
            if got.opcode == bad.TEXT:
                came.append(json.loads(got.payload))
        for document in WRONG:
            peer.send(bad.frame(bad.TEXT, document.encode()))
        peer.send(bad.frame(bad.TEXT, b'{"marker":true}'))
        go_on.wait(60)
        numbers = [each["seq"] for each in came]
        for number in [*reversed(numbers), *numbers]:
            peer.send(bad.frame(bad.TEXT, json.dumps({"ack": [number]}).encode()))
        reading(peer, pong)

    go_on, marked = threading.Event(), threading.Event()
    with bad.BadServer(wrong) as server:
        node = neuron_ws.Node("exercise", {
            "url": f"ws://127.0.0.1:{server.port}/", "offline-cache": True, "data-dir": str(tmp_path),
            "sync-interval": 0.02, "delivery": "app-acked", "ping-interval": 60, "ping-timeout": 60
        }, on_message=lambda message: marked.set() if b"marker" in bytes(str(message), "utf-8") else None)
        with node:
            push(node, COUNT)
            node.flush(neuron_ws.Level.STORED, 60)
            most_memory()
            before = most_memory()
            deadline = time.monotonic() + 60
            while not marked.is_set():
                assert time.monotonic() < deadline, node.state.message
                node.poll(0.02)
            assert node.metrics.queued_messages == COUNT and node.metrics.cached_bytes > 0
            # What they say has 8 MB, some times over: the server runs here too.
            assert most_memory() < before + 60_000
            go_on.set()
            node.flush(neuron_ws.Level.APP_ACKED, 60)
            assert node.metrics.queued_messages == 0
    (cache,) = neuron_ws.list_caches(tmp_path)
    assert cache.messages == 0
