# SPDX-License-Identifier: Apache-2.0
"""cache-policy latest-per-group: of a full cache the newest of each group arrive, by the time of their data."""

import json
import threading
from pathlib import Path
from time import sleep

import pytest
from conftest import NOWHERE
from neuron_ws import DeliveryEvent, Level, Node, Outcome, QueueFull
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

GROUPS = 20
ROUNDS = 150


@pytest.mark.parametrize("disk", [0, 1])
def test_the_newest_of_each_group_arrive(tmp_path: Path, disk: int) -> None:
    arrived: list[tuple[str, int]] = []

    def read(connection: ServerConnection) -> None:
        try:
            for message in connection:
                document = json.loads(message)
                arrived.append((document["group"], document["timestamp"]))
        except ConnectionClosed:
            pass

    server = serve(read, "127.0.0.1", 0, compression=None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings: dict[str, object] = {
        "url": NOWHERE,
        "delivery": "peer-parsed",
        "offline-cache": True,
        "cache-policy": "latest-per-group",
        "cache-mem-size": 1,
        "cache-disk-size": disk,
        "data-dir": str(tmp_path),
        "sync-interval": 0.02,
        "reconnect-min": 0.01,
        "reconnect-max": 0.05,
    }
    # Data come late: what is newest comes in the middle.
    times = [1_000_000 + each for each in range(ROUNDS)]
    times = times[::2] + times[1::2][::-1]
    with Node("latest", settings) as node:
        node.start()
        node.subscribe("*", "*")
        for time in times:
            for group in range(GROUPS):
                while True:
                    try:
                        node.push("driver", f"group{group}", {"text": "x" * 1000}, timestamp=time)
                        break
                    except QueueFull:
                        sleep(0.01)
        assert node.metrics.messages_dropped > 0
        node.configure({**settings, "url": f"ws://127.0.0.1:{server.socket.getsockname()[1]}"})
        node.flush(Level.PEER_PARSED, timeout=60)
        left = GROUPS * ROUNDS - node.metrics.messages_dropped
    server.shutdown()
    assert len(arrived) >= left
    newest = {group: max(time for each, time in arrived if each == group) for group, _ in arrived}
    assert len(newest) == GROUPS
    assert set(newest.values()) == {max(times)}


def test_in_memory_no_more_goes_than_has_to(tmp_path: Path) -> None:
    """One group: all but the newest are superseded. What is kept of them is what there is room for."""
    settings: dict[str, object] = {
        "url": NOWHERE, "offline-cache": True, "cache-policy": "latest-per-group", "cache-mem-size": 1,
        "cache-disk-size": 0, "data-dir": str(tmp_path)}
    with Node("latest", settings) as node:
        node.start()
        node.subscribe("*", "*")
        least = most = 0
        for time in range(4000):
            while True:
                try:
                    node.push("driver", "group", {"text": "x" * 1000}, timestamp=1_000_000 + time)
                    break
                except QueueFull:
                    sleep(0.005)
            sleep(0.0005)
            waiting = node.metrics.queued_bytes
            most = max(most, waiting)
            if waiting < most:
                least = min(least or waiting, waiting)
        assert node.metrics.messages_dropped > 1000
        assert most <= 1 << 20 and least >= most // 2, (least, most)


@pytest.mark.parametrize("more", [{}, {"delivery": "app-acked"}, {"resend-priority": "live-first"}], ids=str)
def test_behind_one_that_stays_the_others_go_from_disk_too(more: dict[str, object], tmp_path: Path) -> None:
    """The newest of a group that is seldom pushed lies in front. What is told as dropped does not come again, what
    there is room for is kept."""
    told: dict[Outcome, int] = {}
    arrived: list[int] = []

    def read(connection: ServerConnection) -> None:
        try:
            for message in connection:
                arrived.append(json.loads(message)["timestamp"])
        except ConnectionClosed:
            pass

    def count(event: DeliveryEvent) -> None:
        told[event.outcome] = told.get(event.outcome, 0) + event.count

    settings: dict[str, object] = {
        "url": NOWHERE, "offline-cache": True, "cache-policy": "latest-per-group", "cache-mem-size": 1,
        "cache-disk-size": 1, "data-dir": str(tmp_path), "sync-interval": 0.02, "delivery": "peer-parsed", **more}
    with Node("latest", settings, on_delivery=count) as node:
        node.start()
        node.subscribe("*", "*")
        node.push("driver", "slow", {"text": "x"}, timestamp=1)
        for number in range(6000):
            while True:
                try:
                    node.push("driver", "fast", {"text": "x" * 400}, timestamp=1000 + number)
                    break
                except QueueFull:
                    sleep(0.005)
            if number % 200 == 0:
                node.flush(Level.STORED, 20)
        node.finish(0)
        node.poll(0.2)
    assert sum(told.values()) == 6001 and set(told) == {Outcome.DROPPED_OVERFLOW, Outcome.STORED}, told
    # Half of the disk at least, in messages of some 500 bytes.
    assert told[Outcome.STORED] > 1000
    server = serve(read, "127.0.0.1", 0, compression=None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings["url"] = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
    with Node("latest", {**settings, "delivery": "peer-parsed"}) as node:
        node.start()
        node.flush(Level.WRITTEN, 30)
        node.finish(10)
    server.shutdown()
    assert len(arrived) == told[Outcome.STORED] and arrived[0] == 1 and arrived[-1] == 6999
    assert arrived == sorted(set(arrived))
