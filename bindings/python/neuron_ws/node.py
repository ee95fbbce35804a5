# SPDX-License-Identifier: Apache-2.0
"""The node."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Callable, Optional, Union

from . import _outgoing
from ._arguments import milliseconds, number_of, seconds_of
from ._base import BaseNode
from ._event_queue import EventQueue
from ._library import check, library
from ._responses import Responses
from ._settings import Settings
from ._values import Metas, Precision, Timestamp, TypeName
from .enums import EventKind, Level
from .errors import NodeClosed
from .events import DeliveryEvent, DroppedEvent, Event, LogEvent, MessageEvent, ResponseEvent, RoomEvent, StateEvent
from .requests import Request

StateCallback = Callable[[StateEvent], object]
MessageCallback = Callable[[Union[str, bytes]], object]
RequestCallback = Callable[[Request], object]
DeliveryCallback = Callable[[DeliveryEvent], object]
LogCallback = Callable[[LogEvent], object]
RoomCallback = Callable[[], object]

# What a program may have events of; responses are what request() waits for.
_KINDS = (
    EventKind.STATE | EventKind.MESSAGE | EventKind.REQUEST | EventKind.DELIVERY | EventKind.LOG | EventKind.ROOM
    | EventKind.DROPPED
)
# What a node keeps that was not told. Requests must be asked for: who takes them owes the server an answer.
_DEFAULT_KINDS = _KINDS & ~EventKind.REQUEST
# How long a waiting poll() takes to see that another thread closed the node, in seconds.
_POLL_SLICE = 0.25


class Node(BaseNode):
    """A WebSocket client that pushes groups of tags to a server, takes messages back, and reconnects by itself.

    ::

        with Node("line-1", {"url": "ws://127.0.0.1:8080/data"}) as node:
            node.subscribe("*", "*")
            node.push("plc1", "fast", {"temperature": 21.5})
            node.flush(timeout=5)

    ``with`` starts the node, and closes it at the end; messages still queued then are dropped, so flush before. What
    was not told until then can still be taken: :meth:`poll` and :meth:`events` go on after the end with what is left.

    name         for logs and metrics: 1 to 128 bytes of UTF-8 without control characters
    settings     a dictionary, or a JSON text; README.md has the table
    on_state     called with a StateEvent
    on_message   called with ``str`` (a text message) or ``bytes`` (a binary one)
    on_request   called with a Request, which is to be answered, then or later; without it requests are messages
    on_delivery  called with a DeliveryEvent, which tells of one or more messages by the numbers that push and send
                 returned: ``for number in event.ids``
    on_log       called with a LogEvent
    on_room      called when there is room again behind a QueueFull
    events       kinds of events to keep for :meth:`events` besides those that have a callback

    Callbacks are given here: of one that is set later the library knows nothing.

    Threads: every method may be called from any thread. The GIL is free during each call of the library. Callbacks run
    only inside :meth:`poll`, :meth:`events` and :meth:`run`, on the thread that calls these; the library's own thread
    never runs Python code. A callback that raises ends the call that ran it; the next call goes on with the next event.

    Raises SettingsError, whose detail names the key, and InvalidArgument for the name.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        on_state: Optional[StateCallback] = None,
        on_message: Optional[MessageCallback] = None,
        on_request: Optional[RequestCallback] = None,
        on_delivery: Optional[DeliveryCallback] = None,
        on_log: Optional[LogCallback] = None,
        on_room: Optional[RoomCallback] = None,
        events: EventKind = EventKind(0),
    ) -> None:
        super().__init__(name, settings)
        self.on_state = on_state
        self.on_message = on_message
        self.on_request = on_request
        self.on_delivery = on_delivery
        self.on_log = on_log
        self.on_room = on_room
        self._opening = threading.Lock()
        self._events = EventQueue(self._handle)
        self._responses = Responses(self._handle, self._events)
        self._mask = (events & _KINDS) | self._callback_kinds()
        if self._mask:
            try:
                self._events.open(self._mask)
            except BaseException:
                self.close(timeout=0)
                raise

    # ------------------------------------------------------------------------------------------------------------------
    # Its life

    def stop(self, timeout: float = 5.0) -> None:
        """Closes the connection within ``timeout`` seconds. Queued messages stay, and a later start sends them.

        Raises Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_stop(handle, milliseconds(timeout)))

    def stop_begin(self, timeout: float = 5.0) -> None:
        """Begins what :meth:`stop` does and returns at once: for a program with a loop of its own, and to stop several
        nodes side by side. The end is a StateEvent with ``Phase.IDLE``. Again before that: the shorter time counts.

        Raises NotRunning (there is no end to wait for), NodeClosed, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_stop_begin(handle, milliseconds(timeout)))

    def finish(self, timeout: float = 5.0) -> None:
        """Stops the node for good within ``timeout`` seconds: messages still queued are dropped, or kept on disk where
        the settings ask for that (``Outcome.STORED``), and their outcomes are
        events like all others, which can be taken before :meth:`close` and after it. Takes nothing more: push, send and
        start raise NotRunning. Requests that were not taken are dropped.

        Raises NodeClosed, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_finish(handle, milliseconds(timeout)))

    def forget(self) -> None:
        """Deletes what the node has on disk (settings ``offline-cache`` and ``data-dir``): for a program whose user
        deletes the node. At once if the node is stopped, else when it is closed.

        Raises NodeClosed, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_forget(handle))

    def close(self, timeout: float = 5.0) -> None:
        """Stops the node within ``timeout`` seconds and frees it. Messages still queued are dropped. Events not yet
        taken, these outcomes among them, are kept for :meth:`poll`, :meth:`events` and :meth:`next_event`; no callback
        runs in here. Requests that were not answered are dropped. Closing twice is allowed. Calls that other threads
        are in end first.
        """
        self._events.close(milliseconds(timeout))

    def __enter__(self) -> Node:
        try:
            self.start()
        except BaseException:
            self.close(timeout=0)
            raise
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.close()

    def __del__(self) -> None:
        # A constructor that failed leaves no handle.
        if "_events" in self.__dict__ and not self.closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)
            self.close(timeout=0)

    # ------------------------------------------------------------------------------------------------------------------
    # Sending

    def push(
        self,
        driver: str,
        group: str,
        values: Mapping[str, object],
        errors: Optional[Mapping[str, int]] = None,
        timestamp: Timestamp = None,
        metas: Optional[Metas] = None,
        types: Optional[Mapping[str, TypeName]] = None,
        precision: Optional[Precision] = None,
    ) -> int:
        """Sends one collected group in the node's format; returns the message's number in this node: 1, 2, 3…

        values     tag names with their values; README.md says which Python type becomes which tag type
        errors     tag names with the gateway's error codes, for tags that have no value
        timestamp  Unix time in ms, or a datetime; None: now
        metas      tag names with what more there is to say of the value: ``{"t": {"quality": 192}}``
        types      tag names with another type than the one the value suggests: ``{"t": "FLOAT"}``
        precision  decimals of floats, 1 to 17, for all tags or by name; 0: the shortest text that reads back exactly

        Never waits for the network, and works whether the node is connected, running or not: messages queue.
        Raises NotSubscribed, QueueFull, Skipped, TooBig, InvalidGroup, InvalidJSON, Forked; TypeError, ValueError and
        OverflowError for values that no tag can hold. Nothing is sent then.
        """
        return _outgoing.group(driver, group, values, errors, timestamp, metas, types, precision)(self._handle)

    def push_json(self, group: Union[str, bytes, Mapping[str, object]]) -> int:
        """The same from JSON in tags-format or values-format, as text or as a dictionary.

        Raises what push does, and InvalidJSON.
        """
        return _outgoing.group_json(group)(self._handle)

    def send(self, message: Union[str, bytes]) -> int:
        """Sends a message of your own as it is, ``str`` as text and ``bytes`` as binary; returns its number.

        Raises QueueFull, TooBig, Forked; InvalidArgument for a ``str`` with lone surrogates and, where messages are
        numbered (settings ``sequence``, ``delivery`` ``app-acked``), for what is no ``{…}`` or has a member ``seq``,
        ``stream`` or ``resent`` itself.
        """
        return _outgoing.message(message)(self._handle)

    def request(
        self,
        command: Union[str, bytes, Mapping[str, object]],
        *,
        match: Optional[str] = None,
        value: Optional[_outgoing.MatchValue] = None,
        timeout: float = 5.0,
        retries: int = 0,
    ) -> Union[str, bytes]:
        """Sends a command, ``str`` as text, ``bytes`` as binary, a dictionary as JSON, and waits for its response,
        which is returned as it came.

        match    the response is the message that has this member, by its name or by a JSON pointer, ``"/a/id"``; None:
                 the next message that is nothing else
        value    what the member says; None: anything
        timeout  seconds, of each try; without a connection it waits for one within that time
        retries  tries after the first

        Other threads may be in a request at the same time, and callbacks that :meth:`poll`, :meth:`run` and
        :meth:`events` run may call it. No callback runs in here; events that come meanwhile are kept for these, though
        :meth:`fileno` is not readable for them.

        Raises Timeout, LinkLost (the connection that it went out on, in whole or in part, ended first: whether the
        server carried it out is unknown), NotRunning (not started, or stopped meanwhile), QueueFull, TooBig,
        InvalidArgument, NodeClosed, Forked.
        """
        outgoing = _outgoing.command(command, match, value, timeout, retries)
        with self._opening:
            if not self._mask & EventKind.RESPONSE:
                self._events.open(self._mask | EventKind.RESPONSE)
                self._mask |= EventKind.RESPONSE
        return self._responses.request(outgoing)

    def push_states(self, states: Mapping[str, tuple[int, int]]) -> int:
        """Sends how the drivers stand: their names, each with its link (0, 1) and its running state (1 to 4, the
        gateway's numbers). How often is ``state.states_interval_s``, by the settings. Returns the message's number.

        Raises Skipped (there is none), InvalidArgument (a name), QueueFull, TooBig, Forked.
        """
        return _outgoing.states(states)(self._handle)

    def flush(self, level: Level = Level.WRITTEN, timeout: float = 5.0) -> None:
        """Waits until all that was accepted before has reached ``level`` or another outcome, at most ``timeout``
        seconds.

        Raises Timeout, NotRunning, Unsupported (a level above the one in force), Forked.
        """
        number = number_of(level, Level, "level")
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_flush(handle, number, milliseconds(timeout)))

    # ------------------------------------------------------------------------------------------------------------------
    # Events

    def fileno(self) -> int:
        """A descriptor that is readable while events wait, for select, poll or ``loop.add_reader``. It is the node's:
        never read, write or close it.

        A node made without callbacks and without ``events`` keeps its events from this call on, but for requests, which
        are messages to it.
        Raises NodeClosed, SystemFailure, Forked.
        """
        with self._handle.borrowed(), self._opening:
            kinds = self._mask | (EventKind(0) if self._mask & _KINDS else self._callback_kinds() or _DEFAULT_KINDS)
            if self._events.descriptor < 0 or kinds != self._mask:
                self._mask = kinds
                self._events.open(kinds)
            return self._events.descriptor

    def next_event(self) -> Optional[Event]:
        """The next event that waits, or None. Runs no callback. Raises NodeClosed, Forked."""
        if not (self.closed and self._has_rest):
            self.fileno()
        return self._responses.next_event()

    def events(self) -> Iterator[Event]:
        """The events that wait, oldest first, each after its callback has run. Ends when none is left, and does not
        wait for more. Of a closed node it has what is left. Raises NodeClosed, Forked.
        """
        was_closed = self.closed
        # One that is closed meanwhile, by a callback perhaps, keeps the rest for the next call.
        while self._has_rest if was_closed else not self.closed:
            event = self.next_event()
            if event is None:
                return
            self._dispatch(event)
            yield event

    def poll(self, timeout: Optional[float] = 0.0) -> int:
        """Waits up to ``timeout`` seconds for events (None: as long as it takes) and runs the callbacks of all that
        wait, on this thread. Returns how many events there were; 0 also when the node is closed meanwhile. Of a closed
        node it runs those of what is left.

        Raises NodeClosed (nothing is left), Forked, and what a callback raises.
        """
        end = None if timeout is None else time.monotonic() + seconds_of(timeout)
        if self.closed and self._has_rest:
            return self._drain()
        self.fileno()
        while not self.closed:
            left = _POLL_SLICE if end is None else max(0.0, end - time.monotonic())
            if self._responses.wait(min(left, _POLL_SLICE)) and (count := self._drain()):
                return count
            if end is not None and time.monotonic() >= end:
                return 0
        return 0

    def run(self, duration: Optional[float] = None) -> None:
        """Runs callbacks on this thread for ``duration`` seconds, or until the node is closed, by a callback or by
        another thread.

        Raises NodeClosed, Forked, and what a callback raises.
        """
        end = None if duration is None else time.monotonic() + seconds_of(duration, "a duration")
        while not self.closed:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return
            self.poll(left)

    # ------------------------------------------------------------------------------------------------------------------

    @property
    def _has_rest(self) -> bool:
        return bool(self._responses.set_aside or self._events.rest)

    def _drain(self) -> int:
        try:
            return sum(1 for _ in self.events())
        except NodeClosed:
            # Another thread closed the node between the look and the call: that is the end of the events, no failure.
            return 0

    def _dispatch(self, event: Event) -> None:
        if isinstance(event, StateEvent):
            if self.on_state is not None:
                self.on_state(event)
        elif isinstance(event, MessageEvent):
            if self.on_message is not None:
                self.on_message(event.data)
        elif isinstance(event, Request):
            if self.on_request is not None:
                self.on_request(event)
        elif isinstance(event, DeliveryEvent):
            if self.on_delivery is not None:
                self.on_delivery(event)
        elif isinstance(event, RoomEvent):
            if self.on_room is not None:
                self.on_room()
        elif not isinstance(event, DroppedEvent) and self.on_log is not None:
            self.on_log(event)

    def _callback_kinds(self) -> EventKind:
        kinds = EventKind(0)
        for callback, kind in (
            (self.on_state, EventKind.STATE),
            (self.on_message, EventKind.MESSAGE),
            (self.on_request, EventKind.REQUEST),
            (self.on_delivery, EventKind.DELIVERY),
            (self.on_log, EventKind.LOG),
            (self.on_room, EventKind.ROOM),
        ):
            if callback is not None:
                kinds |= kind
        return kinds
