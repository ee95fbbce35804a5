# SPDX-License-Identifier: Apache-2.0
"""A server that sends one large message, and to who comes again, or has taken it, a small one. Of kind `commands` it
reads what comes, and ends the connection when nothing more does. For memory_peer.c."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
import zlib

FRAME_BYTES = 1000


def frame(first: int, payload: bytes) -> bytes:
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", first, length) + payload
    if length < 1 << 16:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def frames(payload: bytes) -> bytes:
    pieces = [payload[at:at + FRAME_BYTES] for at in range(0, len(payload), FRAME_BYTES)]
    opcodes = [0x02] + [0x00] * (len(pieces) - 1)
    opcodes[-1] |= 0x80
    return b"".join(frame(opcode, piece) for opcode, piece in zip(opcodes, pieces))


def deflated(payload: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return frame(0xC2, (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4])


def request(size: int) -> bytes:
    """A write of one tag whose value is as long as a request may be: a text with an escape, which is copied."""
    head = b'{"uuid":"u","node":"d","group":"g","tag":"t","value":"\\n'
    return frame(0x81, head + b"x" * (size - len(head) - 2) + b'"}')


class LargePeer:
    """Paths are /KIND/SIZE/NAME; each NAME gets the large message once."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._seen: set[str] = set()
        self._made: dict[tuple[str, int], bytes] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> LargePeer:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _message(self, kind: str, size: int) -> bytes:
        with self._lock:
            if (kind, size) not in self._made:
                make = {"whole": lambda payload: frame(0x82, payload), "frames": frames, "deflated": deflated}.get(kind)
                self._made[kind, size] = make(bytes(size)) if make else request(size)
            return self._made[kind, size]

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += connection.recv(4096) or b"\r\n\r\n"
                lines = head.decode().split("\r\n")
                fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                path = lines[0].split(" ")[1]
                _, kind, size, name = path.split("/")
                digest = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
                answer = (
                    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Accept: {base64.b64encode(digest.digest()).decode()}\r\n")
                if "sec-websocket-extensions" in fields:
                    answer += "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                connection.sendall(answer.encode() + b"\r\n")
                with self._lock:
                    is_first = path not in self._seen
                    self._seen.add(path)
                if is_first and kind == "commands":
                    connection.settimeout(0.3)
                    while connection.recv(65536):
                        pass
                if is_first:
                    connection.sendall(self._message(kind, int(size)))
                connection.sendall(frame(0x81, b"small"))
                while connection.recv(65536):
                    pass
            except (OSError, KeyError, ValueError, IndexError):
                pass
