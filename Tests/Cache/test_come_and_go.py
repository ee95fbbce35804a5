# SPDX-License-Identifier: Apache-2.0
"""Disks that come while the node runs, and go: what is said of them is what a next node finds."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import neuron_ws
import pytest
from conftest import NOWHERE, Keeper
from neuron_ws import DeliveryEvent, Level, LogEvent, Node, Outcome, QueueFull

COUNT = 40


def settings(directory: Path, **more: object) -> dict[str, object]:
    return {"url": NOWHERE, "offline-cache": True, "data-dir": str(directory), "sync-interval": 0.02,
            "delivery": "peer-parsed", "reconnect-min": 0.01, "reconnect-max": 0.05, **more}


def started(directory: Path, **more: object) -> Node:
    node = Node("x", settings(directory, **more))
    node.fileno()
    node.start()
    return node


def push(node: Node, count: int = COUNT, first: int = 1) -> None:
    for number in range(first, first + count):
        node.send('{"number":%d,"rest":"%s"}' % (number, "0" * (number * 37 % 300 + 1)))


def ended(node: Node) -> tuple[Counter, list[str]]:
    """What became of each message, exactly one thing, and the lines of the log."""
    node.finish(0.2)
    outcomes: dict[int, Outcome] = {}
    lines = []
    while (event := node.next_event()) is not None:
        if isinstance(event, DeliveryEvent):
            for number in event.ids:
                assert number not in outcomes
                outcomes[number] = event.outcome
        elif isinstance(event, LogEvent):
            lines.append(f"{event.level.name} {event.text}")
    return Counter(outcomes.values()), lines


def nested(folder: Path) -> Path:
    """A directory for a cache, in one that can go with it."""
    (folder / "outer").mkdir()
    return folder / "outer" / "data"


def loses(node: Node, folder: Path) -> None:
    """All that the node has lies on disk, and is deleted there with its directory and that one's."""
    node.flush(Level.STORED, timeout=20)
    shutil.rmtree(folder / "outer")


