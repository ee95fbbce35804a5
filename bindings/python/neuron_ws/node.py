"""The node."""

from __future__ import annotations

import ctypes
import select
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Callable, Optional, Union

from ._handle import Handle
from ._library import check, library
from ._structures import DriverStateStructure, EventStructure, MetricsStructure, StateStructure
from ._values import Group, Metas, Precision, Timestamp, TypeName, c_text, json_text, utf8
from .enums import EventKind, Level, LogLevel, MessageKind, MetricsFormat, Status
from .errors import NodeClosed
from .events import DeliveryEvent, Event, LogEvent, MessageEvent, StateEvent, event_from_structure
from .requests import Request
from .state import Metrics, State

Settings = Union[Mapping[str, object], str]
StateCallback = Callable[[StateEvent], object]
MessageCallback = Callable[[Union[str, bytes]], object]
RequestCallback = Callable[[Request], object]
DeliveryCallback = Callable[[DeliveryEvent], object]
LogCallback = Callable[[LogEvent], object]

# What this package makes events of; responses come with a later version of the library.
_KINDS = EventKind.STATE | EventKind.MESSAGE | EventKind.REQUEST | EventKind.DELIVERY | EventKind.LOG
# What a node keeps that was not told. Requests must be asked for: who takes them owes the server an answer.
_DEFAULT_KINDS = _KINDS & ~EventKind.REQUEST
# How long a waiting poll() takes to see that another thread closed the node, in seconds.
_POLL_SLICE = 0.25


