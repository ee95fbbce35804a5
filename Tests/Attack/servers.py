# SPDX-License-Identifier: Apache-2.0
"""The other end: a server that attacks, and one that sends the time. Each is a process of its own."""

from __future__ import annotations

import base64
import hashlib
import multiprocessing
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Callable, Optional

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def shake_hands(connection: socket.socket, compresses: bool) -> bool:
    """Reads the opening handshake and answers it; False: the client has gone."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(65536)
        if not piece:
            return False
        head += piece
    key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
               if line.lower().startswith(b"sec-websocket-key:"))
    answer = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              b"Sec-WebSocket-Accept: " + base64.b64encode(hashlib.sha1(key + GUID).digest()) + b"\r\n")
    if compresses:
        answer += b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
    connection.sendall(answer + b"\r\n")
    return True


def discard(connection: socket.socket) -> None:
    """Reads whatever comes, so that the client can write, until it goes."""
    try:
        while connection.recv(1 << 20):
            pass
    except (OSError, ValueError):
        pass


Sender = Callable[[socket.socket], None]


class Server:
    """Accepts on loopback, one connection after the other, and does the same to each."""

    def __init__(self, sends: Sender, *, compresses: bool = False, reads: bool = True,
                 certificate: Optional[Path] = None) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        scheme = "wss" if certificate else "ws"
        self.url = f"{scheme}://127.0.0.1:{self.port}/"
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=self._run, args=(sends, compresses, reads, certificate), daemon=True)
        self._process.start()
        self._listener.close()

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self, sends: Sender, compresses: bool, reads: bool, certificate: Optional[Path]) -> None:
        tls = None
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
        while True:
            connection = self._listener.accept()[0]
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if tls:
                    connection = tls.wrap_socket(connection, server_side=True)
                if shake_hands(connection, compresses):
                    # With TLS one thread only: what the client says there is little.
                    if reads and not tls:
                        threading.Thread(target=discard, args=(connection,), daemon=True).start()
                    sends(connection)
            except (OSError, StopIteration):
                pass
            finally:
                connection.close()


def send_the_time(connection: socket.socket) -> None:
    """A text message with the monotonic clock's nanoseconds, every millisecond."""
    while True:
        text = str(time.monotonic_ns()).encode()
        connection.sendall(bytes((0x81, len(text))) + text)
        time.sleep(0.001)
