# SPDX-License-Identifier: Apache-2.0
"""The gateway with a loop of its own, in C and in C++: built without a warning, run against a server that fails it."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import foreign
import pytest
from websockets.utils import accept_key

FOLDER = foreign.ROOT / "examples/epoll_gateway"
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-g"]
COMPILERS = {"gateway.c": ["gcc", "-std=c99"], "gateway.cpp": ["g++", "-std=c++17", "-Wold-style-cast"]}
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
LINES = ["line-1", "line-2", "line-3"]
PATIENCE = 60.0


@pytest.fixture(scope="module", params=list(COMPILERS))
def gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gateway")
    # Under its soname, so that the loader finds it as in an installation.
    library = folder / "libneuron_ws.so.1"
    library.symlink_to(foreign.LIBRARY)
    command = [
        *COMPILERS[request.param], *STRICT, *SANITIZED, f"-I{foreign.HEADER.parent}", str(FOLDER / request.param),
        "-o", str(folder / "gateway"), str(library), f"-Wl,-rpath,{folder}",
    ]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return folder / "gateway"


@contextmanager
def running(gateway: Path, url: str, milliseconds: int = 5) -> Iterator[subprocess.Popen[str]]:
    words = [str(gateway), url, str(milliseconds)]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def read_until(program: subprocess.Popen[str], told: str) -> None:
    """Reads what it says until a line tells this."""
    assert program.stderr is not None
    lines = iter(program.stderr.readline, "")
    assert any(told in line for line in lines), f"it ended before it told {told}"


def ended(program: subprocess.Popen[str], sent: int = signal.SIGTERM) -> dict[str, tuple[int, int]]:
    """Ends it by the signal; what each line delivered and dropped."""
    program.send_signal(sent)
    output, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, errors
    told = re.findall(r"^([\w-]+): (\d+) delivered, (\d+) dropped$", output, re.M)
    assert [name for name, _, _ in told] == LINES, output + errors
    return {name: (int(delivered), int(dropped)) for name, delivered, dropped in told}


def strokes_of(server: foreign.Server) -> dict[str, list[int]]:
    """What arrived of each line, in order."""
    strokes: dict[str, list[int]] = {}
    for message in list(server.messages):
        group = json.loads(message)
        strokes.setdefault(group["node"], []).append(group["values"]["strokes"])
    return strokes


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_all_nodes_deliver_and_end_by_a_signal(gateway: Path, sent: int) -> None:
    with foreign.Server() as server, running(gateway, server.url) as program:
        server.wait_for(60, PATIENCE)
        told = ended(program, sent)
        foreign.wait_until(lambda: len(server.close_codes) == 3, PATIENCE)
        assert server.connections == 3 and server.close_codes == [1001] * 3
    assert strokes_of(server) == {name: list(range(1, told[name][0] + 1)) for name in LINES}
    group = json.loads(server.messages[0])
    assert group["errors"] == {"vibration": 3002} and group["values"]["force"] == 180


def test_what_was_collected_without_a_server_arrives_when_it_is_there(gateway: Path) -> None:
    port = foreign.free_port()
    with running(gateway, f"ws://127.0.0.1:{port}/", 20) as program:
        read_until(program, "NEURON_WS_PHASE_WAITING")
        with foreign.Server(port) as server:
            foreign.wait_until(lambda: set(strokes_of(server)) == set(LINES), PATIENCE)
            told = ended(program)
            foreign.wait_until(lambda: len(server.close_codes) == 3, PATIENCE)
            strokes = strokes_of(server)
    assert strokes == {name: list(range(1, told[name][0] + 1)) for name in LINES}


class Deaf:
    """A server that upgrades every connection, and hears no Close frame: each stop takes its whole time."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.opened: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            connection.sendall(accepting(head))
            self.opened.append(connection)

    def close(self) -> None:
        self.listener.close()
        for connection in self.opened:
            connection.close()


def accepting(head: bytes) -> bytes:
    """The answer to an opening handshake (RFC 6455, 4.2.2)."""
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head, re.I)
    assert key
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key[1].decode())}\r\n\r\n").encode()


def test_three_nodes_stop_side_by_side(gateway: Path) -> None:
    deaf = Deaf()
    try:
        with running(gateway, f"ws://127.0.0.1:{deaf.port}/", 1000) as program:
            # One that has not read the answer yet would have nothing to close.
            for _ in LINES:
                read_until(program, "NEURON_WS_PHASE_OPEN")
            begin = time.monotonic()
            program.send_signal(signal.SIGTERM)
            seconds = []
            for _ in LINES:
                read_until(program, "PHASE_IDLE, NEURON_WS_REASON_STOPPED")
                seconds.append(time.monotonic() - begin)
            program.communicate(timeout=PATIENCE)
            assert program.returncode == 0
            # 2 s for each: behind each other the third would come 4 s after the first.
            assert seconds[0] >= 1.5 and seconds[2] - seconds[0] < 1.5, seconds
    finally:
        deaf.close()


def test_a_second_signal_hurries(gateway: Path) -> None:
    deaf = Deaf()
    try:
        with running(gateway, f"ws://127.0.0.1:{deaf.port}/", 1000) as program:
            foreign.wait_until(lambda: len(deaf.opened) == 3, PATIENCE)
            for _ in LINES:
                read_until(program, "NEURON_WS_PHASE_OPEN")
            program.send_signal(signal.SIGTERM)
            for _ in LINES:
                read_until(program, "NEURON_WS_PHASE_CLOSING")
            begin = time.monotonic()
            ended(program)
            assert time.monotonic() - begin < 1.5
    finally:
        deaf.close()


def test_bad_words_are_told(gateway: Path) -> None:
    def said(*words: str) -> tuple[int, str]:
        done = subprocess.run([str(gateway), *words], capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stderr

    assert said()[0] == 2 and said("ws://127.0.0.1/", "0")[0] == 2
    code, errors = said('http://127.0.0.1/"\\')
    assert code == 1 and '"url"' in errors
