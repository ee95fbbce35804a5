# SPDX-License-Identifier: Apache-2.0
"""The server of loop_growth.c: what it sends for each case and size, and "end" behind it."""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import struct
import threading
import zlib
from typing import Callable

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CONTINUATION, CLOSE = 1, 2, 0, 8
FIN, RSV1 = 0x80, 0x40
# A masked frame of a command's two bytes.
COMMAND_BYTES = 8


def frame(opcode: int, payload: bytes, flags: int = FIN) -> bytes:
    length = len(payload)
    if length < 126:
        return bytes((flags | opcode, length)) + payload
    if length < 65536:
        return bytes((flags | opcode, 126)) + struct.pack("!H", length) + payload
    return bytes((flags | opcode, 127)) + struct.pack("!Q", length) + payload


def text(message: object) -> bytes:
    return frame(TEXT, message if isinstance(message, bytes) else json.dumps(message).encode())


def request(**more: object) -> bytes:
    return text({"uuid": "1", "node": "plc1", "group": "fast", **more})


def operation(parameters: object) -> bytes:
    return text({"operation": {"request": {
        "id": "1", "deviceId": "gw", "name": "SET_DEVICE_PARAMETERS", "parameters": parameters}}})


def variables(size: int) -> list[dict[str, object]]:
    return [{"name": f"variable{number}", "value": number} for number in range(max(1, size))]


def frames(size: int) -> bytes:
    return frame(BINARY, b"x", 0) + frame(CONTINUATION, b"x", 0) * size + frame(CONTINUATION, b"x")


def inflated(size: int) -> bytes:
    """Of permessage-deflate (RFC 7692 §7.2.1)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"temperature: 21.5; " * (size * 1024 // 19)) + packer.flush(zlib.Z_SYNC_FLUSH)
    return frame(TEXT, packed[:-4], FIN | RSV1)


# What is sent on the first connection.
MESSAGES: dict[str, Callable[[int], bytes]] = {
    "members": lambda size: text(b"{" + b'"member2":{"a":1},' * size + b'"x":1}'),
    "escaped": lambda size: text(b"{" + b'"\\u006dember2":1,' * size + b'"x":1}'),
    "elements": lambda size: text(b'{"a":[' + b"[1]," * size + b"1]}"),
    "heartbeat": lambda size: text(b'{"a":{' + b'"b":1,' * size + b'"x":1}}'),
    "numbers": lambda size: text({"ack": list(range(size + 1))}),
    "documents": lambda size: text([{"ack": number} for number in range(size + 1)]),
    "responses": lambda size: b"".join(text({"id": number}) for number in reversed(range(size))),
    "functions": lambda size: text({"x": 1}),
    "lost": lambda size: frame(CLOSE, struct.pack("!H", 1001)),
    "retries": lambda size: frame(CLOSE, struct.pack("!H", 1001)),
    "unknown": lambda size: request(x=[{}] * size),
    "read": lambda size: request(tags=[f"tag{number}" for number in range(size)]),
    "write": lambda size: request(tags=[{"tag": f"tag{number}", "value": number} for number in range(max(1, size))]),
    "requests": lambda size: text(b"[" + b",".join(request()[2:] for _ in range(size + 1)) + b"]"),
    "variables": lambda size: operation({"variableList": variables(size)}),
    "old_variables": lambda size: operation([{"name": "variableList", "value": {"array": variables(size)}}]),
    "frames": frames,
    "fields": lambda size: b"",
    "inflated": inflated,
}
# Commands that come before it.
COMMANDS: dict[str, Callable[[int], int]] = {
    **dict.fromkeys(("members", "escaped", "elements"), lambda size: 16),
    **dict.fromkeys(("responses", "functions", "lost", "retries"), lambda size: size),
}


class Peer:
    """Listens on loopback, for one node after the other."""

    def __init__(self, case: str, size: int) -> None:
        self._case, self._size = case, size
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/"
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._listener.close()

    def _run(self) -> None:
        is_first = True
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            with connection:
                try:
                    self._serve(connection, is_first)
                except OSError:
                    pass
            is_first = False

    def _serve(self, connection: socket.socket, is_first: bool) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        head, _, rest = head.partition(b"\r\n\r\n")
        key = next(line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")
                   if line.lower().startswith(b"sec-websocket-key:"))
        fields = self._size if self._case == "fields" else 0
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: "
            + base64.b64encode(hashlib.sha1(key + GUID).digest()) + b"\r\n"
            + b"".join(b"X-Field-%d: value\r\n" % number for number in range(fields)) + b"\r\n")
        comes_again = is_first or self._case == "retries"
        left = COMMANDS.get(self._case, lambda size: 0)(self._size) * COMMAND_BYTES if comes_again else 0
        left -= len(rest)
        if self._case == "heartbeat" and is_first:
            left = 1
        while left > 0:
            left -= len(connection.recv(65536)) or left
        if is_first:
            connection.sendall(MESSAGES[self._case](self._size))
            if self._case in ("lost", "retries"):
                return
        connection.sendall(text(b"end"))
        while connection.recv(65536):
            pass