def taken(push: Callable[[], int]) -> None:
    """Room is made by the loop, which has perhaps not looked yet."""
    deadline = time.monotonic() + 20
    while True:
        try:
            push()
            return
        except QueueFull:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def until(what: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("waits", [False, True])
def test_a_directory_that_comes_while_the_node_runs_is_opened(waits: bool, tmp_path: Path) -> None:
    with started(tmp_path / "later" / "data") as node:
        assert "later" in node.state.cache_error and node.metrics.cache_errors >= 1
        time.sleep(1.5)
        tries = node.metrics.cache_errors
        assert 2 <= tries <= 4
        (tmp_path / "later").mkdir()
        if not waits:
            until(lambda: node.state.cache_error == "")
        push(node)
        # Who waits for it does not wait for the next try.
        node.flush(Level.STORED, timeout=20)
        assert node.state.cache_error == ""
        outcomes, lines = ended(node)
    assert outcomes == {Outcome.STORED: COUNT}
    assert len([line for line in lines if line.startswith("ERROR") and "The node runs without it" in line]) == 1
    assert len([line for line in lines if line.startswith("NOTICE") and "is open now" in line]) == 1
    (cache,) = neuron_ws.list_caches(tmp_path / "later" / "data")
    assert cache.messages == COUNT


def test_what_could_not_be_opened_is_tried_once_more_at_the_end(tmp_path: Path) -> None:
    with started(tmp_path / "later" / "data") as node:
        push(node)
        time.sleep(0.2)
        (tmp_path / "later").mkdir()
        assert ended(node)[0] == {Outcome.STORED: COUNT}


def test_settings_without_a_cache_say_nothing_of_one(tmp_path: Path) -> None:
    with started(tmp_path / "later" / "data") as node:
        assert node.state.cache_error
        node.configure({"url": NOWHERE})
        assert node.state.cache_error == ""


@pytest.mark.parametrize("flushes", [False, True])
def test_a_directory_that_is_deleted_is_made_again_with_all_that_was_there(
    flushes: bool, keeper: Keeper, tmp_path: Path
) -> None:
    with started(tmp_path / "data") as node:
        push(node)
        if flushes:
            node.flush(Level.STORED, timeout=20)
        shutil.rmtree(tmp_path / "data")
        outcomes, lines = ended(node)
    assert outcomes == {Outcome.STORED: COUNT}
    assert any("made anew, whole" in line for line in lines) or not flushes
    with started(tmp_path / "data", url=keeper.url) as node:
        until(lambda: node.metrics.queued_messages == 0)
    assert keeper.numbers == list(range(1, COUNT + 1))


def test_what_is_gone_with_its_directory_is_not_told_as_stored(tmp_path: Path) -> None:
    with started(nested(tmp_path)) as node:
        push(node)
        loses(node, tmp_path)
        # Nothing has asked the disk since.
        outcomes, lines = ended(node)
    assert outcomes == {Outcome.DROPPED_STOPPED: COUNT}
    assert any(line.startswith("ERROR") and "deleted or moved while it was in use" in line for line in lines), lines


def test_what_is_gone_with_its_directory_is_sent_all_the_same(keeper: Keeper, tmp_path: Path) -> None:
    """Few of the messages are in memory: the others are read from a file that has no name any more."""
    directory = nested(tmp_path)
    more = {"queue-max-messages": 10}
    with started(directory, **more) as node:
        for number in range(1, COUNT + 1):
            push(node, 1, first=number)
            node.flush(Level.STORED, timeout=20)
        assert node.metrics.cached_messages > COUNT // 2
        loses(node, tmp_path)
        node.configure(settings(directory, url=keeper.url, **more))
        until(lambda: node.metrics.queued_messages == 0, 60)
        assert ended(node)[0] == {Outcome.DELIVERED: COUNT}
    assert keeper.numbers == list(range(1, COUNT + 1))


def test_a_directory_that_goes_and_comes_again_loses_nothing(keeper: Keeper, tmp_path: Path) -> None:
    directory = nested(tmp_path)
    with started(directory) as node:
        push(node)
        loses(node, tmp_path)
        push(node, first=COUNT + 1)
        until(lambda: "deleted or moved" in node.state.cache_error)
        with pytest.raises(neuron_ws.NeuronWSError):
            node.flush(Level.STORED, timeout=20)
        errors = node.metrics.cache_errors
        assert errors >= 1
        (tmp_path / "outer").mkdir()
        node.flush(Level.STORED, timeout=40)
        assert node.state.cache_error == ""
        assert ended(node)[0] == {Outcome.STORED: COUNT * 2}
    with started(directory, url=keeper.url) as node:
        until(lambda: node.metrics.queued_messages == 0)
    assert keeper.numbers == list(range(1, COUNT * 2 + 1))


@pytest.mark.parametrize("limit", [{"queue-max-messages": 1}, {"queue-max-messages": 2}, {"queue-max-messages": 10},
                                   {"queue-max-bytes": 65536}, {"cache-mem-size": 1}], ids=str)
def test_drop_oldest_keeps_the_newest_however_little_room_there_is(limit: dict[str, int], tmp_path: Path) -> None:
    size = 2_000_000 if "cache-mem-size" in limit else 100_000 if "queue-max-bytes" in limit else 10
    with started(tmp_path / "data", **{"cache-disk-size": 0}, **limit) as node:
        for number in range(1, 31):
            taken(lambda: node.send('{"number":%d,"rest":"%s"}' % (number, "x" * size)))
            time.sleep(0.02)
        until(lambda: node.metrics.queued_messages <= max(1, limit.get("queue-max-messages", 1)))
        time.sleep(0.2)
        left = node.metrics.queued_messages
        assert left >= 1
        outcomes, _ = ended(node)
    # A stop drops what is left: that is the newest.
    assert outcomes == {Outcome.DROPPED_OVERFLOW: 30 - left, Outcome.DROPPED_STOPPED: left}


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_latest_per_group_keeps_the_newest_of_each_however_few_are_kept(limit: int, tmp_path: Path) -> None:
    with started(tmp_path / "data", **{"cache-disk-size": 0, "cache-policy": "latest-per-group",
                                       "queue-max-messages": limit}) as node:
        node.subscribe("*", "*")
        for number in range(60):
            taken(lambda: node.push("d", f"g{number % 3}", {"n": number}))
            time.sleep(0.02)
        until(lambda: node.metrics.queued_messages <= limit)
        assert node.metrics.queued_messages >= min(limit, 3) - 1
        outcomes, _ = ended(node)
    assert outcomes[Outcome.DROPPED_OVERFLOW] >= 60 - limit


def test_a_file_that_goes_again_and_again_leaves_nothing_behind(keeper: Keeper, tmp_path: Path) -> None:
    """Fifty times: stored, moved away and made anew, sent."""
    directory = tmp_path / "data"
    for turn in range(50):
        node = started(directory)
        push(node, first=1 + 2 * COUNT * turn)
        node.flush(Level.STORED, timeout=20)
        for file in directory.glob("*.nwsc"):
            file.rename(tmp_path / file.name)
        push(node, first=1 + 2 * COUNT * turn + COUNT)
        node.flush(Level.STORED, timeout=20)
        node.configure(settings(directory, url=keeper.url))
        node.flush(Level.PEER_PARSED, timeout=20)
        assert ended(node)[0] == {Outcome.DELIVERED: 2 * COUNT}
        node.close()
        files = {each.name: each.stat().st_size for each in directory.iterdir()}
        assert set(files) <= {"x.nwsc", "x.nwsc-journal"} and sum(files.values()) < 2_000_000, files
    assert keeper.numbers == list(range(1, 1 + 2 * COUNT * 50))
