# SPDX-License-Identifier: Apache-2.0
"""The ends of commands, for the threads that wait for them."""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from itertools import chain
from typing import Optional, Union

from ._event_queue import EventQueue
from ._handle import Handle, node_closed
from ._library import library
from ._outgoing import Outgoing
from .enums import Status
from .errors import NodeClosed, error_for
from .events import Event, ResponseEvent

# How long the thread that waits for all takes to see that somebody else took its response, in seconds.
_SLICE = 0.05
_WHY = {
    Status.TIMEOUT: "no response to the command came in time",
    Status.LINK_LOST: "the command went out, and its connection ended before the response came",
    Status.NOT_RUNNING: "the node was stopped before the response came",
    Status.NO_MEMORY: "the response came, and there was no room to keep it",
    Status.CANCELLED: "the command was taken back",
}


# The log says which.
_UNSENT = (
    "the command never went out: no connection took it in time, or it was held back, for responses that were to come "
    "before its own were late or lost"
)


def response_of(event: ResponseEvent) -> Union[str, bytes]:
    """What came; raises what came instead."""
    if event.status == Status.OK and event.data is not None:
        return event.data
    name = library.neuron_ws_status_name(event.status).decode()
    unsent = event.status == Status.TIMEOUT and not event.sent
    raise error_for(event.status, name, _UNSENT if unsent else _WHY.get(event.status, ""))


class _Waiter:
    """A thread that waits: for the end of its command, or, in a poll, for any event."""

    __slots__ = ("end", "woken")

    def __init__(self) -> None:
        # Set when its end came, and when it is its turn to look for events.
        self.woken = threading.Event()
        self.end: Optional[ResponseEvent] = None


class Responses:
    """Commands that threads wait for, by their numbers, and the events that they come across meanwhile. Any thread.

    One thread at a time waits at the queue of events, for all others: it gives each the end that it waits for, and sets
    aside what belongs to whoever takes events. When it leaves, with its own end or to run a callback, it wakes another.
    """

    def __init__(self, handle: Handle, events: EventQueue) -> None:
        # Events for whoever takes events.
        self.set_aside: deque[Event] = deque()
        self._handle = handle
        self._events = events
        # An event is taken and put where it belongs in one, or two threads would change their order.
        self._order = threading.Lock()
        # What follows is guarded by it.
        self._lock = threading.Lock()
        self._requests: dict[int, _Waiter] = {}
        self._pollers: list[_Waiter] = []
        self._is_led = False

    def next_event(self) -> Optional[Event]:
        """The next event that is no command's end, or None. Raises NodeClosed, Forked."""
        with self._order:
            if self.set_aside:
                return self.set_aside.popleft()
            while isinstance(event := self._take(), ResponseEvent):
                self._put(event)
            return event

    def wait(self, seconds: float) -> bool:
        """Whether an event waits, within so many seconds; of a node that is closed meanwhile none does."""
        waiter = _Waiter()
        with self._lock:
            if self.set_aside:
                return True
            leads = not self._is_led
            self._is_led = True
            if not leads:
                self._pollers.append(waiter)
        try:
            return self._is_readable(seconds) if leads else waiter.woken.wait(seconds) and bool(self.set_aside)
        except (NodeClosed, ValueError, OSError):
            return False
        finally:
            with self._lock:
                if leads:
                    self._is_led = False
                else:
                    self._pollers.remove(waiter)
                self._wake_another()

    def request(self, command: Outgoing) -> Union[str, bytes]:
        """Gives the command to the node and waits for its end. Interrupted, the command is taken back."""
        waiter = _Waiter()
        # Its end cannot be told before its number is known here.
        with self._lock:
            number = command(self._handle)
            self._requests[number] = waiter
        try:
            while waiter.end is None:
                self._wait(waiter)
        finally:
            with self._lock:
                del self._requests[number]
                self._wake_another()
            if waiter.end is None and not self._handle.closed:
                with self._handle.borrowed() as pointer:
                    library.neuron_ws_node_request_cancel(pointer, number)
        return response_of(waiter.end)

    def _wait(self, waiter: _Waiter) -> None:
        """Until its end came, or it may be its turn to look for it."""
        with self._lock:
            waiter.woken.clear()
            if waiter.end is not None:
                return
            leads = not self._is_led
            self._is_led = True
        if not leads:
            waiter.woken.wait()
            return
        try:
            while waiter.end is None:
                if self._is_readable(_SLICE):
                    self._take_aside(waiter)
        except (NodeClosed, ValueError, OSError):
            # Another thread closes the node: all that ever comes has been told by the end of that.
            while not self._events.is_closed:
                time.sleep(0.001)
            with self._order:
                for event in self._events.rest:
                    if isinstance(event, ResponseEvent):
                        self._put(event)
            if waiter.end is None:
                raise node_closed() from None
        finally:
            with self._lock:
                self._is_led = False
                self._wake_another()

    def _is_readable(self, seconds: float) -> bool:
        """Raises NodeClosed, ValueError or OSError for a node that is being closed."""
        if self._handle.closed:
            raise node_closed()
        poller = select.poll()
        poller.register(self._events.descriptor, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    def _take_aside(self, waiter: _Waiter) -> None:
        """Takes what waits, as far as its end."""
        while waiter.end is None:
            with self._order:
                event = self._events.take()
                if event is None:
                    return
                if isinstance(event, ResponseEvent):
                    self._put(event)
                    continue
                self.set_aside.append(event)
            with self._lock:
                for poller in self._pollers:
                    poller.woken.set()

    def _take(self) -> Optional[Union[Event, ResponseEvent]]:
        rest = self._events.rest
        return rest.popleft() if rest and self._handle.closed else self._events.take()

    def _put(self, event: ResponseEvent) -> None:
        """An end came. One that nobody waits for any more is forgotten."""
        with self._lock:
            waiter = self._requests.get(event.id)
            if waiter is not None:
                waiter.end = event
                waiter.woken.set()

    def _wake_another(self) -> None:
        """Nobody waits at the queue: the next one does. Called with the lock held."""
        if not self._is_led:
            for waiter in chain(self._pollers, self._requests.values()):
                if waiter.end is None:
                    waiter.woken.set()
                    return
