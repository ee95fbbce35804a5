# SPDX-License-Identifier: Apache-2.0
"""A link that is slow to answer, where the kernel has no netem: a relay on loopback that holds all bytes back."""

from __future__ import annotations

import collections
import contextlib
import queue
import socket
import threading
import time

CHUNK_BYTES = 256 * 1024
# Under way at most each way, as on a real link: what Linux lets a connection's window grow to (tcp_rmem).
WINDOW_BYTES = 6 << 20


class Relay:
    """Both ways, each chunk `milliseconds` later than it came; what was sent a round trip ago has been confirmed."""

    def __init__(self, port: int, milliseconds: float) -> None:
        self._port = port
        self._delay = milliseconds / 1000
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                for one in (near, far):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for source, target in ((near, far), (far, near)):
                    held: queue.Queue[tuple[float, bytes]] = queue.Queue()
                    threading.Thread(target=self._read, args=(source, held), daemon=True).start()
                    threading.Thread(target=self._write, args=(target, held), daemon=True).start()

    def _read(self, source: socket.socket, held: queue.Queue[tuple[float, bytes]]) -> None:
        unconfirmed: collections.deque[tuple[float, int]] = collections.deque()
        count = 0
        while True:
            while unconfirmed and (count >= WINDOW_BYTES or unconfirmed[0][0] <= time.monotonic()):
                due, size = unconfirmed.popleft()
                time.sleep(max(0.0, due - time.monotonic()))
                count -= size
            try:
                data = source.recv(CHUNK_BYTES)
            except OSError:
                data = b""
            now = time.monotonic()
            held.put((now + self._delay, data))
            if not data:
                return
            unconfirmed.append((now + 2 * self._delay, len(data)))
            count += len(data)

    def _write(self, target: socket.socket, held: queue.Queue[tuple[float, bytes]]) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = held.get()
                time.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    return target.shutdown(socket.SHUT_WR)
                target.sendall(data)
