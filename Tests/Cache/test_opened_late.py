# SPDX-License-Identifier: Apache-2.0
"""A cache that is opened when messages have been accepted already: what was told as stored arrives in a later life."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import neuron_ws as nw
import pytest
from conftest import NOWHERE
from neuron_ws import Level, Outcome
from websockets.sync.server import ServerConnection, serve

BEFORE, BEHIND = 40, 30


def settings(directory: Path, url: str = NOWHERE, **more: object) -> dict[str, object]:
    return {
        "url": url, "delivery": "peer-parsed", "sequence": True, "offline-cache": True, "data-dir": str(directory),
        "sync-interval": 0.02, "reconnect-min": 0.02, "reconnect-max": 0.1, **more,
    }


def without_cache(all_settings: dict[str, object]) -> dict[str, object]:
    of_cache = ("offline-cache", "data-dir", "sync-interval")
    return {key: value for key, value in all_settings.items() if key not in of_cache}


def started(node: nw.Node) -> nw.Node:
    node.subscribe("*", "*")
    node.start()
    return node


def push(node: nw.Node, first: int, count: int) -> None:
    for number in range(first, first + count):
        node.push("d", "g", {"number": number})


def arrivals(directory: Path) -> list[int]:
    """What the next node of this name sends."""
    numbers: list[int] = []

    def read(connection: ServerConnection) -> None:
        for message in connection:
            numbers.append(json.loads(message)["values"]["number"])

    server = serve(read, "127.0.0.1", 0, compression=None)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with nw.Node("late", settings(directory, f"ws://127.0.0.1:{server.socket.getsockname()[1]}")) as node:
        node.start()
        node.flush(Level.PEER_PARSED, timeout=10)
    server.shutdown()
    return numbers


def configured(node: nw.Node, directory: Path) -> None:
    node.configure(settings(directory))


def made_and_started(node: nw.Node, directory: Path) -> None:
    directory.mkdir(parents=True)
    node.stop()
    node.start()


def forgotten(node: nw.Node, directory: Path) -> None:
    node.stop()
    node.forget()
    node.start()


@pytest.mark.parametrize(
    "begins, opens",
    [("off", configured), ("missing", made_and_started), ("open", forgotten), ("held", configured)],
    ids=["configure", "missing-directory", "forget", "earlier-messages"],
)
def test_what_is_told_as_stored_is_sent_by_the_next_node(
    begins: str, opens: Callable[[nw.Node, Path], None], tmp_path: Path
) -> None:
    directory = tmp_path / "not" / "yet" if begins == "missing" else tmp_path / "data"
    earlier: list[int] = []
    if begins != "missing":
        directory.mkdir()
    if begins == "held":
        # There are some already: they come behind those that the node was given first.
        earlier = list(range(1000, 1010))
        with nw.Node("late", settings(directory, sequence=False)) as node:
            push(started(node), 1000, 10)
            node.flush(Level.STORED, timeout=10)
    first = settings(directory, sequence=begins != "held")
    node = started(nw.Node("late", without_cache(first) if begins in ("off", "held") else first))
    push(node, 0, BEFORE)
    if begins == "held":
        node.configure(first)
    else:
        time.sleep(0.1)
        opens(node, directory)
    push(node, BEFORE, BEHIND)
    node.flush(Level.STORED, timeout=10)
    node.finish(0.1)
    node.close()
    listed = subprocess.run(
        [os.environ["NEURON_WS_TOOL"], "cache", "stat", "--data-dir", str(directory)],
        check=True, capture_output=True, text=True).stdout
    assert str(BEFORE + BEHIND + len(earlier)) in listed, listed
    behind = list(range(BEFORE, BEFORE + BEHIND))
    assert arrivals(directory) == [*range(BEFORE), *earlier, *behind]


KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
import neuron_ws as nw
import test_opened_late as late
directory = Path(sys.argv[1])
node = late.started(nw.Node("late", late.without_cache(late.settings(directory))))
late.push(node, 0, late.BEFORE)
late.configured(node, directory)
late.push(node, late.BEFORE, late.BEHIND)
node.flush(nw.Level.STORED, timeout=10)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_is_told_as_stored_is_there_though_the_process_is_killed(tmp_path: Path) -> None:
    here = str(Path(__file__).parent)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), here], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert arrivals(tmp_path) == list(range(BEFORE + BEHIND))


@pytest.mark.parametrize("ends", ["finish", "destroy"])
def test_each_message_has_one_outcome_where_the_node_ends_as_its_cache_is_opened(ends: str, tmp_path: Path) -> None:
    """Again and again, because it hangs on a moment."""
    for turn in range(30):
        directory = tmp_path / str(turn)
        directory.mkdir()
        told: Counter[Outcome] = Counter()
        node = started(nw.Node(
            "late", without_cache(settings(directory)), on_delivery=lambda run: told.update({run.outcome: run.count})))
        push(node, 0, BEFORE)
        opener = threading.Thread(target=node.configure, args=(settings(directory),))
        opener.start()
        if turn % 3:
            opener.join()
        if ends == "finish":
            node.finish(0)
        opener.join()
        node.close()
        while sum(told.values()) < BEFORE and node.poll():
            pass
        assert sum(told.values()) == BEFORE, (turn, told)


def test_a_file_without_messages_takes_the_numbers_of_a_node_that_opens_it_late(tmp_path: Path) -> None:
    with nw.Node("late", settings(tmp_path)) as node:
        started(node)
    late = started(nw.Node("late", without_cache(settings(tmp_path))))
    push(late, 0, BEFORE)
    configured(late, tmp_path)
    late.flush(Level.STORED, timeout=10)
    assert late.state.cache_error == ""
    late.finish(0.1)
    late.close()
    assert arrivals(tmp_path) == list(range(BEFORE))


def test_the_directory_of_a_cache_stays_though_settings_turn_it_off_between(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    node = started(nw.Node("late", settings(first)))
    node.configure(without_cache(settings(first)))
    with pytest.raises(nw.SettingsError, match=str(first)):
        node.configure(settings(second))
    # However it is written.
    node.configure(settings(first / ".." / "first"))
    push(node, 0, BEFORE)
    node.flush(Level.STORED, timeout=10)
    node.close()
    assert arrivals(first) == list(range(BEFORE))
