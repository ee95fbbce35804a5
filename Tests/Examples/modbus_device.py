# SPDX-License-Identifier: Apache-2.0
"""A Modbus TCP device on plain sockets: coils, discrete inputs, holding and input registers. No library of Modbus."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Optional

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


class Device:
    """Listens on 127.0.0.1. ``banks`` are the areas by the function that reads them; addresses that are not in one are
    answered with an exception. While ``mute`` is set it takes requests and answers none.
    """

    def __init__(self, port: int = 0) -> None:
        # Coils, discrete inputs, holding registers, input registers.
        self.banks: dict[int, dict[int, int]] = {1: {}, 2: {}, 3: {}, 4: {}}
        self.requests: list[tuple[int, int, int]] = []
        self.mute = False
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.add(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, struct.error), connection.makefile("rb") as stream:
            while header := stream.read(7):
                transaction, protocol, length, unit = struct.unpack(">HHHB", header)
                answer = self._answer(stream.read(length - 1))
                if not self.mute:
                    connection.sendall(struct.pack(">HHHB", transaction, protocol, len(answer) + 1, unit) + answer)

    def _answer(self, request: bytes) -> bytes:
        function, address, count = struct.unpack(">BHH", request[:5])
        self.requests.append((function, address, count))
        try:
            if function in (1, 2):
                bits = [self.banks[function][address + at] for at in range(count)]
                packed = sum(bit << at for at, bit in enumerate(bits)).to_bytes((count + 7) // 8, "little")
                return bytes([function, len(packed)]) + packed
            if function in (3, 4):
                words = [self.banks[function][address + at] for at in range(count)]
                return struct.pack(f">BB{count}H", function, 2 * count, *words)
            if function == 5:
                self._store(1, address, [int(count == 0xFF00)])
            elif function == 6:
                self._store(3, address, [count])
            elif function == 16:
                self._store(3, address, list(struct.unpack(f">{count}H", request[6:])))
            else:
                return bytes([function | 0x80, ILLEGAL_FUNCTION])
        except KeyError:
            return bytes([function | 0x80, ILLEGAL_ADDRESS])
        return request[:5]

    def _store(self, bank: int, address: int, values: list[int]) -> None:
        for at, value in enumerate(values):
            self.banks[bank][address + at]  # KeyError where there is none.
            self.banks[bank][address + at] = value
