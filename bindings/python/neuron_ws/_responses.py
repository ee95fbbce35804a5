# SPDX-License-Identifier: Apache-2.0
"""The ends of commands, for the threads that wait for them."""

from __future__ import annotations

import select
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional, Union

from ._event_queue import EventQueue
from ._handle import Handle, node_closed
from ._library import library
from ._outgoing import Outgoing
from .enums import Status
from .errors import NodeClosed, error_for
from .events import Event, ResponseEvent

# How long a wait takes to see that another thread has taken the response, in seconds.
_SLICE = 0.05
_WHY = {
    Status.TIMEOUT: "no response to the command came in time",
    Status.LINK_LOST: "the command went out, and its connection ended before the response came",
    Status.NOT_RUNNING: "the node was stopped before the response came",
    Status.NO_MEMORY: "the response came, and there was no room to keep it",
    Status.CANCELLED: "the command was taken back",
}


def response_of(event: ResponseEvent) -> Union[str, bytes]:
    """What came; raises what came instead."""
    if event.status == Status.OK and event.data is not None:
        return event.data
    name = library.neuron_ws_status_name(event.status).decode()
    raise error_for(event.status, name, _WHY.get(event.status, ""))


class Responses:
    """Commands that threads wait for, by their numbers, and the events that they come across meanwhile. Any thread."""

    def __init__(self, handle: Handle, events: EventQueue) -> None:
        # Events for whoever takes events.
        self.set_aside: deque[Event] = deque()
        self._handle = handle
        self._events = events
        # Threads that take events anyway.
        self._takers = 0
        self._changed = threading.Condition()
        # None: its end has not come.
        self._ends: dict[int, Optional[ResponseEvent]] = {}

    @contextmanager
    def taking(self) -> Iterator[None]:
        """The caller takes events, and puts the ends among them."""
        with self._changed:
            self._takers += 1
        try:
            yield
        finally:
            with self._changed:
                self._takers -= 1

    def put(self, event: ResponseEvent) -> None:
        """An end came. One that nobody waits for any more is forgotten."""
        with self._changed:
            if event.id in self._ends:
                self._ends[event.id] = event
                self._changed.notify_all()

    def request(self, command: Outgoing) -> Union[str, bytes]:
        """Gives the command to the node and waits for its end. Interrupted, the command is taken back."""
        # Its end cannot be told before its number is known here.
        with self._changed:
            number = command(self._handle)
            self._ends[number] = None
        try:
            while (end := self._ends[number]) is None:
                self._wait(number)
        finally:
            with self._changed:
                is_open = self._ends.pop(number) is None
            if is_open and not self._handle.closed:
                with self._handle.borrowed() as pointer:
                    library.neuron_ws_node_request_cancel(pointer, number)
        return response_of(end)

    def _wait(self, number: int) -> None:
        """Takes what waits, or lets another thread that takes events do it, for a moment."""
        if self._takers:
            with self._changed:
                if self._ends[number] is None:
                    self._changed.wait(_SLICE)
            return
        try:
            poller = select.poll()
            poller.register(self._events.descriptor, select.POLLIN)
            if poller.poll(_SLICE * 1000):
                self._take_aside()
        except (NodeClosed, ValueError, OSError):
            # Another thread closes the node: all that ever comes has been told by the end of that.
            while not self._events.is_closed:
                time.sleep(0.001)
            for event in self._events.rest:
                if isinstance(event, ResponseEvent):
                    self.put(event)
            if self._ends[number] is None:
                raise node_closed() from None

    def _take_aside(self) -> None:
        while (event := self._events.take()) is not None:
            if isinstance(event, ResponseEvent):
                self.put(event)
            else:
                self.set_aside.append(event)
