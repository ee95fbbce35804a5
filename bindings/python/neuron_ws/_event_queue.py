# SPDX-License-Identifier: Apache-2.0
"""The queue in which the library keeps a node's events until somebody takes them."""

from __future__ import annotations

import ctypes
import threading
import weakref
from collections import deque
from typing import Optional, Union

from ._handle import Handle
from ._library import check, library
from ._structures import EventStructure
from .enums import EventKind, Status
from .events import Event, ResponseEvent, event_from_structure
from .requests import Request


class EventQueue:
    """A node's events, oldest first, and the descriptor that is readable while some wait. What was not taken when the
    node was closed is kept, and can be taken afterwards.
    """

    def __init__(self, handle: Handle) -> None:
        self.descriptor = -1
        self.rest: deque[Union[Event, ResponseEvent]] = deque()
        # What was left has been taken.
        self.is_closed = False
        self._handle = handle
        self._lock = threading.Lock()
        # Those that are not answered yet among them: the node drops these when it is closed.
        self._requests: weakref.WeakSet[Request] = weakref.WeakSet()

    def open(self, kinds: EventKind) -> None:
        """From now on events of these kinds wait here. Raises NodeClosed, SystemFailure, Forked."""
        descriptor = ctypes.c_int32(-1)
        with self._handle.borrowed() as pointer:
            check(library.neuron_ws_node_event_fd(pointer, int(kinds), ctypes.byref(descriptor)))
        self.descriptor = descriptor.value

    def take(self) -> Optional[Union[Event, ResponseEvent]]:
        """The next event that waits, or None. Raises NodeClosed, Forked."""
        # The event's bytes live until the next call, so copying them belongs under the same lock.
        with self._handle.borrowed() as pointer, self._lock:
            return self._next(pointer)

    def close(self, timeout_ms: int) -> None:
        """Stops the node within so many ms and frees it. The events that are left go into ``rest``."""
        self._handle.close(timeout_ms, self._take_rest)
        for request in list(self._requests):
            request.drop()
        self.descriptor = -1
        self.is_closed = True

    def _take_rest(self, pointer: int) -> None:
        while (event := self._next(pointer)) is not None:
            self.rest.append(event)

    def _next(self, pointer: int) -> Optional[Union[Event, ResponseEvent]]:
        structure = EventStructure(size=ctypes.sizeof(EventStructure))
        while True:
            status = library.neuron_ws_node_next_event(pointer, ctypes.byref(structure))
            if status == Status.NO_EVENT:
                return None
            check(status)
            octets = ctypes.string_at(structure.bytes, structure.length) if structure.bytes else b""
            event = event_from_structure(structure, octets)
            if isinstance(event, Request):
                self._requests.add(event)
            if event is not None:
                return event
