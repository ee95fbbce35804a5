# SPDX-License-Identifier: Apache-2.0
"""A server that takes the opening handshake apart and answers as it is told."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass, field
from typing import Callable, Optional, Union

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class Head:
    """What a client has asked for."""

    target: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def get(self, name: str) -> Optional[str]:
        return next(iter(self.all(name)), None)

    def accepted(self, extra: str = "") -> bytes:
        """A 101 with further lines, each ended."""
        key = (self.get("Sec-WebSocket-Key") or "").encode()
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        return ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Accept: {accept}\r\n{extra}\r\n").encode()


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return bytes([0x88, 2 + len(reason)]) + struct.pack("!H", code) + reason


def redirect(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


Conversation = Callable[[Head, socket.socket], object]


class Answering:
    """Listens on 127.0.0.1, or at a path of the file system. `answer` gives the bytes to say, with a head that asks for
    a WebSocket; a connection whose answer begins with 101 stays open until the client, or `stop`, ends it. `then` is
    called with the connection after that, and may say more."""

    def __init__(
        self, answer: Optional[Callable[[Head], Optional[bytes]]] = None, *, tls: Optional[ssl.SSLContext] = None,
        path: Optional[str] = None, then: Optional[Conversation] = None,
    ) -> None:
        self.heads: list[Head] = []
        self._answer = answer or (lambda head: head.accepted())
        self._then = then
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        if path is None:
            self._listener = socket.create_server(("127.0.0.1", 0))
            self.port = int(self._listener.getsockname()[1])
        else:
            self._listener = socket.socket(socket.AF_UNIX)
            self._listener.bind(path)
            self._listener.listen()
            self.port = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'wss' if self._tls else 'ws'}://127.0.0.1:{self.port}/"

    def __enter__(self) -> Answering:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in [self._thread, *self._threads]:
            thread.join(10)

    def drop(self) -> None:
        """Ends all connections, without a word."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, raw: socket.socket) -> None:
        self._open.add(raw)
        connection: Union[socket.socket, ssl.SSLSocket] = raw
        try:
            with contextlib.suppress(OSError, ValueError):
                if self._tls is not None:
                    connection = self._tls.wrap_socket(raw, server_side=True)
                    self._open.add(connection)
                head = self._head(connection)
                if head is None:
                    return
                self.heads.append(head)
                answer = self._answer(head)
                if answer is None:
                    return
                connection.sendall(answer)
                if not answer.startswith(b"HTTP/1.1 101"):
                    return
                if self._then is not None:
                    self._then(head, connection)
                while connection.recv(65536):
                    pass
        finally:
            self._open.discard(connection)
            self._open.discard(raw)
            connection.close()

    @staticmethod
    def _head(connection: socket.socket) -> Optional[Head]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        lines = data.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        pairs = [tuple(line.split(": ", 1)) for line in lines[1:]]
        return Head(lines[0].split(" ")[1], [(pair[0], pair[1]) for pair in pairs if len(pair) == 2])
