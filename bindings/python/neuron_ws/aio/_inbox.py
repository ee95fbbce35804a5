# SPDX-License-Identifier: Apache-2.0
"""What came and was not taken yet."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Callable, Generic, Optional, TypeVar

T = TypeVar("T")


class Inbox(Generic[T]):
    """A bounded queue that coroutines take from; each item goes to one of them. Event loop's thread only.

    Invariant: at most ``count_max`` items wait, and one is taken, however large, while those that wait have fewer than
    ``bytes_max`` bytes.
    """

    def __init__(self, count_max: int, bytes_max: int, size: Callable[[T], int]) -> None:
        self.dropped = 0
        self.is_ended = False
        self._count_max = count_max
        self._bytes_max = bytes_max
        self._size = size
        self._bytes = 0
        self._items: deque[T] = deque()
        self._takers: deque[asyncio.Future[None]] = deque()

    def put(self, item: T) -> bool:
        """False where there is no room: it is dropped and counted."""
        if len(self._items) >= self._count_max or self._bytes >= self._bytes_max:
            self.dropped += 1
            return False
        self._items.append(item)
        self._bytes += self._size(item)
        self._wake_one()
        return True

    def end(self, keep: bool = True) -> None:
        """Nothing more comes. What waits can still be taken, or with ``keep`` false no longer."""
        self.is_ended = True
        if not keep:
            self._items.clear()
        while self._takers:
            self._wake_one()

    async def take(self) -> Optional[T]:
        """The next item, or None when the inbox has ended and is empty."""
        while not self._items:
            if self.is_ended:
                return None
            taker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._takers.append(taker)
            try:
                await taker
            except BaseException:
                if taker in self._takers:
                    self._takers.remove(taker)
                elif self._items:
                    # It was woken and goes away: another one takes the item.
                    self._wake_one()
                raise
        item = self._items.popleft()
        self._bytes -= self._size(item)
        return item

    def _wake_one(self) -> None:
        while self._takers:
            taker = self._takers.popleft()
            if not taker.done():
                taker.set_result(None)
                return


class Arrivals(Generic[T]):
    """``async for`` over an inbox; ends with it. ``check`` raises where nothing can come here."""

    def __init__(self, inbox: Inbox[T], check: Callable[[Inbox[T]], None]) -> None:
        self._inbox = inbox
        self._check = check

    def __aiter__(self) -> Arrivals[T]:
        return self

    async def __anext__(self) -> T:
        self._check(self._inbox)
        item = await self._inbox.take()
        if item is None:
            raise StopAsyncIteration
        return item
