# SPDX-License-Identifier: Apache-2.0
"""How a node stops and ends without holding up its event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Optional

from .._arguments import milliseconds
from .._handle import Handle
from .._library import check, library
from ..enums import Phase, Status
from ..errors import NeuronWSError, NodeClosed
from ..state import State
from ._reader import Reader

# How much longer than its timeout a stop is waited for, which comes late where the library's thread is busy; seconds.
_GRACE = 2.5


class Ending:
    """Stops a node, and ends it once, however many ask for it and whoever of them is cancelled."""

    def __init__(self, handle: Handle, reader: Reader) -> None:
        self.has_begun = False
        self._handle = handle
        self._reader = reader
        self._task: Optional[asyncio.Task[None]] = None
        self._starts = 0
        # They wait for the end, so the end does not wait for them.
        self._closers: set[Optional[asyncio.Task[Any]]] = set()

    def started(self) -> None:
        """The node was started: whoever waits for a stop before that waits no longer."""
        self._starts += 1
        self._reader.states.check()

    async def stop(self, timeout: float) -> None:
        """Stops the node within so many seconds."""
        timeout_ms = milliseconds(timeout)
        # One that is closed meanwhile is stopped too.
        with suppress(NodeClosed):
            await self._stopped(timeout_ms)
            self._reader.end_flushes()

    async def close(self, timeout: float) -> None:
        """Stops the node within so many seconds and frees it. All who call this wait for the same end."""
        timeout_ms = milliseconds(timeout)
        if self._task is None:
            if not self._reader.is_open or self._handle.is_foreign:
                # Never started, or its event loop is gone: nothing is there that could go on meanwhile.
                self.end_at_once()
                return
            self.has_begun = True
            self._reader.is_open = False
            self._task = asyncio.get_running_loop().create_task(self._end(timeout_ms))
        # A handler of a request may close the node, also when it is cancelled; it ends when it is done.
        self._closers.add(asyncio.current_task())
        self._reader.states.check()
        cancelled: Optional[asyncio.CancelledError] = None
        while not self._task.done():
            try:
                await asyncio.shield(self._task)
            except asyncio.CancelledError as error:
                cancelled = error
                self._hurry()
        # It may have been cancelled before it began.
        self.end_at_once()
        if cancelled is not None:
            raise cancelled

    def end_at_once(self) -> None:
        """Ends the node here and now: 0.2 s at most where it is connected, no time where it is stopped."""
        if self._handle.closed:
            return
        self.has_begun = True
        self._reader.detach()
        self._reader.events.close(0)
        if self._handle.is_foreign:
            self._reader.fail_forked()
        else:
            self._reader.read_rest()

    async def _end(self, timeout_ms: int) -> None:
        try:
            for task in self._reader.handlers - self._closers:
                task.cancel()
            await self._reader.states.hold(lambda: self._reader.handlers <= self._closers, timeout_ms / 1000)
            await self._stopped(timeout_ms)
            self._reader.end_flushes()
        except (asyncio.CancelledError, NeuronWSError, RuntimeError):
            # The loop is about to end and cancels all its tasks, or has no threads any more.
            pass
        self.end_at_once()

    async def _stopped(self, timeout_ms: int) -> None:
        with self._handle.borrowed() as pointer:
            status = library.neuron_ws_node_stop_begin(pointer, timeout_ms)
        if status == Status.NOT_RUNNING:
            return
        check(status)
        starts = self._starts
        # A start behind the stop counts instead of it.
        await self._reader.states.hold(
            lambda: self._starts != starts or self._is_stopped(), timeout_ms / 1000 + _GRACE
        )

    def _is_stopped(self) -> bool:
        return State.of(self._handle).phase is Phase.IDLE

    def _hurry(self) -> None:
        """The stop that is under way may take no more time."""
        with suppress(NeuronWSError, RuntimeError), self._handle.borrowed() as pointer:
            # The shorter time counts.
            check(library.neuron_ws_node_stop_begin(pointer, 0))
