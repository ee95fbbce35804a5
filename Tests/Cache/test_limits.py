# SPDX-License-Identifier: Apache-2.0
"""Each limit at its least, and the process at its own: 64 descriptors."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import foreign
import neuron_ws
import pytest
from conftest import NOWHERE, Exercise, Keeper

# Each at the least that it takes.
LEAST = (',"cache-mem-size":1,"cache-disk-size":1,"queue-max-bytes":65536,"cache-ttl":1000000,'
         '"cache-sync-interval":0')


@pytest.mark.parametrize("settings, key", [
    ({"queue-max-bytes": 1}, "queue-max-bytes"), ({"queue-max-bytes": 65535}, "queue-max-bytes"),
    ({"cache-mem-size": -1}, "cache-mem-size"), ({"cache-disk-size": -1}, "cache-disk-size"),
    ({"cache-disk-size": 0.000001}, "cache-disk-size"), ({"cache-ttl": 0.5}, "cache-ttl"),
    ({"cache-mem-size": 16385}, "cache-mem-size"), ({"cache-disk-size": 10485761}, "cache-disk-size"),
    ({"queue-max-messages": 0}, "queue-max-messages"), ({"cache-policy": "drop-all"}, "cache-policy"),
    ({"sync-interval": -1}, "sync-interval"), ({"durability": "none"}, "durability"),
])
def test_less_than_the_least_is_told_by_its_key(settings: dict[str, object], key: str, tmp_path: Path) -> None:
    with pytest.raises(neuron_ws.SettingsError, match=key):
        neuron_ws.Node("n", {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path / "d"), **settings})
    # Nothing is made for settings that are refused.
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("policy", ["drop-oldest", "drop-newest"])
def test_the_least_of_each_limit_keeps_what_fits(
    policy: str, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """A MB of disk keeps what it holds; the others are told as dropped, or refused.

    A row takes a page of 4 KB at least, and holds what had come when it was written: how many messages a MB is, goes
    by how fast they came.
    """
    said = exercise.write(tmp_path / "data", 1, 2000, 8, f'{LEAST},"cache-policy":"{policy}"')
    assert said.returncode == 0, said.errors
    kept = said.outcomes["NEURON_WS_STORED"]
    # Others found memory full, and were not taken.
    pushed = sum(said.outcomes.values())
    lost = "NEURON_WS_DROPPED_OVERFLOW" if policy == "drop-oldest" else "NEURON_WS_DROPPED_STOPPED"
    assert said.outcomes.get(lost, 0) == pushed - kept, said.outcomes
    assert 200 < kept < 16_000
    assert sum(file.stat().st_size for file in (tmp_path / "data").iterdir()) < 2 << 20
    drained = exercise.drain(tmp_path / "data", keeper.url, LEAST)
    assert drained.left == (0, 0) and len(keeper.numbers) == kept
    # The oldest of all make room, those that lie in memory too.
    first = pushed - kept + 1 if policy == "drop-oldest" else 1
    assert keeper.numbers == list(range(first, first + kept))


def push_when_there_is_room(node: neuron_ws.Node, message: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            node.send(message)
            return
        except neuron_ws.QueueFull:
            assert time.monotonic() < deadline, node.state.message
            time.sleep(0.002)


@pytest.mark.parametrize("how", ["configured", "opened"])
@pytest.mark.parametrize("policy", ["drop-oldest", "latest-per-group", "drop-newest"])
def test_a_smaller_size_is_kept_though_nothing_is_pushed(
    policy: str, how: str, keeper: Keeper, tmp_path: Path
) -> None:
    """What no longer fits goes at once, the oldest first, unless the policy lets nothing go that was stored."""
    count = 300
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-policy": policy,
                "cache-mem-size": 1, "cache-disk-size": 8, "delivery": "peer-parsed", "reconnect-max": 0.1}
    smaller = {**settings, "cache-disk-size": 2}

    def keeps(node: neuron_ws.Node) -> None:
        if policy != "drop-newest":
            foreign.wait_until(lambda: node.metrics.cached_bytes <= 2 << 20, 20)
            assert node.metrics.cached_bytes > 1 << 20
        node.configure({**smaller, "url": keeper.url})
        node.flush(neuron_ws.Level.PEER_PARSED, 60)

    with neuron_ws.Node("n", settings) as node:
        node.start()
        for number in range(1, count + 1):
            rest = "0" * (number * 37 % 300 + 1)
            push_when_there_is_room(node, json.dumps({"number": number, "rest": rest, "more": "x" * 20_000}))
        node.flush(neuron_ws.Level.STORED, 60)
        assert node.metrics.messages_dropped == 0 and node.metrics.cached_bytes > 5 << 20
        if how == "configured":
            node.configure(smaller)
            keeps(node)
    if how == "opened":
        with neuron_ws.Node("n", smaller) as node:
            node.start()
            keeps(node)
    # The newest stay.
    assert keeper.numbers == list(range(count + 1 - len(keeper.numbers), count + 1))
    assert len(keeper.numbers) == count if policy == "drop-newest" else 50 < len(keeper.numbers) < 110


def document(number: int, size: int) -> str:
    return json.dumps({"number": number, "rest": "0" * (number * 37 % 300 + 1), "more": "x" * size})


def test_a_full_disk_from_which_nothing_goes_is_said_once_and_what_follows_waits_in_memory(
    keeper: Keeper, tmp_path: Path
) -> None:
    lines: list[tuple[neuron_ws.LogLevel, str]] = []
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-policy": "drop-newest",
                "cache-disk-size": 1, "sync-interval": 0, "delivery": "peer-parsed", "reconnect-max": 0.1}
    with neuron_ws.Node("n", settings, on_log=lambda event: lines.append((event.level, event.text))) as node:

        def said(what: str) -> list[neuron_ws.LogLevel]:
            node.poll(0)
            return [level for level, text in lines if what in text]

        node.start()
        for number in range(1, 301):
            node.send(document(number, 5000))
        foreign.wait_until(lambda: "The cache is full" in node.state.message, 20)
        for number in range(301, 401):
            node.send(document(number, 5000))
        with pytest.raises(neuron_ws.SystemFailure, match="cannot be stored.* is full"):
            node.flush(neuron_ws.Level.STORED, 20)
        assert said("n.nwsc is full (settings cache-disk-size and cache-policy)") == [neuron_ws.LogLevel.WARN]
        assert node.metrics.messages_rejected == 0 and node.metrics.cached_bytes <= 1 << 20
        node.configure({**settings, "url": keeper.url})
        node.flush(neuron_ws.Level.PEER_PARSED, 60)
        foreign.wait_until(lambda: said("Nothing waits for room in the cache") == [neuron_ws.LogLevel.NOTICE], 20)
        assert len(said("is full")) == 1 and "The cache is full" not in node.state.message
    assert keeper.numbers == list(range(1, 401))


@pytest.mark.parametrize("policy", ["drop-oldest", "latest-per-group"])
def test_what_lies_on_disk_makes_no_room_when_nothing_more_is_kept_there(
    policy: str, keeper: Keeper, tmp_path: Path
) -> None:
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-policy": policy,
                "queue-max-bytes": 131_072, "sync-interval": 0, "delivery": "peer-parsed",
                "reconnect-max": 0.1}
    with neuron_ws.Node("n", settings) as node:
        node.start()
        for number in range(1, 501):
            push_when_there_is_room(node, document(number, 1000))
        node.flush(neuron_ws.Level.STORED, 20)
        node.configure({**settings, "cache-disk-size": 0})
        for number in range(501, 801):
            with contextlib.suppress(neuron_ws.QueueFull):
                node.send(document(number, 1000))
            time.sleep(0.001)
        node.configure({**settings, "cache-disk-size": 0, "url": keeper.url})
        node.flush(neuron_ws.Level.PEER_PARSED, 60)
    came = keeper.numbers
    assert came[:500] == list(range(1, 501)) and came == sorted(came)


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """Shakes hands, and reads nothing."""
    ends = threading.Event()

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += connection.recv(1)
            (key,) = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.startswith(b"Sec-WebSocket-Key")]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                               b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            ends.wait(120)

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
        ends.set()


@pytest.mark.parametrize("disk", [0, 8])
def test_drop_oldest_refuses_nothing_while_a_server_does_not_read(disk: int, keeper: Keeper, tmp_path: Path) -> None:
    """What waits behind the messages on their way, which the kernel has some MB of, makes room: the newest arrive."""
    count = 1500
    with silent_server() as url:
        settings = {"url": url, "offline-cache": True, "data-dir": str(tmp_path / "data"), "cache-mem-size": 8,
                    "cache-disk-size": disk, "sync-interval": 0.02, "delivery": "peer-parsed"}
        with neuron_ws.Node("n", settings) as node:
            node.start()
            deadline = time.monotonic() + 30
            while node.state.link != 1 and time.monotonic() < deadline:
                time.sleep(0.01)
            for number in range(1, count + 1):
                # Slower than any disk: some 5 MB a second.
                if number % 10 == 0:
                    time.sleep(0.04)
                rest = "0" * (number * 37 % 300 + 1)
                node.send(json.dumps({"number": number, "rest": rest, "more": "x" * 20_000}))
            assert node.metrics.messages_dropped > count // 2
            node.configure({**settings, "url": keeper.url})
            node.flush(neuron_ws.Level.PEER_PARSED, 60)
            dropped = node.metrics.messages_dropped
    # What was on its way to the silent server comes again; behind it the oldest are missing, and only they.
    assert len(keeper.numbers) == count - dropped and keeper.numbers[0] == 1 and keeper.numbers[-1] == count
    gaps = [right for left, right in zip(keeper.numbers, keeper.numbers[1:]) if right != left + 1]
    assert len(gaps) == 1, gaps


@pytest.mark.parametrize("policy", ["drop-oldest", "drop-newest"])
@pytest.mark.parametrize("limit, size", [
    ({"queue-max-messages": 1}, 100), ({"queue-max-messages": 3}, 100), ({"cache-mem-size": 1}, 700_000),
    ({"queue-max-bytes": 65536}, 60_000), ({"queue-max-bytes": 65536}, 300_000),
])
def test_what_lies_on_disk_keeps_nothing_out(
    limit: dict[str, int], size: int, policy: str, keeper: Keeper, tmp_path: Path
) -> None:
    """One message fills memory: those behind it are stored one by one, and all arrive."""
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-policy": policy,
                "cache-disk-size": 64, "delivery": "peer-parsed", "reconnect-max": 0.1, **limit}
    with neuron_ws.Node("one", settings) as node:
        node.start()
        for number in range(1, 21):
            rest = "0" * (number * 37 % 300 + 1)
            push_when_there_is_room(node, json.dumps({"number": number, "rest": rest, "more": "x" * size}))
        node.flush(neuron_ws.Level.STORED, 20)
        assert (node.metrics.messages_dropped, node.metrics.queued_messages) == (0, 20)
        node.configure({**settings, "url": keeper.url})
        node.flush(neuron_ws.Level.PEER_PARSED, 30)
    assert keeper.numbers == list(range(1, 21))


@pytest.mark.parametrize("size", [1 << 20, 16 << 20])
def test_a_message_larger_than_the_cache_is_refused_and_those_behind_it_are_kept(size: int, tmp_path: Path) -> None:
    settings = {"url": NOWHERE, "offline-cache": True, "data-dir": str(tmp_path), "cache-disk-size": 1,
                "cache-mem-size": 8, "delivery": "peer-parsed"}
    with neuron_ws.Node("n", settings) as node:
        node.start()
        node.send("before")
        with pytest.raises(neuron_ws.TooBig):
            node.send("x" * size)
        node.send("behind")
        node.flush(neuron_ws.Level.STORED, 60)
    contents: list[bytes] = []
    neuron_ws.read_cache(tmp_path, "n", lambda message: contents.append(message.content))
    assert contents == [b"before", b"behind"]


FEW = """
import json, os, resource, sys
import neuron_ws
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
url, directory = sys.argv[1:]
settings = {"url": url, "offline-cache": True, "data-dir": directory, "delivery": "peer-parsed",
            "sync-interval": 0.02, "reconnect-min": 0.01, "reconnect-max": 0.05}
