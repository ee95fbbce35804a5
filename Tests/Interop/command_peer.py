# SPDX-License-Identifier: Apache-2.0
"""A server that answers commands, PyPI's `websockets` on a thread of its own; what it does is a test's coroutine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from types import TracebackType
from typing import Callable, Optional, TypeVar, Union

import websockets
from websockets.asyncio.server import ServerConnection, serve

Message = Union[str, bytes]
Self = TypeVar("Self", bound="CommandPeer")
Answering = Callable[[ServerConnection, Message], Awaitable[None]]


class CommandPeer:
    """Keeps what it receives in `received`; `answer(connection, message)` is awaited for each, in order."""

    def __init__(self, answer: Answering, port: int = 0) -> None:
        self.received: list[Message] = []
        self.connections = 0
        self._answer = answer
        self._changed = threading.Condition()
        self._open: set[ServerConnection] = set()
        self._started = threading.Event()
        self._later: set[asyncio.Task[None]] = set()
        self.port = port
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._started.wait(30)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/"

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it without Close frames."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(30)

    def drop(self) -> None:
        """Ends the open connections without Close frames."""
        def abort() -> None:
            for connection in list(self._open):
                connection.transport.abort()

        self._loop.call_soon_threadsafe(abort)

    def wait_for(self, count: int, timeout: float = 60.0) -> list[Message]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, timeout), len(self.received)
            return list(self.received)

    def later(self, seconds: float, connection: ServerConnection, message: Message) -> None:
        """Sends it so much later. From within `answer`."""
        async def send() -> None:
            await asyncio.sleep(seconds)
            await connection.send(message)

        task = asyncio.get_running_loop().create_task(send())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def _handle(self, connection: ServerConnection) -> None:
        self._open.add(connection)
        self.connections += 1
        try:
            async for message in connection:
                with self._changed:
                    self.received.append(message)
                    self._changed.notify_all()
                await self._answer(connection, message)
        except websockets.ConnectionClosed:
            pass
        finally:
            self._open.discard(connection)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        async with serve(
            self._handle, "127.0.0.1", self.port, max_size=None, compression=None, ping_interval=None,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._started.set()
            await self._stopping.wait()
            for connection in list(self._open):
                connection.transport.abort()


async def echo(connection: ServerConnection, message: Message) -> None:
    await connection.send(message)


async def silence(connection: ServerConnection, message: Message) -> None:
    pass
