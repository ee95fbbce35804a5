# SPDX-License-Identifier: Apache-2.0
"""When a connection counts as dead: slow links and slow readers live, what is gone is found in bounded time."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from bad_servers import PING, PONG, BadServer, Behaviour, frame
from neuron_ws import EventKind, Phase, Reason

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1}


def started(port: int, **settings: object) -> neuron_ws.Node:
    return neuron_ws.Node("live", {"url": f"ws://127.0.0.1:{port}/", **QUICK, **settings})


@contextlib.contextmanager
def with_buffer(behaviour: Behaviour, size: int) -> Iterator[BadServer]:
    """A server whose connections have such a receive buffer from their beginning."""
    with BadServer(behaviour) as server:
        server._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        yield server


def slow_reader(rate: int, got: list[int], pause: float = 0) -> Behaviour:
    """Reads so many bytes a second; answers Pings when it comes to them."""
    def behave(peer: bad.Peer) -> None:
        peer.open()
        peer.server.stopping.wait(pause)

        def read_exactly(count: int) -> bytes:
            while len(peer._input) < count:
                more = peer.socket.recv(max(1, rate // 50))
                if not more:
                    raise ConnectionError("the client closed")
                peer._input += more
                peer.server.stopping.wait(len(more) / rate)
            data, peer._input = peer._input[:count], peer._input[count:]
            return data

        peer.read_exactly = read_exactly  # type: ignore[method-assign]
        while True:
            one = peer.read_frame()
            if one.opcode == PING:
                peer.send(frame(PONG, one.payload))
            elif one.opcode == bad.CLOSE:
                peer.send(frame(bad.CLOSE, one.payload))
                return
            else:
                got.append(len(one.payload))
    return behave


@pytest.mark.parametrize("rate, buffer, size, timeout", [
    # Its window is open for moments only; the kernel's own user timeout would end this one.
    (20_000, 4096, 100_000, 1),
    (200_000, 65_536, 1_000_000, 1),
    # The Ping is acknowledged, and read seconds after that: only the window tells that the server reads.
    (200_000, 512 << 10, 1_500_000, 2),
], ids=["tiny-window", "small-window", "large-buffer"])
def test_a_slow_reader_is_not_dead(rate: int, buffer: int, size: int, timeout: float) -> None:
    got: list[int] = []
    settings = {"ping-interval": 0.3, "ping-timeout": timeout}
    with with_buffer(slow_reader(rate, got), buffer) as server, started(server.port, **settings) as node:
        foreign.wait_until(lambda: node.state.phase is Phase.OPEN)
        node.send(b"x" * size)
        node.send("behind it")
        foreign.wait_until(lambda: len(got) == 2, 30)
        assert got == [size, 9] and server.count == 1
        foreign.wait_until(lambda: node.metrics.pongs_received > 1, 10)
        assert node.metrics.messages_resent == 0 and node.metrics.disconnections == 0


class Relay:
    """Carries so many bytes a second to a server, with little in between, and all that comes back at once."""

    def __init__(self, target: int, rate: int) -> None:
        self._rate = rate
        self._target = target
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = self._listener.getsockname()[1]
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        self._sockets: list[socket.socket] = []

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [near, far]
            for source, sink, rate in ((near, far, self._rate), (far, near, 0)):
                self._threads.append(threading.Thread(target=self._carry, args=(source, sink, rate), daemon=True))
                self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket, rate: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(rate // 50 if rate else 65_536):
                sink.sendall(data)
                if rate:
                    self._stopping.wait(len(data) / rate)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Relay:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        for one in [self._listener, *self._sockets]:
            one.close()


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_a_slow_link_is_not_dead(tls: bool, authority: foreign.Authority) -> None:
    context = authority.server_context() if tls else None
    with foreign.Server(tls=context) as server, Relay(server.port, 200_000) as relay:
        settings: dict[str, object] = {
            "url": f"{'wss' if tls else 'ws'}://localhost:{relay.port}/", "ping-interval": 0.3, "ping-timeout": 0.7,
            **QUICK,
        }
        if tls:
            settings["ca"] = str(authority.ca)
        with neuron_ws.Node("link", settings) as node:
            messages = ["x" * 600_000, *(str(number) * 50_000 for number in range(9))]
            for message in messages:
                node.send(message)
            assert server.wait_for(10, 30) == messages
            assert node.metrics.disconnections == 0 and server.connections == 1


@pytest.mark.parametrize("payload", [b"", b"something else", b"\0" * 8, b"\xff" * 8], ids=["empty", "text", "0", "ff"])
def test_any_pong_is_a_sign_of_life(payload: bytes) -> None:
    def behave(peer: bad.Peer) -> None:
        peer.open()
        while True:
            one = peer.read_frame()
            if one.opcode == PING:
                peer.send(frame(PONG, payload))
            elif one.opcode == bad.CLOSE:
                peer.send(frame(bad.CLOSE, one.payload))
                return

    lines: list[str] = []
    settings: dict[str, object] = {"ping-interval": 0.1, "ping-timeout": 0.3}
    with BadServer(behave) as server:
        node = neuron_ws.Node(
            "pong", {"url": f"ws://127.0.0.1:{server.port}/", **QUICK, **settings}, events=EventKind.LOG,
            on_log=lambda event: lines.append(event.text))
        with node:
            foreign.wait_until(lambda: node.metrics.pongs_received >= 15, 20)
            node.poll()
            assert server.count == 1 and node.metrics.disconnections == 0
            assert node.metrics.round_trip_us == 0
            assert len([line for line in lines if "not the echo" in line]) == 1


def test_without_pings_a_server_may_pause(tmp_path: Path) -> None:
    got: list[int] = []
    settings = {"ping-interval": 0, "ping-timeout": 0.3}
    behaviour = slow_reader(50_000_000, got, pause=3)
    with with_buffer(behaviour, 4096) as server, started(server.port, **settings) as node:
        node.send(b"x" * 8_000_000)
        foreign.wait_until(lambda: got == [8_000_000], 30)
        assert server.count == 1 and node.metrics.disconnections == 0


@pytest.mark.parametrize("settings", [
    {"user-timeout": 60, "ping-interval": 60, "ping-timeout": 60},
    {"ping-interval": 60, "ping-timeout": 60}, {"ping-interval": 0},
], ids=["user-timeout", "defaults", "no-pings"])
def test_new_ping_settings_are_in_force_at_once(settings: dict[str, object]) -> None:
    with BadServer(bad.reads_but_answers_nothing) as server, started(server.port, **settings) as node:
        foreign.wait_until(lambda: node.state.phase is Phase.OPEN)
        new = {**settings, "ping-interval": 0.2, "ping-timeout": 0.3}
        node.configure({"url": f"ws://127.0.0.1:{server.port}/", **QUICK, **new})
        foreign.wait_until(lambda: node.state.reason is Reason.PING_TIMEOUT, 5)
        assert node.metrics.pings_sent >= 1


@pytest.mark.skipif(not shutil.which("ss"), reason="ss is not installed (make test-dependencies)")
@pytest.mark.parametrize("pings", [0, 20])
def test_tcp_keep_alive_is_on_whether_or_not_there_are_pings(pings: int) -> None:
    with foreign.Server() as server, started(server.port, **{"ping-interval": pings}) as node:
        foreign.wait_until(lambda: node.state.link, 20)

        def timers() -> str:
            words = ["ss", "-tnoH", "state", "established", f"dport = :{server.port}"]
            return subprocess.run(words, capture_output=True, text=True, check=True).stdout

        # The timer of data without acknowledgement is shown in its place while there is some.
        foreign.wait_until(lambda: "timer:(keepalive" in timers(), 20, timers())


@contextlib.contextmanager
def stopped_process(settings: dict[str, object]) -> Iterator[neuron_ws.Node]:
    """A node connected to a server whose process hangs from then on: its kernel acknowledges and never answers."""
    program = [sys.executable, str(Path(__file__).resolve().parent / "server.py")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            with started(int(server.stdout.readline()), **settings) as node:
                foreign.wait_until(lambda: node.state.phase is Phase.OPEN)
                server.send_signal(signal.SIGSTOP)
                yield node
                node.stop(timeout=0)
        finally:
            server.send_signal(signal.SIGCONT)
            server.stdin.close()
            server.wait(10)


@pytest.mark.parametrize("push", ["nothing", "little", "much"])
def test_a_server_that_hangs_is_found(push: str) -> None:
    settings: dict[str, object] = {"ping-interval": 0.3, "ping-timeout": 0.5, "connect-timeout": 1}
    with stopped_process(settings) as node:
        begin = time.monotonic()
        while node.state.reason is not Reason.PING_TIMEOUT:
            # What is pushed meanwhile is acknowledged by the kernel, until its buffer is full.
            with contextlib.suppress(neuron_ws.QueueFull):
                if push != "nothing":
                    node.send("x" * (1_000 if push == "little" else 400_000))
            assert time.monotonic() - begin < 10
            time.sleep(0.02)
        assert "ping-timeout" in node.state.message
        if push == "little":
            assert time.monotonic() - begin < 4


def test_a_server_that_stops_reading_is_found() -> None:
    settings = {"ping-interval": 0.3, "ping-timeout": 0.5}
    with BadServer(bad.never_reads) as server, started(server.port, **settings) as node:
        foreign.wait_until(lambda: node.state.phase is Phase.OPEN)
        node.send(b"x" * 8_000_000)
        foreign.wait_until(lambda: node.state.reason is Reason.PING_TIMEOUT, 8)


CHILD = """
import subprocess, sys, time
import foreign
foreign.use_binding()
import neuron_ws
with foreign.Server() as server:
    settings = {"url": server.url, "ping-interval": 0.3, "ping-timeout": 0.5, "connect-timeout": 0.5}
    with neuron_ws.Node("vanish", settings) as node:
        foreign.wait_until(lambda: node.state.link)
        node.send("it goes")
        server.wait_for(1)
        subprocess.run(["tc", "qdisc", "add", "dev", "lo", "root", "blackhole"], check=True)
        if sys.argv[1] == "waiting":
            node.send("x" * 1_000_000)
        begin = time.monotonic()
        foreign.wait_until(lambda: node.state.reason is neuron_ws.Reason.PING_TIMEOUT, 10)
        print(time.monotonic() - begin)
        node.stop(timeout=0)
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], check=True)
"""


def private_network() -> list[str]:
    """How to run a program in a network of its own; empty: not here."""
    if not shutil.which("unshare") or not shutil.which("tc"):
        return []
    start = ["unshare", "-n", "sh", "-c", 'ip link set lo up && tc qdisc add dev lo root blackhole && '
             'tc qdisc del dev lo root && exec "$@"', "sh"]
    return start if subprocess.run([*start, "true"], capture_output=True).returncode == 0 else []


@pytest.mark.parametrize("data", ["idle", "waiting"])
def test_a_network_that_vanishes_is_found(data: str) -> None:
    start = private_network()
    if not start:
        pytest.skip("no right to a network of one's own")
    environment = {**os.environ, "PYTHONPATH": f"{foreign.BINDING}:{Path(__file__).resolve().parent}"}
    result = subprocess.run(
        [*start, sys.executable, "-c", CHILD, data], env=environment, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) < 4