nodes, refused, without = [], [], []
for number in range(80):
    try:
        node = neuron_ws.Node(f"node-{number}", settings)
        node.start()
    except neuron_ws.NeuronWSError as error:
        refused.append(str(error))
        continue
    if node.state.cache_error: without.append(node.state.cache_error)
    nodes.append(node)
stored = []
for node in nodes:
    for count in range(5): node.send(json.dumps({"node": node.name, "count": count}))
for node in nodes:
    try:
        node.flush(neuron_ws.Level.STORED, 60)
        stored.append(node.name)
    except neuron_ws.NeuronWSError as error:
        without.append(str(error))
for node in nodes: node.close()
print(json.dumps({"stored": stored, "refused": refused[:2], "without": without[:2], "nodes": len(nodes),
                  "descriptors": len(os.listdir("/proc/self/fd"))}))
# Some go, and there is room again.
node = neuron_ws.Node("later", settings)
node.start()
node.send("{}")
node.flush(neuron_ws.Level.STORED, 60)
node.close()
"""


def test_64_descriptors_are_said_where_they_end_and_damage_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FEW, NOWHERE, str(tmp_path)], capture_output=True, text=True, timeout=300,
        env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert 5 <= len(said["stored"]) < 80, said
    assert any("oo many open files" in text for text in [*said["refused"], *said["without"]]), said
    caches = {cache.node: cache for cache in neuron_ws.list_caches(tmp_path) if not cache.error}
    for name in said["stored"]:
        assert caches[name].messages == 5, name
    assert caches["later"].messages == 1


@pytest.mark.parametrize("kilobytes", [0, 1, 40, 200, 300])
def test_a_process_that_may_make_no_large_files_goes_on(
    kilobytes: int, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    """The system's way to say so is a signal that ends a process (SIGXFSZ): when the file is made, when it grows."""
    rounds, count = 20, 100
    said = exercise.run(
        "write", NOWHERE, tmp_path / "d", 1, count, rounds, ',"cache-policy":"drop-newest"',
        before=["prlimit", f"--fsize={kilobytes * 1024}"], timeout=300)
    assert said.returncode == 0, (said.returncode, said.errors)
    assert any("ulimit -f" in text for text in said.texts), said.texts
    assert said.texts and said.stored < rounds * count, said.stored
    assert said.stored > 0 or kilobytes < 200
    drained = exercise.drain(tmp_path / "d", keeper.url)
    assert drained.returncode == 0 and drained.left == (0, 0), drained.errors
    assert len(keeper.numbers) >= said.stored and keeper.numbers == list(range(1, len(keeper.numbers) + 1))


@pytest.mark.parametrize("policy", ["drop-oldest", "latest-per-group"])
@pytest.mark.parametrize("sizes", [
    [100, 900_000, 900_000, 1_000_000], [100, 600_000, 600_000, 600_000], [5000] * 150 + [400_000], [300_000] * 12,
])
def test_in_memory_alone_a_large_message_finds_the_room_that_the_oldest_make(policy: str, sizes: list[int]) -> None:
    """However little is missing; and whoever waits for room hears of it, though nothing can be sent."""
    rooms: list[float] = []
    with neuron_ws.Node(
        "n", {"url": NOWHERE, "offline-cache": True, "cache-disk-size": 0, "cache-mem-size": 1, "cache-policy": policy},
        on_room=lambda: rooms.append(time.monotonic()),
    ) as node:
        for size in sizes:
            end = time.monotonic() + 20
            while True:
                told = len(rooms)
                try:
                    number = node.send(b"b" * size)
                    break
                except neuron_ws.QueueFull:
                    while len(rooms) == told:
                        assert time.monotonic() < end, (size, node.state.message, node.metrics.queued_bytes)
                        node.poll(0.05)
        assert number == len(sizes) and node.metrics.queued_messages > 0
