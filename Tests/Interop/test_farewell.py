# SPDX-License-Identifier: Apache-2.0
"""A node that is destroyed, or stopped at once, says 1001: the server sees no broken connection."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from bad_servers import BadServer

pytestmark = pytest.mark.usefixtures("no_leaks")


def settings(server: foreign.Server, authority: foreign.Authority, tls: bool) -> dict[str, object]:
    return {"url": server.url.replace("127.0.0.1", "localhost"), **({"ca": str(authority.ca)} if tls else {})}


def destroy(node: neuron_ws.Node) -> None:
    node.close(timeout=0)


def stop(node: neuron_ws.Node) -> None:
    node.stop(timeout=0)


@pytest.mark.parametrize("end", [destroy, stop])
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("load", ["idle", "messages", "half-written", "talking"])
def test_the_server_sees_1001(end: object, tls: bool, load: str, authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context() if tls else None, echo=load == "talking") as server:
        node = neuron_ws.Node("farewell", settings(server, authority, tls))
        node.start()
        foreign.wait_until(lambda: node.state.link)
        for _ in range({"idle": 0, "messages": 1000, "half-written": 1, "talking": 10}[load]):
            node.send("x" * (8_000_000 if load == "half-written" else 100))
        begin = time.monotonic()
        end(node)  # type: ignore[operator]
        assert time.monotonic() - begin < 0.7
        foreign.wait_until(lambda: len(server.close_codes) == 1)
        assert server.close_codes == [1001]
        node.close()


@pytest.mark.parametrize("end", [destroy, stop])
@pytest.mark.parametrize("behaviour", [bad.never_reads, bad.reads_but_answers_nothing])
def test_it_takes_no_longer_than_a_moment(end: object, behaviour: bad.Behaviour) -> None:
    with BadServer(behaviour) as server:
        node = neuron_ws.Node("farewell", {"url": f"ws://127.0.0.1:{server.port}/"})
        node.start()
        foreign.wait_until(lambda: node.state.link)
        node.send(b"x" * 8_000_000)
        begin = time.monotonic()
        end(node)  # type: ignore[operator]
        # 200 ms, and what the machine adds.
        assert time.monotonic() - begin < 0.7
        node.close()


def slow_to_part(peer: bad.Peer) -> None:
    peer.open()
    while peer.read_frame().opcode != bad.CLOSE:
        pass
    peer.server.stopping.wait(0.5)


def test_a_start_ends_the_stop_that_waits() -> None:
    """It waited for 2 s more than it was given, and then named a callback of the host, which there was none of."""
    with BadServer(slow_to_part) as server:
        node = neuron_ws.Node("twice", {"url": f"ws://127.0.0.1:{server.port}/"})
        node.start()
        foreign.wait_until(lambda: node.state.link)
        failures: list[Exception] = []

        def stopping() -> None:
            try:
                node.stop(timeout=20)
            except neuron_ws.NeuronWSError as error:
                failures.append(error)

        thread = threading.Thread(target=stopping)
        begin = time.monotonic()
        thread.start()
        foreign.wait_until(lambda: node.state.phase is neuron_ws.Phase.CLOSING)
        node.start()
        thread.join()
        assert not failures and time.monotonic() - begin < 15
        foreign.wait_until(lambda: node.state.link and server.count == 2)
        node.stop(timeout=20)
        assert node.state.phase is neuron_ws.Phase.IDLE
        node.close()


def test_a_start_is_told_at_once() -> None:
    with BadServer(bad.never_reads) as server:
        for _ in range(50):
            with neuron_ws.Node("soon", {"url": f"ws://127.0.0.1:{server.port}/"}) as node:
                assert "has not been started" not in node.state.message


PROGRAM = """
import sys
import neuron_ws
node = neuron_ws.Node("process", {"url": sys.argv[1]})
node.start()
while not node.state.link:
    pass
node.send("last words")
node.close(timeout=0)
"""


def test_a_process_that_destroys_and_ends_has_said_it() -> None:
    with foreign.Server() as server:
        environment = {**os.environ, "PYTHONPATH": str(foreign.BINDING)}
        subprocess.run([sys.executable, "-c", PROGRAM, server.url], env=environment, check=True, timeout=30)
        foreign.wait_until(lambda: len(server.close_codes) == 1)
        assert server.close_codes == [1001]
