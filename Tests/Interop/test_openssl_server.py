# SPDX-License-Identifier: Apache-2.0
"""`openssl s_server` at the other end of an open connection: its operator asks for a certificate, or for another
handshake."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import neuron_ws
import pytest
from answering import GUID
from neuron_ws import Reason, TLSFailure
from test_tls_settings import identity

pytestmark = pytest.mark.usefixtures("no_leaks")


class Operator:
    """Sits at the terminal of s_server: reads what it prints, and types."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        assert process.stdin is not None and process.stdout is not None
        self.port = port
        self.printed = b""
        self._terminal, self._screen = process.stdin, process.stdout
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        while more := os.read(self._screen.fileno(), 65536):
            self.printed += more

    def types(self, text: bytes) -> None:
        self._terminal.write(text)
        self._terminal.flush()

    def sees(self, text: bytes) -> None:
        foreign.wait_until(lambda: text in self.printed, 60, f"{text!r} in {self.printed!r}")

    def accepts(self) -> None:
        """Types the answer to the opening handshake."""
        self.sees(b"\r\n\r\n")
        key = self.printed.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        self.types(b"HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
                   + b"\r\n\r\n")


@contextlib.contextmanager
def s_server(authority: foreign.Authority, *words: str) -> Iterator[Operator]:
    port = foreign.free_port()
    process = subprocess.Popen(
        ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", str(authority.cert), "-key",
         str(authority.key), "-CAfile", str(authority.ca), *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    operator = Operator(process, port)
    try:
        operator.sees(b"ACCEPT")
        yield operator
    finally:
        process.kill()
        process.wait(10)
        operator.reading.join(10)
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


@contextlib.contextmanager
def opened(operator: Operator, authority: foreign.Authority, **settings: Any) -> Iterator[neuron_ws.Node]:
    """A node whose opening handshake was answered. It sends nothing by itself."""
    quiet = {"url": f"wss://127.0.0.1:{operator.port}/", "ca": str(authority.ca), "ping-interval": 0,
             "reconnect-min": 60, "reconnect-max": 60}
    with neuron_ws.Node("n", {**quiet, **settings}) as node:
        operator.accepts()
        foreign.wait_until(lambda: node.state.link, 60, node.state.message)
        yield node
        # s_server answers no Close frame.
        node.close(timeout=0.2)


def test_a_certificate_that_is_asked_for_on_an_open_connection_is_shown(
    authority: foreign.Authority, tmp_path: Path,
) -> None:
    cert, key = identity(tmp_path, "press-7", authority)
    with s_server(authority, "-tls1_3") as operator:
        with opened(operator, authority, cert=str(cert), key=str(key)) as node:
            operator.types(b"c\n")
            operator.sees(b"CN = press-7")
            assert node.state.link and node.metrics.connections_opened == 1


def test_one_that_has_none_stays_where_the_server_lets_it(authority: foreign.Authority) -> None:
    with s_server(authority, "-tls1_3") as operator, opened(operator, authority) as node:
        operator.types(b"c\n")
        # s_server drops what it reads together with a command: one Ping will get through, behind it.
        def got_through() -> bool:
            operator.types(b"\x89\x00")
            return node.metrics.pings_received > 0

        foreign.wait_until(got_through, 60, "a Ping")
        assert node.state.link and node.metrics.connections_opened == 1


@pytest.mark.parametrize("command", [b"R\n", b"r\n"], ids=["with a certificate", "without"])
def test_another_handshake_in_the_middle_of_a_stream_is_told_from_a_failure(
    command: bytes, authority: foreign.Authority,
) -> None:
    with s_server(authority, "-tls1_2", "-legacy_renegotiation") as operator:
        with opened(operator, authority) as node:
            operator.types(command)
            foreign.wait_until(lambda: node.state.reason is not Reason.NONE, 60, "the end")
            state = node.state
    assert state.reason is Reason.TLS and state.tls_failure is TLSFailure.CLIENT_CERTIFICATE, state.message
    assert "TLS 1.2 renegotiation" in state.message and "let the server ask in the first handshake" in state.message
    assert "tls-min-version 1.3" in state.message
