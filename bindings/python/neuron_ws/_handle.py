# SPDX-License-Identifier: Apache-2.0
"""A node's handle: who may use it, and when it may go."""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator
from typing import Callable, Optional

from ._library import check, library
from .enums import Status
from .errors import Forked, NodeClosed


def forked() -> Forked:
    return Forked(Status.FORKED, "NEURON_WS_FORKED", "this process is a forked child and the node its parent's")


def node_closed(detail: str = "the node is closed") -> NodeClosed:
    return NodeClosed(Status.NOT_RUNNING, "NEURON_WS_NOT_RUNNING", detail)


class Handle:
    """A neuron_ws_node_t. The library asks that nothing runs on a node while another thread destroys it; so each call
    borrows the handle, and close waits until none is borrowed.
    """

    def __init__(self, name: bytes, settings: bytes) -> None:
        self._pointer: Optional[int] = None
        self._closing = False
        self._users = 0
        self._idle = threading.Condition()
        self._process = os.getpid()
        pointer = ctypes.c_void_p()
        check(library.neuron_ws_node_create(name, settings, None, ctypes.byref(pointer)))
        self._pointer = pointer.value

    @property
    def closed(self) -> bool:
        return self._closing or self._pointer is None

    @property
    def is_foreign(self) -> bool:
        """Whether this process is a forked child of the one that made the node."""
        return os.getpid() != self._process

    @contextlib.contextmanager
    def borrowed(self) -> Iterator[int]:
        """The pointer, kept from being destroyed meanwhile. NodeClosed once close has begun; Forked in a child."""
        if self.is_foreign:
            # As the library would answer; but our lock may be held by a thread that only the parent has.
            raise forked()
        with self._idle:
            if self._closing or self._pointer is None:
                raise node_closed()
            self._users += 1
            pointer = self._pointer
        try:
            yield pointer
        finally:
            with self._idle:
                self._users -= 1
                if self._users == 0:
                    self._idle.notify_all()

    def close(self, timeout_ms: int, take_rest: Callable[[int], None]) -> None:
        """Stops the node, waits for the calls that other threads are in, and destroys it; later calls do nothing.
        ``take_rest`` gets the pointer when all is told that ever will be.
        """
        if self.is_foreign:
            self._pointer = None
            return
        with self._idle:
            if self.closed:
                return
            self._closing = True
        # A stop first: it ends a flush that another thread waits in.
        library.neuron_ws_node_stop(self._pointer, timeout_ms)
        with self._idle:
            self._idle.wait_for(lambda: self._users == 0)
            pointer, self._pointer = self._pointer, None
        try:
            if pointer is not None:
                library.neuron_ws_node_finish(pointer, 0)
                take_rest(pointer)
        finally:
            library.neuron_ws_node_destroy(pointer)
