# SPDX-License-Identifier: Apache-2.0
"""What a node with a cache does when there is nothing to do, or little."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import neuron_ws
import pytest
from cache_files import batches, make
from conftest import Exercise, Keeper, count
from websockets.sync.server import ServerConnection, serve


def test_a_node_that_has_its_connection_again_rests(tmp_path: Path) -> None:
    """What was pushed while there was none is not looked for without end; and its other timers fire."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    got: list[object] = []

    def read(connection: ServerConnection) -> None:
        for message in connection:
            got.append(message)

    node = neuron_ws.Node("n", {
        "url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.05, "reconnect-max": 0.05, "offline-cache": True,
        "data-dir": str(tmp_path / "d"), "sync-interval": 30})
    with node:
        node.start()
        begin = time.monotonic()
        server = None
        sent = 0
        while time.monotonic() < begin + 1.5:
            if server is None and time.monotonic() > begin + 0.8:
                server = serve(read, "127.0.0.1", port, compression=None)
                threading.Thread(target=server.serve_forever, daemon=True).start()
            node.send("x")
            sent += 1
            time.sleep(0.003)
        patience = time.monotonic() + 10
        while len(got) < sent and time.monotonic() < patience:
            time.sleep(0.05)
        assert len(got) == sent
        used = time.process_time()
        time.sleep(1.5)
        assert time.process_time() - used < 0.08
        assert server is not None
        server.shutdown()


@pytest.mark.parametrize("delivery", ["best-effort", "peer-parsed"])
def test_what_is_confirmed_in_time_never_touches_the_disk(
    delivery: str, exercise: Exercise, keeper: Keeper, tmp_path: Path
) -> None:
    def calls(number: int, interval: int) -> int:
        return count(
            lambda faults: exercise.inside(
                sends, tmp_path / f"{number}-{interval}", keeper.url, delivery, number, interval, faults=faults),
            "KILL", tmp_path)

    assert calls(1010, interval=60) <= calls(10, interval=60) + 5
    if delivery != "best-effort":
        # That would be seen.
        assert calls(1010, interval=0) > calls(10, interval=0) + 5
    assert len(keeper.numbers) >= 1010 + 10


def sends(directory: str, url: str, delivery: str, number: str, interval: str) -> None:
    with neuron_ws.Node("x", {"url": url, "offline-cache": True, "data-dir": directory, "delivery": delivery,
                              "sync-interval": int(interval)}) as node:
        node.start()
        end = time.monotonic() + 60
        while not node.state.link and time.monotonic() < end:
            time.sleep(0.01)
        for each in range(1, int(number) + 1):
            node.send('{"number":%d,"rest":"%s"}' % (each, "0" * (each * 37 % 300 + 1)))
            if each % 10 == 0:
                node.flush(neuron_ws.Level.WRITTEN if delivery == "best-effort" else neuron_ws.Level.PEER_PARSED, 60)


def test_a_start_reads_no_more_of_very_many_rows_than_of_some(exercise: Exercise, tmp_path: Path) -> None:
    calls, kilobytes = [], []
    for rows in (50_000, 500_000):
        directory = tmp_path / f"{rows}"
        directory.mkdir()
        make(directory / "exercise.nwsc", batches([b"{}"] * rows), "exercise")

        def opens(faults: dict[str, str]) -> None:
            said = exercise.opens(directory, faults)
            assert said.outcomes == {"NEURON_WS_STORED": rows} and said.texts == []
            kilobytes.append(said.kilobytes)

        calls.append(count(opens, "EIO", tmp_path))
    assert calls[1] < calls[0] + 100, calls
    assert kilobytes[1] < kilobytes[0] + 10_000, kilobytes