def _milliseconds(seconds: float) -> int:
    """Seconds as the library's 32 bits of ms: rounded up, so that a short time does not become none at all."""
    if not seconds >= 0:
        raise ValueError(f"a timeout is a number of seconds from 0 on, not {seconds!r}")
    return int(min(-(-seconds * 1000 // 1), 0xFFFFFFFF))


def _settings_text(settings: Settings) -> bytes:
    return c_text(settings, "the settings") if isinstance(settings, str) else json_text(settings)


class Node:
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
    events       kinds of events to keep for :meth:`events` besides those that have a callback

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
        events: EventKind = EventKind(0),
    ) -> None:
        self.name = name
        self.on_state = on_state
        self.on_message = on_message
        self.on_request = on_request
        self._requests: weakref.WeakSet[Request] = weakref.WeakSet()
        self.on_delivery = on_delivery
        self.on_log = on_log
        self._event_lock = threading.Lock()
        self._rest: deque[Event] = deque()
        self._descriptor = -1
        self._mask = events & _KINDS
        self._handle = Handle(c_text(name, "the name"), _settings_text(settings))
        self._mask |= self._callback_kinds()
        if self._mask:
            try:
                self._open_events()
            except BaseException:
                self.close(timeout=0)
                raise

    # ------------------------------------------------------------------------------------------------------------------
    # Its life

    def start(self) -> None:
        """Begins to connect, and returns at once; on a running node nothing happens.

        Raises SystemFailure, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_start(handle))

    def stop(self, timeout: float = 5.0) -> None:
        """Closes the connection within ``timeout`` seconds. Queued messages stay, and a later start sends them.

        Raises Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_stop(handle, _milliseconds(timeout)))

    def finish(self, timeout: float = 5.0) -> None:
        """Stops the node for good within ``timeout`` seconds: messages still queued are dropped, and their outcomes are
        events like all others, which can be taken before :meth:`close` and after it. Takes nothing more: push, send and
        start raise NotRunning. Requests that were not taken are dropped.

        Raises NodeClosed, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_finish(handle, _milliseconds(timeout)))

    def close(self, timeout: float = 5.0) -> None:
        """Stops the node within ``timeout`` seconds and frees it. Messages still queued are dropped. Events not yet
        taken, these outcomes among them, are kept for :meth:`poll`, :meth:`events` and :meth:`next_event`; no callback
        runs in here. Requests that were not answered are dropped. Closing twice is allowed. Calls that other threads
        are in end first.
        """
        self._handle.close(_milliseconds(timeout), self._take_rest)
        for request in list(self._requests):
            request.drop()
        self._descriptor = -1

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._handle.closed

    def configure(self, settings: Settings) -> None:
        """New settings for the living node, whole. Reconnects only if it must; the queue stays. Bad settings change
        nothing.

        Raises SettingsError, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_configure(handle, _settings_text(settings)))

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
        if "_handle" in self.__dict__ and not self.closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)
            self.close(timeout=0)

    def __repr__(self) -> str:
        return f"<neuron_ws.Node {self.name!r}{' closed' if self.closed else ''}>"

    # ------------------------------------------------------------------------------------------------------------------
    # What is forwarded

    def subscribe(self, driver: str, group: str, static_tags: Optional[Mapping[str, object]] = None) -> None:
        """Forwards what is pushed of this driver and group from now on; ``"*"`` stands for all.

        static_tags  are added to each message. Subscribing again replaces them.

        Raises InvalidArgument (names), InvalidJSON, TooBig, Forked.
        """
        params = None if static_tags is None else json_text({"static_tags": static_tags})
        names = c_text(driver, "the driver's name"), c_text(group, "the group's name")
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_subscribe(handle, *names, params))

    def unsubscribe(self, driver: str, group: Optional[str] = None) -> None:
        """Ends the subscription made with these two names; without a group, all of the driver's.

        Raises NotFound, InvalidArgument, Forked.
        """
        second = None if group is None else c_text(group, "the group's name")
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_unsubscribe(handle, c_text(driver, "the driver's name"), second))

    def rename(
        self,
        driver: str,
        new_driver: str,
        group: Optional[str] = None,
        new_group: Optional[str] = None,
    ) -> None:
        """The gateway renamed a driver, or (with ``new_driver`` the same) a group of it; the subscriptions follow.

        Raises NotFound, InvalidArgument, Forked.
        """
        arguments = [
            c_text(driver, "the driver's name"),
            None if group is None else c_text(group, "the group's name"),
            c_text(new_driver, "the driver's new name"),
            None if new_group is None else c_text(new_group, "the group's new name"),
        ]
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_rename(handle, *arguments))

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
        collected = Group(driver, group, values, errors, timestamp, metas, types, precision)
        number = ctypes.c_uint64()
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_push(handle, ctypes.byref(collected.structure), ctypes.byref(number)))
        return number.value

    def push_json(self, group: Union[str, bytes, Mapping[str, object]]) -> int:
        """The same from JSON in tags-format or values-format, as text or as a dictionary.

        Raises what push does, and InvalidJSON.
        """
        if isinstance(group, bytes):
            text = group
        else:
            text = utf8(group) if isinstance(group, str) else json_text(group)
        number = ctypes.c_uint64()
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_push_json(handle, text, len(text), ctypes.byref(number)))
        return number.value

    def send(self, message: Union[str, bytes]) -> int:
        """Sends a message of your own as it is, ``str`` as text and ``bytes`` as binary; returns its number.

        Raises QueueFull, TooBig, Forked; InvalidArgument for a ``str`` with lone surrogates.
        """
        kind = MessageKind.TEXT if isinstance(message, str) else MessageKind.BINARY
        octets = utf8(message) if isinstance(message, str) else bytes(memoryview(message))
        number = ctypes.c_uint64()
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_send(handle, kind, octets, len(octets), ctypes.byref(number)))
        return number.value

    def push_states(self, states: Mapping[str, tuple[int, int]]) -> int:
        """Sends how the drivers stand: their names, each with its link (0, 1) and its running state (1 to 4, the
        gateway's numbers). How often is ``state.states_interval_s``, by the settings. Returns the message's number.

        Raises Skipped (there is none), InvalidArgument (a name), QueueFull, TooBig, Forked.
        """
        structures = (DriverStateStructure * len(states))()
        for structure, (name, (link, running)) in zip(structures, states.items()):
            structure.node = c_text(name, "a driver's name")
            structure.link, structure.running, structure.is_driver = link, running, True
        number = ctypes.c_uint64()
        size = ctypes.sizeof(DriverStateStructure)
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_push_states(handle, structures, len(states), size, ctypes.byref(number)))
        return number.value

    def flush(self, level: Level = Level.WRITTEN, timeout: float = 5.0) -> None:
        """Waits until all that was accepted before has reached ``level`` or another outcome, at most ``timeout``
        seconds.

        Raises Timeout, NotRunning, Unsupported (a level above the one in force), Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_flush(handle, level, _milliseconds(timeout)))

    # ------------------------------------------------------------------------------------------------------------------
    # Watching

    @property
    def state(self) -> State:
        """How the node stands. Raises Forked."""
        structure = StateStructure(size=ctypes.sizeof(StateStructure))
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_state(handle, ctypes.byref(structure)))
        return State.from_structure(structure)

    @property
    def metrics(self) -> Metrics:
        """The node's counters. Raises Forked."""
        structure = MetricsStructure(size=ctypes.sizeof(MetricsStructure))
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_metrics(handle, ctypes.byref(structure)))
        return Metrics.from_structure(structure)

    def metrics_text(self, format: MetricsFormat = MetricsFormat.OPENMETRICS) -> str:
        """The counters as OpenMetrics text or as JSON. Raises Forked."""
        size = 16384
        length = ctypes.c_size_t()
        with self._handle.borrowed() as handle:
            while True:
                buffer = ctypes.create_string_buffer(size)
                written = ctypes.byref(length)
                status = library.neuron_ws_node_metrics_text(handle, format, buffer, size, written)
                if status != Status.BUFFER_TOO_SMALL:
                    break
                size = length.value + 256
            check(status)
        return buffer.raw[: length.value].decode()

    def set_trace(self, on: bool) -> None:
        """Whether each frame is a line of log of the level DEBUG, from the next connection on. Raises Forked."""
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_set_trace(handle, on))

    def ping(self) -> None:
        """Sends a Ping now. When its Pong has come, ``metrics.pongs_received`` and ``round_trip_us`` tell. Raises
        NotRunning where there is no open connection, Forked."""
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_ping(handle))

    def set_log_level(self, level: LogLevel, seconds: int = 0) -> None:
        """How much the node logs; after ``seconds`` > 0 the level of the settings is back. Raises Forked."""
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_set_log_level(handle, level, seconds))

    # ------------------------------------------------------------------------------------------------------------------
    # Events

    def fileno(self) -> int:
        """A descriptor that is readable while events wait, for select, poll or ``loop.add_reader``. It is the node's:
        never read, write or close it.

        A node made without callbacks and without ``events`` keeps its events from this call on, but for requests, which
        are messages to it.
        Raises NodeClosed, SystemFailure, Forked.
        """
        with self._handle.borrowed():
            if self._descriptor < 0:
                if not self._mask:
                    self._mask = self._callback_kinds() or _DEFAULT_KINDS
                self._open_events()
            return self._descriptor

    def next_event(self) -> Optional[Event]:
        """The next event that waits, or None. Runs no callback. Raises NodeClosed, Forked."""
        if self.closed and self._rest:
            return self._rest.popleft()
        self.fileno()
        # The event's bytes live until the next call, so copying them belongs under the same lock.
        with self._handle.borrowed() as handle, self._event_lock:
            return self._next_event(handle)

    def _next_event(self, handle: int) -> Optional[Event]:
        structure = EventStructure(size=ctypes.sizeof(EventStructure))
        while True:
            status = library.neuron_ws_node_next_event(handle, ctypes.byref(structure))
            if status == Status.NO_EVENT:
                return None
            check(status)
            octets = ctypes.string_at(structure.bytes, structure.length) if structure.bytes else b""
            event = event_from_structure(structure, octets)
            if isinstance(event, Request):
                self._requests.add(event)
            if event is not None:
                return event

    def _take_rest(self, handle: int) -> None:
        while (event := self._next_event(handle)) is not None:
            self._rest.append(event)

    def events(self) -> Iterator[Event]:
        """The events that wait, oldest first, each after its callback has run. Ends when none is left, and does not
        wait for more. Of a closed node it has what is left. Raises NodeClosed, Forked.
        """
        was_closed = self.closed
        # One that is closed meanwhile, by a callback perhaps, keeps the rest for the next call.
        while self._rest if was_closed else not self.closed:
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
        if self.closed and self._rest:
            return self._drain()
        descriptor = self.fileno()
        poller = select.poll()
        poller.register(descriptor, select.POLLIN)
        end = None if timeout is None else time.monotonic() + timeout
        while not self.closed:
            left = _POLL_SLICE if end is None else max(0.0, end - time.monotonic())
            if poller.poll(min(left, _POLL_SLICE) * 1000):
                return self._drain()
            if end is not None and time.monotonic() >= end:
                return 0
        return 0

    def run(self, duration: Optional[float] = None) -> None:
        """Runs callbacks on this thread for ``duration`` seconds, or until the node is closed, by a callback or by
        another thread.

        Raises NodeClosed, Forked, and what a callback raises.
        """
        end = None if duration is None else time.monotonic() + duration
        while not self.closed:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return
            self.poll(left)

    # ------------------------------------------------------------------------------------------------------------------

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
        elif self.on_log is not None:
            self.on_log(event)

    def _callback_kinds(self) -> EventKind:
        kinds = EventKind(0)
        for callback, kind in (
            (self.on_state, EventKind.STATE),
            (self.on_message, EventKind.MESSAGE),
            (self.on_request, EventKind.REQUEST),
            (self.on_delivery, EventKind.DELIVERY),
            (self.on_log, EventKind.LOG),
        ):
            if callback is not None:
                kinds |= kind
        return kinds

    def _open_events(self) -> None:
        descriptor = ctypes.c_int32(-1)
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_event_fd(handle, int(self._mask), ctypes.byref(descriptor)))
        self._descriptor = descriptor.value
