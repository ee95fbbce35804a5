# SPDX-License-Identifier: Apache-2.0
"""What coroutines wait for that is neither a message nor an outcome: a link, a stop, a flush."""

from __future__ import annotations

import asyncio
from typing import Callable, Optional

from .._arguments import milliseconds


def time_limit(timeout: Optional[float]) -> Optional[float]:
    """A time that every event loop takes: uvloop has none for infinity, and asyncio's timers lose their order by NaN.
    TypeError and ValueError for what is no number of seconds from 0 on.
    """
    return None if timeout is None else milliseconds(timeout) / 1000


class Conditions:
    """Conditions that are awaited, looked at each time the node tells something. Event loop's thread only."""

    def __init__(self) -> None:
        self._awaited: dict[asyncio.Future[None], Callable[[], bool]] = {}

    async def hold(self, condition: Callable[[], bool], timeout: Optional[float]) -> bool:
        """Waits until the condition holds; False after so many seconds. Raises what ``fail`` was given."""
        if condition():
            return True
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited[future] = condition
        try:
            # Not wait_for: that may lose a cancellation, or take one for its own.
            await asyncio.wait([future], timeout=timeout)
            if not future.done():
                return False
            future.result()
            return True
        finally:
            del self._awaited[future]
            # An error that nobody hears of, because who waited was cancelled at the same moment, is no fault.
            if future.done() and not future.cancelled():
                future.exception()

    def check(self) -> None:
        """Ends the waiting for each condition that holds now."""
        for future, condition in list(self._awaited.items()):
            if future.done():
                continue
            try:
                if condition():
                    future.set_result(None)
            except Exception as error:
                future.set_exception(error)

    def fail(self, error: Callable[[], BaseException]) -> None:
        """Ends all waiting."""
        for future in self._awaited:
            if not future.done():
                future.set_exception(error())
