# SPDX-License-Identifier: Apache-2.0
"""Messages on their way out: those that wait for room in the node's queue, and those whose outcome is awaited."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Callable, Union

from .._handle import Handle
from .._outgoing import Outgoing
from ..enums import Outcome
from ..errors import Dropped, QueueFull
from ..events import DeliveryEvent


@dataclass(frozen=True)
class _Waiting:
    """A message that found the queue full. Its future gets the outcome, or with ``is_put`` the number already."""

    message: Outgoing
    future: asyncio.Future[Union[int, DeliveryEvent]]
    is_put: bool


class Outbox:
    """Gives messages to the node in the order in which they were submitted, however often the queue was full.

    Invariant: while something waits, nothing that comes later is given to the node. Whoever gave up waiting is passed
    over, and nothing of his is sent. Event loop's thread only.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._waiting: deque[_Waiting] = deque()
        self._awaited: dict[int, asyncio.Future[Union[int, DeliveryEvent]]] = {}
        # Outcomes come in the order of the messages: those up to this number are told.
        self.told = 0

    def submit(self, message: Outgoing, *, is_put: bool) -> asyncio.Future[Union[int, DeliveryEvent]]:
        """Gives the message to the node, now or when there is room. Raises what the node answers but for QueueFull."""
        one = _Waiting(message, asyncio.get_running_loop().create_future(), is_put)
        if self._waiting or not self._give(one):
            self._waiting.append(one)
        return one.future

    def tell(self, event: DeliveryEvent) -> None:
        """The outcome of some messages."""
        self.told = event.id + event.count - 1
        if not self._awaited:
            return
        for number in event.ids:
            future = self._awaited.pop(number, None)
            # Whoever awaited it may have been cancelled; the message went its way all the same.
            if future is None or future.done():
                continue
            if event.outcome is Outcome.DELIVERED:
                future.set_result(DeliveryEvent(number, event.outcome, event.level))
            else:
                future.set_exception(Dropped(number, event.outcome, event.close_code, event.close_reason))

    def give_waiting(self, count_max: int) -> bool:
        """Gives the node what waits, as far as there is room, at most so many; whether to call it again soon."""
        for _ in range(count_max):
            self._forget_cancelled()
            if not self._waiting:
                return False
            one = self._waiting[0]
            try:
                if not self._give(one):
                    return False
            except Exception as error:
                one.future.set_exception(error)
            self._waiting.popleft()
        return bool(self._waiting)

    def fail(self, unsent: Callable[[], BaseException], unknown: Callable[[], BaseException]) -> None:
        """Nothing more comes: those that still wait for room hear the one, those that wait for an outcome the other."""
        waiting, self._waiting = self._waiting, deque()
        awaited, self._awaited = self._awaited, {}
        for one in waiting:
            if not one.future.done():
                one.future.set_exception(unsent())
        for future in awaited.values():
            if not future.done():
                future.set_exception(unknown())

    def _forget_cancelled(self) -> None:
        while self._waiting and self._waiting[0].future.done():
            self._waiting.popleft()

    def _give(self, one: _Waiting) -> bool:
        """False where the queue is full."""
        try:
            number = one.message(self._handle)
        except QueueFull:
            return False
        if one.is_put:
            one.future.set_result(number)
        else:
            # The outcome is told by this thread's loop, so it cannot have come before this line.
            self._awaited[number] = one.future
        return True
