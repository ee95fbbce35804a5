# SPDX-License-Identifier: Apache-2.0
"""A TCP proxy that cuts, stalls and resets connections at random."""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
import time


class RoughProxy:
    def __init__(self, backend: int, seed: int) -> None:
        self.backend = backend
        self.random = random.Random(seed)
        self.is_rough = True
        # The server is away: connections end at once.
        self.is_away = False
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            if self.is_away:
                client.close()
                continue
            self.connections += 1
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        ends = [client]
        try:
            server = socket.create_connection(("127.0.0.1", self.backend))
            ends.append(server)
            left = self.random.randint(0, 2_000_000) if self.is_rough else None
            until = time.monotonic() + self.random.random() * 2
            while True:
                readable, _, _ = select.select(ends, [], [], 0.1)
                if self.is_away or self.is_rough and (time.monotonic() > until or left is not None and left <= 0):
                    break
                for end in readable:
                    data = end.recv(65536)
                    if not data:
                        return
                    if self.is_rough and self.random.random() < 0.01:
                        time.sleep(self.random.random() * 1.5)
                    if left is not None:
                        data = data[: max(0, left)]
                        left -= len(data)
                    (server if end is client else client).sendall(data)
            if self.random.random() < 0.5:
                for end in ends:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        finally:
            for end in ends:
                end.close()

    def close(self) -> None:
        self.listener.close()
