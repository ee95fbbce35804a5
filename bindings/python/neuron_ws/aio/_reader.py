# SPDX-License-Identifier: Apache-2.0
"""Reads a node's events on its event loop and hands them to whoever waits."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import sys
import weakref
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Callable, Optional, Union

from .._arguments import number_of
from .._event_queue import EventQueue
from .._handle import Handle, forked, node_closed
from .._library import check, library
from .._outgoing import Outgoing
from .._responses import response_of
from ..enums import EventKind, Level, Outcome, Status
from ..errors import NeuronWSError, NodeClosed, NotRunning, Timeout
from ..events import DeliveryEvent, Event, LogEvent, MessageEvent, ResponseEvent, RoomEvent, StateEvent
from ..requests import Request
from ..state import Metrics
from ._conditions import Conditions, time_limit
from ._inbox import Inbox
from ._outbox import Outbox

RequestHandler = Callable[[Request], Union[Awaitable[object], object]]

# As many messages as the library itself would keep, NEURON_WS_EVENTS_MAX and NEURON_WS_EVENTS_BYTES_MAX.
MESSAGES_MAX = 65_536
MESSAGES_BYTES_MAX = 67_108_864
# NEURON_WS_REQUESTS_MAX: more than these the library does not hand out at a time.
_REQUESTS_MAX = 1024
# What is done in one turn of the event loop, which has other things to do: events read, outcomes told, messages given.
_EVENTS_A_TURN = 256
_OUTCOMES_A_TURN = 1024
# The gateway's code for a failure inside.
_INTERNAL_ERROR = 1001

_log = logging.getLogger("neuron_ws.aio")


class Reader:
    """A node's events, and all who wait for them. Event loop's thread only.

    It is open while the node takes something: from the first await to the beginning of its end.
    """

    def __init__(self, handle: Handle, name: str, messages_max: int) -> None:
        self.events = EventQueue(handle)
        self.outbox = Outbox(handle)
        self.messages: Inbox[Union[str, bytes]] = Inbox(messages_max, MESSAGES_BYTES_MAX, sys.getsizeof)
        self.requests: Inbox[Request] = Inbox(_REQUESTS_MAX, MESSAGES_BYTES_MAX, lambda request: len(request.json))
        self.states = Conditions()
        self.flushes = Conditions()
        self.handlers: set[asyncio.Task[None]] = set()
        self.on_request: Optional[RequestHandler] = None
        self.on_state: Optional[Callable[[StateEvent], object]] = None
        self.on_delivery: Optional[Callable[[DeliveryEvent], object]] = None
        self.on_log: Optional[Callable[[LogEvent], object]] = None
        self.loop: Optional[asyncio.AbstractEventLoop] = None
        self.is_open = False
        self._handle = handle
        self._name = name
        self.responses: dict[int, asyncio.Future[ResponseEvent]] = {}
        self._kinds = EventKind.STATE | EventKind.DELIVERY | EventKind.RESPONSE
        if messages_max > 0:
            self._kinds |= EventKind.MESSAGE
        # What is left of a run of outcomes that is too long for one turn.
        self._run: Optional[DeliveryEvent] = None
        self._is_scheduled = False

    # ------------------------------------------------------------------------------------------------------------------
    # The event loop

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on the loop reads the events."""
        if self.on_request is not None:
            self._kinds |= EventKind.REQUEST
        if self.on_log is not None:
            self._kinds |= EventKind.LOG
        self.events.open(self._kinds)
        # Weakly, so that a node that its program forgot can go and warn of it.
        loop.add_reader(self.events.descriptor, _read, weakref.ref(self))
        self.loop, self.is_open = loop, True

    def detach(self) -> None:
        """The loop reads no more."""
        self.is_open = False
        # A forked child shares the loop's epoll instance: what it takes out of there, its parent misses.
        if self.loop is not None and not self.loop.is_closed() and not self._handle.is_foreign:
            self.loop.remove_reader(self.events.descriptor)

    def add_kind(self, kind: EventKind) -> None:
        """Events of this kind come too."""
        self._kinds |= kind
        if self.events.descriptor >= 0:
            self.events.open(self._kinds)

    def read_some(self) -> None:
        """What one turn of the loop has time for."""
        self._is_scheduled = False
        if self._handle.is_foreign:
            self.fail_forked()
            return
        try:
            for _ in range(_EVENTS_A_TURN):
                event = self._run or self.events.take()
                if event is None:
                    break
                self._hand_out(event)
                if self._run is not None:
                    self._read_soon()
                    break
        except NodeClosed:
            return
        self._give_waiting()
        self.flushes.check()
        self.states.check()

    def room_may_be_there(self) -> None:
        """Without an outcome that says so. Any thread."""
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(_read, weakref.ref(self))

    def _give_waiting(self) -> None:
        if self.is_open and self.outbox.give_waiting(_OUTCOMES_A_TURN):
            self._read_soon()

    def _read_soon(self) -> None:
        if self.loop is not None and not self._is_scheduled:
            self._is_scheduled = True
            self.loop.call_soon(_read, weakref.ref(self))

    # ------------------------------------------------------------------------------------------------------------------
    # Events

    def _hand_out(self, event: Union[Event, ResponseEvent]) -> None:
        if isinstance(event, ResponseEvent):
            future = self.responses.pop(event.id, None)
            if future is not None and not future.done():
                future.set_result(event)
        elif isinstance(event, DeliveryEvent):
            if event is not self._run:
                self._call(self.on_delivery, event)
            self._run = None
            if event.count > _OUTCOMES_A_TURN:
                left = event.count - _OUTCOMES_A_TURN
                self._run = replace(event, id=event.id + _OUTCOMES_A_TURN, count=left)
                event = replace(event, count=_OUTCOMES_A_TURN)
            self.outbox.tell(event)
        elif isinstance(event, MessageEvent):
            if not self.messages.put(event.data):
                self._warn_of_dropped()
        elif isinstance(event, Request):
            self._serve(event)
        elif isinstance(event, StateEvent):
            self._call(self.on_state, event)
        elif isinstance(event, LogEvent):
            self._call(self.on_log, event)

    def _warn_of_dropped(self) -> None:
        count = self.messages.dropped
        if count & (count - 1) == 0:
            _log.warning(
                "%s: %d messages from the server were dropped: `async for` takes them too slowly, or not at all "
                "(messages_max=0 says that none are wanted)", self._name, count,
            )

    def _call(self, callback: Optional[Callable[[Any], object]], event: Event) -> None:
        if callback is None:
            return
        try:
            callback(event)
        except Exception as error:
            self._tell_of_failure("a callback", error)

    def _tell_of_failure(self, what: str, error: Exception) -> None:
        assert self.loop is not None
        self.loop.call_exception_handler({"message": f"{what} of {self._name} failed", "exception": error})

    # ------------------------------------------------------------------------------------------------------------------
    # Requests

    def _serve(self, request: Request) -> None:
        if not self.is_open:
            # The node is being closed: nobody would wait for whoever handles it.
            with suppress(NeuronWSError):
                request.drop()
            return
        if self.on_request is None:
            self.requests.put(request)
            return
        assert self.loop is not None
        try:
            answer = self.on_request(request)
        except Exception as error:
            self._handler_failed(request, error)
            return
        if inspect.isawaitable(answer):
            task = self.loop.create_task(self._handled(request, answer))
            self.handlers.add(task)
            task.add_done_callback(self._handler_ended)

    def _handler_ended(self, task: asyncio.Task[None]) -> None:
        self.handlers.discard(task)
        # A close may wait for it.
        self.states.check()

    async def _handled(self, request: Request, answer: Awaitable[object]) -> None:
        try:
            await answer
        except Exception as error:
            self._handler_failed(request, error)

    def _handler_failed(self, request: Request, error: Exception) -> None:
        # It may have answered before it failed.
        with suppress(NeuronWSError):
            request.reply_error(_INTERNAL_ERROR, f"the program failed: {type(error).__name__}")
        self._tell_of_failure("on_request", error)

    # ------------------------------------------------------------------------------------------------------------------
    # Commands

    async def request(self, command: Outgoing) -> Union[str, bytes]:
        """Sends a command and waits for its end. Cancelled, the command is taken back."""
        number = command(self._handle)
        future: asyncio.Future[ResponseEvent] = asyncio.get_running_loop().create_future()
        self.responses[number] = future
        try:
            return response_of(await future)
        finally:
            if self.responses.pop(number, None) is not None and self.is_open:
                with suppress(NeuronWSError), self._handle.borrowed() as pointer:
                    library.neuron_ws_node_request_cancel(pointer, number)

    # ------------------------------------------------------------------------------------------------------------------
    # Flush

    async def flush(self, level: Level, timeout: Optional[float]) -> None:
        limit = time_limit(timeout)
        with suppress(Timeout):
            self._flush_now(level)
            if level <= Level.ACCEPTED:
                return
        # Each message taken has one number and one outcome, answers to requests too, in the same order.
        last = Metrics.of(self._handle).messages_accepted
        if await self.flushes.hold(lambda: self.outbox.told >= last, limit):
            return
        try:
            self._flush_now(level)
        except Timeout as error:
            detail = re.sub(r" after 0 ms\b", f" after {timeout} s", error.detail)
            raise Timeout(error.status, error.status_name, detail) from None

    def _flush_now(self, level: Level) -> None:
        with self._handle.borrowed() as pointer:
            check(library.neuron_ws_node_flush(pointer, number_of(level, Level, "level"), 0))

    def end_flushes(self) -> None:
        """The node stopped: what they wait for does not come."""
        self.flushes.check()
        try:
            self._flush_now(Level.WRITTEN)
        except NotRunning as error:
            status, name, detail = error.status, error.status_name, error.detail
            self.flushes.fail(lambda: NotRunning(status, name, detail))
        except NeuronWSError:
            pass  # It was started again.

    # ------------------------------------------------------------------------------------------------------------------
    # The end

    def read_rest(self) -> None:
        """The node is closed: what is left is handed out, and all waiting ends."""
        self.is_open = False
        if self.loop is not None and self.loop.is_closed():
            # Nobody is there who could be woken.
            self.messages.is_ended = self.requests.is_ended = True
            return
        rest, self.events.rest = self.events.rest, type(self.events.rest)()
        if self.loop is not None:
            while self._run is not None:
                self._hand_out(self._run)
            for event in rest:
                if isinstance(event, DeliveryEvent) and event.outcome is not Outcome.DELIVERED:
                    self.flushes.check()
                    self.flushes.fail(_left)
                if not isinstance(event, Request):
                    self._hand_out(event)
                while self._run is not None:
                    self._hand_out(self._run)
        self.flushes.check()
        self._end_all(
            lambda: node_closed("the node was closed before its queue had room: nothing was sent"),
            lambda: node_closed("the node was closed meanwhile"),
        )

    def fail_forked(self) -> None:
        """This process is a child: whoever waited in its parent waits there."""
        self.is_open = False
        self._end_all(forked, forked)

    def _end_all(self, unsent: Callable[[], BaseException], other: Callable[[], BaseException]) -> None:
        self.outbox.fail(unsent, other)
        self.flushes.fail(other)
        self.states.fail(other)
        for future in self.responses.values():
            if not future.done():
                future.set_exception(other())
        self.responses.clear()
        self.messages.end()
        self.requests.end(keep=False)


def _left() -> NotRunning:
    return NotRunning(Status.NOT_RUNNING, "NEURON_WS_NOT_RUNNING", "the node was closed with messages left")


def _read(reference: weakref.ref[Reader]) -> None:
    reader = reference()
    if reader is not None:
        reader.read_some()
