#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server that ends each connection, in one way after the other, and a node that connects again each time: what it
takes of memory and descriptors stays what it was.

cycles.py [CYCLES]    10,000 connections, with how far it is; NEURON_WS_LIBRARY names the library.
"""

from __future__ import annotations

import base64
import ctypes
import gc
import hashlib
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional

import foreign

foreign.use_binding()

import neuron_ws  # noqa: E402

# What the node may hold more at the end than behind the first tenth: whatever it kept of a cycle would be a hundred
# thousand times a byte. Chunks in flight and the allocator's own come and go.
BYTES_MAX = 96 * 1024
RESIDENT_MAX = 2 * 1024 * 1024


def close_frame(code: int) -> bytes:
    return b"\x88\x02" + struct.pack(">H", code)


class Ending:
    """One way to end a connection behind its opening handshake, or within it."""

    NAMES = [
        "close 1000", "close 1001", "close 1008", "close 1011", "close 1012", "close 1013", "a message, then close",
        "a broken frame", "end of stream", "reset", "half an answer", "503", "silence, then end",
    ]

    def __init__(self, number: int) -> None:
        self.name = self.NAMES[number % len(self.NAMES)]

    def play(self, connection: socket.socket) -> None:
        key = self.request(connection)
        if key is None:
            return
        if self.name == "503":
            connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
            return
        digest = hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        answer = (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n")
        if self.name == "half an answer":
            connection.sendall(answer[:40])
            return
        connection.sendall(answer)
        if self.name == "a message, then close":
            connection.sendall(b"\x81\x02hi" + close_frame(1000))
        elif self.name == "a broken frame":
            connection.sendall(b"\xf3\x00")
        elif self.name.startswith("close"):
            connection.sendall(close_frame(int(self.name.split()[1])))
        elif self.name == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        elif self.name == "silence, then end":
            time.sleep(0.002)
            return
        else:
            return
        # Until the client's Close is through, or it has gone.
        while connection.recv(4096):
            pass

    @staticmethod
    def request(connection: socket.socket) -> Optional[bytes]:
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(4096)
            if not more:
                return None
            head += more
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                return value.strip()
        return None


def serve(listener: socket.socket, tls: Optional[ssl.SSLContext]) -> None:
    number = 0
    while True:
        plain, _ = listener.accept()
        plain.settimeout(20)
        try:
            with (tls.wrap_socket(plain, server_side=True) if tls else plain) as connection:
                Ending(number).play(connection)
        except OSError:
            pass
        finally:
            plain.close()
            number += 1


def server_main(cert: str, key: str) -> None:
    """In a process of its own: what is measured is the node's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    ports = []
    for tls in (None, context):
        listener = socket.create_server(("127.0.0.1", 0))
        ports.append(listener.getsockname()[1])
        threading.Thread(target=serve, args=(listener, tls), daemon=True).start()
    print(*ports, flush=True)
    sys.stdin.read()


class _Mallinfo(ctypes.Structure):
    """struct mallinfo2 of glibc."""

    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")]


def heap_bytes() -> int:
    """What is allocated in this process and not freed."""
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = _Mallinfo
    now = mallinfo2()
    return int(now.uordblks + now.hblkhd)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@dataclass
class Sample:
    cycles: int
    heap: int
    resident: int
    descriptors: int

    @staticmethod
    def take(cycles: int) -> Sample:
        """The least of a few looks: what is on its way is no growth, and neither is Python's garbage."""
        gc.collect()
        heaps = []
        for _ in range(20):
            heaps.append(heap_bytes())
            time.sleep(0.003)
        # One more than there are: the folder itself.
        return Sample(cycles, min(heaps), resident_bytes(), len(os.listdir("/proc/self/fd")))


def run(cycles: int, progress: Callable[[str], None] = lambda line: None) -> list[Sample]:
    """Samples behind each tenth of so many connections that have ended."""
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder:
        authority = foreign.Authority(Path(folder))
        server = subprocess.Popen(
            [sys.executable, __file__, "--serve", str(authority.cert), str(authority.key)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        plain, secure = server.stdout.readline().split()
        settings = {
            "url": [f"ws://127.0.0.1:{plain}/", f"wss://127.0.0.1:{secure}/"], "ca": str(authority.ca),
            "reconnect-min": 0.01, "reconnect-max": 0.01, "log-level": "off", "compression": "on",
        }
        try:
            # No kind of event is taken: Python's part has nothing to do.
            with neuron_ws.Node("cycles", settings, events=neuron_ws.EventKind.ROOM) as node:
                for tenth in range(1, 11):
                    while (done := sum_of_ends(node)) < cycles * tenth // 10:
                        # What waits is no growth: a few at most do.
                        if node.metrics.queued_messages < 10:
                            node.send("from a cycle")
                        time.sleep(0.005)
                    samples.append(Sample.take(done))
                    last = samples[-1]
                    progress(f"{last.cycles:6} connections, {node.metrics.connections_opened} of them opened: "
                             f"heap {last.heap:,} bytes, resident {last.resident:,}, {last.descriptors} descriptors")
        finally:
            server.kill()
            server.communicate()
    return samples


def sum_of_ends(node: neuron_ws.Node) -> int:
    return node.metrics.connection_attempts - 1


def growth(samples: list[Sample]) -> list[str]:
    """What has grown since the first sample, in sentences."""
    first, last = samples[0], samples[-1]
    found = []
    # The least of the last two: a moment's work is no growth.
    heap = min(sample.heap for sample in samples[-2:])
    if heap > first.heap + BYTES_MAX:
        found.append(f"the heap has grown by {heap - first.heap} bytes in {last.cycles - first.cycles} connections")
    if last.resident > first.resident + RESIDENT_MAX:
        found.append(f"resident memory has grown by {last.resident - first.resident} bytes")
    if min(sample.descriptors for sample in samples[-2:]) > max(sample.descriptors for sample in samples[:2]):
        found.append(f"{last.descriptors} descriptors, {first.descriptors} before")
    return found


def main() -> int:
    if sys.argv[1:2] == ["--serve"]:
        server_main(*sys.argv[2:])
        return 0
    cycles = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    began = time.monotonic()
    grown = growth(run(cycles, lambda line: print(line, flush=True)))
    for line in grown:
        print(line)
    print(f"{cycles} connections that the server ended, in {time.monotonic() - began:.0f} s: "
          f"{'memory or descriptors grow' if grown else 'memory and descriptors are flat'}")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())
