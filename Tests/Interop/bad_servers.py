#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that do everything wrong, on plain sockets: one function per wrong thing.

bad_servers.py BEHAVIOUR - serves one of them on a free port of 127.0.0.1, prints the port, and runs until its standard
input ends.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import os
import socket
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Callable, Optional

Behaviour = Callable[["Peer"], None]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


@dataclass
class Frame:
    final: bool
    opcode: int
    masked: bool
    payload: bytes


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = False,
    length: Optional[bytes] = None,
) -> bytes:
    """A frame, wrong in what is asked for: `length` replaces the length bytes after the first octet."""
    first = bytes([(0x80 if final else 0) | reserved << 4 | opcode])
    if length is None:
        if len(payload) < 126:
            length = bytes([len(payload)])
        elif len(payload) < 65536:
            length = b"\x7e" + struct.pack("!H", len(payload))
        else:
            length = b"\x7f" + struct.pack("!Q", len(payload))
    if masked:
        return first + bytes([length[0] | 0x80]) + length[1:] + b"\0\0\0\0" + payload
    return first + length + payload


def close_payload(code: int, reason: bytes = b"") -> bytes:
    return struct.pack("!H", code) + reason


class Peer:
    """One connection, from the server's side."""

    def __init__(self, connection: socket.socket, server: BadServer, number: int) -> None:
        self.socket = connection
        self.server = server
        self.number = number
        self._input = b""
        self.key = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def read_exactly(self, count: int) -> bytes:
        while len(self._input) < count:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the client closed")
            self._input += more
        data, self._input = self._input[:count], self._input[count:]
        return data

    def read_request(self) -> bytes:
        while b"\r\n\r\n" not in self._input:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("the client closed")
            self._input += more
        request, self._input = self._input.split(b"\r\n\r\n", 1)
        for line in request.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                self.key = value.strip()
        return request

    def response(self, *, accept: Optional[bytes] = None, more: bytes = b"") -> bytes:
        digest = hashlib.sha1(self.key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        value = base64.b64encode(digest) if accept is None else accept
        return (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + value + b"\r\n" + more + b"\r\n"
        )

    def open(self) -> None:
        """The opening handshake as it should be."""
        self.read_request()
        self.send(self.response())

    def read_frame(self) -> Frame:
        first, second = self.read_exactly(2)
        length = second & 0x7F
        if length == 126:
            length, = struct.unpack("!H", self.read_exactly(2))
        elif length == 127:
            length, = struct.unpack("!Q", self.read_exactly(8))
        key = self.read_exactly(4) if second & 0x80 else b"\0\0\0\0"
        payload = bytes(octet ^ mask for octet, mask in zip(self.read_exactly(length), itertools.cycle(key)))
        return Frame(bool(first & 0x80), first & 0x0F, bool(second & 0x80), payload)

    def read_close(self) -> bytes:
        """The payload of the client's Close frame, past all that comes before it; kept in server.closes."""
        while True:
            got = self.read_frame()
            if got.opcode == CLOSE:
                self.server.closes.append(got.payload)
                return got.payload

    def drain(self) -> None:
        """Reads until the client ends."""
        while self.socket.recv(65536):
            pass


@dataclass
class BadServer:
    """Listens on an address and treats each connection to a behaviour, on a thread of its own."""

    behaviour: Behaviour
    port: int = 0
    backlog: int = 64
    closes: list[bytes] = field(default_factory=list)
    pongs: list[bytes] = field(default_factory=list)
    count: int = 0
    address: str = "127.0.0.1"

    def __post_init__(self) -> None:
        self.stopping = threading.Event()
        self._peers: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.create_server((self.address, self.port), family=family, backlog=self.backlog)
        self.port = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self.stopping.is_set():
                connection.close()
                return
            self._peers.add(connection)
            self.count += 1
            thread = threading.Thread(target=self._serve, args=(connection, self.count - 1), daemon=True)
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
            thread.start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            self.behaviour(Peer(connection, self, number))
        except (ConnectionError, OSError, ValueError):
            pass
        finally:
            self._peers.discard(connection)
            connection.close()

    def stop(self) -> None:
        """Ends everything; the port is free after it."""
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(5)
        self._listener.close()
        for peer in list(self._peers):
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def __enter__(self) -> BadServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


# ------------------------------------------------------------------------------------------------------ the handshake


def silent(peer: Peer) -> None:
    """Accepts, reads, and never says anything."""
    peer.drain()


def http(status: str, headers: bytes = b"", body: bytes = b"no\n") -> Behaviour:
    """Answers in HTTP, but not with 101."""
    def behave(peer: Peer) -> None:
        peer.read_request()
        first = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n"
        peer.send(first.encode() + headers + b"\r\n" + body)
        peer.drain()
    return behave


def wrong_accept(peer: Peer) -> None:
    peer.read_request()
    peer.send(peer.response(accept=base64.b64encode(b"x" * 20)))
    peer.drain()


def altered(old: bytes, new: bytes) -> Behaviour:
    """A response with one thing replaced."""
    def behave(peer: Peer) -> None:
        peer.read_request()
        response = peer.response()
        assert old in response
        peer.send(response.replace(old, new))
        peer.drain()
    return behave


def garbage(peer: Peer) -> None:
    """Bytes that are no HTTP."""
    peer.read_request()
    peer.send(b"\x00\x01\x02SSH-2.0-OpenSSH\r\n\r\n" + bytes(range(256)))
    peer.drain()


def endless_header(peer: Peer) -> None:
    """A header that does not end."""
    peer.read_request()
    peer.send(b"HTTP/1.1 101 Switching Protocols\r\n")
    while not peer.server.stopping.is_set():
        peer.send(b"X-More: " + b"a" * 1000 + b"\r\n")


def endless_line(peer: Peer) -> None:
    """A status line that does not end."""
    peer.read_request()
    peer.send(b"HTTP/1.1 101 ")
    while not peer.server.stopping.is_set():
        peer.send(b"a" * 1000)


def slow_drip(peer: Peer) -> None:
    """A right answer, a byte every 100 ms: the deadline is for the whole, not for each byte."""
    peer.read_request()
    for octet in peer.response():
        peer.send(bytes([octet]))
        time.sleep(0.1)
    peer.drain()


def closes_at(position: int) -> Behaviour:
    """Closes after so many bytes of a right response."""
    def behave(peer: Peer) -> None:
        peer.read_request()
        peer.send(peer.response()[:position])
        peer.socket.shutdown(socket.SHUT_WR)
    return behave


# --------------------------------------------------------------------------------------------------------- the frames


def after_open(data: bytes) -> Behaviour:
    """Opens as it should, sends these bytes, and waits for the client's Close."""
    def behave(peer: Peer) -> None:
        peer.open()
        peer.send(data)
        peer.read_close()
    return behave


def closing(payload: bytes) -> Behaviour:
    """Opens as it should, closes with this payload, and waits for the answer."""
    return after_open(frame(CLOSE, payload))


def thousand_pings(peer: Peer) -> None:
    peer.open()
    peer.send(b"".join(frame(PING, struct.pack("!I", number)) for number in range(1000)))
    while True:
        got = peer.read_frame()
        if got.opcode == PONG:
            assert got.masked and got.final
            peer.server.pongs.append(got.payload)
        elif got.opcode == CLOSE:
            peer.send(frame(CLOSE, got.payload))
            return


def never_reads(peer: Peer) -> None:
    """Opens as it should and reads nothing more."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.open()
    peer.server.stopping.wait()


def reads_but_answers_nothing(peer: Peer) -> None:
    """Opens as it should, and never answers a Ping nor a Close."""
    peer.open()
    peer.drain()


def ends(peer: Peer) -> None:
    """Opens as it should, and ends without a Close frame."""
    peer.open()


def resets(peer: Peer) -> None:
    """Opens as it should, and resets the connection."""
    peer.open()
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def ends_inside_a_frame(peer: Peer) -> None:
    peer.open()
    peer.send(frame(TEXT, b"x" * 100)[:50])


BEHAVIOURS: dict[str, Behaviour] = {
    "http-503": http("503 Service Unavailable"),
    "garbage": garbage,
    "ends": ends,
    "masked": after_open(frame(TEXT, b"x", masked=True)),
    "closes": closing(close_payload(1011)),
}


def main() -> int:
    with BadServer(BEHAVIOURS[sys.argv[1]]) as server:
        print(server.port, flush=True)
        while os.read(0, 4096):
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
