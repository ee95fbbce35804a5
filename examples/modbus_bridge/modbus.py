# SPDX-License-Identifier: Apache-2.0
"""Modbus TCP, the client's side: what this bridge needs of it, on asyncio's streams."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from typing import Optional

# The most that one request asks for.
BITS_MAX = 2000
REGISTERS_MAX = 125

_WRITE_COIL = 5
_WRITE_REGISTERS = 16
# Transaction, protocol (0), bytes that follow, unit.
_HEADER = ">HHHB"


class Refused(OSError):
    """The device answered with an exception code."""


class Client:
    """One connection to a device, made when it is needed, and again after it was lost.

    Each method raises Refused, or another OSError where the device cannot be reached or does not answer in time; the
    connection is closed then.
    """

    def __init__(self, host: str, port: int = 502, unit: int = 1, timeout: float = 2) -> None:
        self._address = host, port
        self._unit = unit
        self._timeout = timeout
        self._transaction = 0
        self._streams: Optional[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = None
        # A device answers one request at a time.
        self._turn: Optional[asyncio.Lock] = None

    async def read_bits(self, function: int, address: int, count: int) -> Sequence[int]:
        """Coils (function 1) or discrete inputs (2)."""
        packed = await self._ask(function, struct.pack(">HH", address, count), 1 + (count + 7) // 8)
        return [packed[1 + at // 8] >> at % 8 & 1 for at in range(count)]

    async def read_registers(self, function: int, address: int, count: int) -> Sequence[int]:
        """Holding registers (function 3) or input registers (4)."""
        answer = await self._ask(function, struct.pack(">HH", address, count), 1 + 2 * count)
        return struct.unpack(f">x{count}H", answer)

    async def write_coil(self, address: int, value: bool) -> None:
        await self._ask(_WRITE_COIL, struct.pack(">HH", address, 0xFF00 if value else 0), 4)

    async def write_registers(self, address: int, words: Sequence[int]) -> None:
        count = len(words)
        await self._ask(_WRITE_REGISTERS, struct.pack(f">HHB{count}H", address, count, 2 * count, *words), 4)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _ask(self, function: int, body: bytes, expected: int) -> bytes:
        """What the device answers behind the function's number, `expected` bytes."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            exchange = asyncio.get_running_loop().create_task(self._exchange(bytes([function]) + body, expected))
            try:
                # Not wait_for, which before Python 3.12 may take a cancellation for its own.
                done, _ = await asyncio.wait([exchange], timeout=self._timeout)
                if not done:
                    raise ConnectionError("no answer")
                return exchange.result()
            except Refused:
                raise
            except (OSError, EOFError) as error:
                self.close()
                raise ConnectionError(f"{self._address[0]}:{self._address[1]}: {error}") from error
            except BaseException:
                # Cancelled: the answer that is on its way is not that to the next request.
                self.close()
                raise
            finally:
                if not exchange.cancel() and not exchange.cancelled():
                    exchange.exception()

    async def _exchange(self, request: bytes, expected: int) -> bytes:
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        self._transaction = (self._transaction + 1) & 0xFFFF
        writer.write(struct.pack(_HEADER, self._transaction, 0, len(request) + 1, self._unit) + request)
        transaction, protocol, length, _ = struct.unpack(_HEADER, await reader.readexactly(7))
        if (transaction, protocol) != (self._transaction, 0) or length < 3:
            raise ConnectionError("what it answers is no Modbus TCP, or belongs to another request")
        answer = await reader.readexactly(length - 1)
        if answer[0] == request[0] | 0x80:
            raise Refused(f"function {request[0]} is answered with exception {answer[1]}")
        if answer[0] != request[0] or len(answer) != 1 + expected:
            raise ConnectionError(f"function {request[0]} is answered with {len(answer)} bytes of function {answer[0]}")
        return answer[1:]
