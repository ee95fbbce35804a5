# SPDX-License-Identifier: Apache-2.0
"""The node, awaited."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Mapping
from types import TracebackType
from typing import Optional, Union

from .. import _outgoing
from .._base import BaseNode
from .._handle import forked, node_closed
from .._settings import Settings
from .._values import Metas, Precision, Timestamp, TypeName
from ..enums import EventKind, Level, Status
from ..errors import Timeout
from ..events import DeliveryEvent
from ..node import DeliveryCallback, LogCallback, StateCallback
from ..requests import Request
from ._conditions import time_limit
from ._ending import Ending
from ._inbox import Arrivals, Inbox
from ._reader import MESSAGES_MAX, Reader, RequestHandler


class Node(BaseNode):
    """A WebSocket client for asyncio that pushes groups of tags to a server, takes messages back, and reconnects by
    itself.

    ::

        async with Node("line-1", {"url": "ws://127.0.0.1:8080/data"}) as node:
            node.subscribe("*", "*")
            await node.push("plc1", "fast", {"temperature": 21.5})
            async for message in node:
                print(message)

    ``async with`` starts the node, and closes it at the end; messages still queued then are dropped, so flush before.
    The node belongs to the event loop that it was started on, or first awaited on.

    name          for logs and metrics: 1 to 128 bytes of UTF-8 without control characters
    settings      a dictionary, or a JSON text; README.md has the table
    on_request    a function or a coroutine function, called with each Request from the server; coroutines run beside
                  each other. One that raises is told to the loop's exception handler, and the server gets error 1001
    on_state      called with a StateEvent
    on_delivery   called with a DeliveryEvent of all messages, those of :meth:`put` among them
    on_log        called with a LogEvent; :func:`neuron_ws.log_to` makes one that writes to :mod:`logging`
    messages_max  how many messages from the server are kept until ``async for`` takes them, at most 64 MiB of them;
                  past that they are dropped, counted in :attr:`messages_dropped` and logged. 0: none are taken

    Everything runs on the event loop's thread, callbacks too; other threads may call what BaseNode has. Cancelling an
    await never harms the node. What is sent is not called back: see each method.

    Raises SettingsError, whose detail names the key, and InvalidArgument for the name.
    """

    _path = "neuron_ws.aio.Node"

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        on_request: Optional[RequestHandler] = None,
        on_state: Optional[StateCallback] = None,
        on_delivery: Optional[DeliveryCallback] = None,
        on_log: Optional[LogCallback] = None,
        messages_max: int = MESSAGES_MAX,
    ) -> None:
        super().__init__(name, settings)
        self._reader = Reader(self._handle, repr(self), messages_max)
        self._reader.on_request = on_request
        self._reader.on_state = on_state
        self._reader.on_delivery = on_delivery
        self._reader.on_log = on_log
        self._ending = Ending(self._handle, self._reader)
        self._loop: Optional[asyncio.AbstractEventLoop] = None

    # ------------------------------------------------------------------------------------------------------------------
    # Its life

    def start(self) -> None:
        """Begins to connect, and returns at once; on a running node nothing happens. Inside a coroutine only.

        Raises SystemFailure, NodeClosed, Forked; RuntimeError where no event loop runs, or another one.
        """
        self._bind()
        super().start()
        self._ending.started()

    async def connected(self, timeout: Optional[float] = None) -> None:
        """Waits until the link is up, at most ``timeout`` seconds; None: as long as it takes.

        Raises Timeout, whose detail is the state's message; NodeClosed, Forked.
        """
        limit = time_limit(timeout)
        self._bind()
        if not await self._reader.states.hold(lambda: self.state.link, limit):
            detail = f"{self.name} was not connected within {timeout} s. {self.state.message}"
            raise Timeout(Status.TIMEOUT, "NEURON_WS_TIMEOUT", detail)

    async def stop(self, timeout: float = 5.0) -> None:
        """Closes the connection within ``timeout`` seconds. Queued messages stay, and a later start sends them: whoever
        awaits their outcome goes on waiting.

        Cancelled, it goes on in the background. A start meanwhile ends the waiting. Raises NodeClosed, Forked.
        """
        self._bind()
        await self._ending.stop(timeout)

    async def close(self, timeout: float = 5.0) -> None:
        """Stops the node within ``timeout`` seconds and frees it. Messages still queued are dropped. All who wait hear
        of it: for an outcome, Dropped; for room in the queue, NodeClosed; for a flush, NotRunning. ``async for`` ends
        behind the last message. Handlers of requests are cancelled, requests that were not answered dropped.

        Closing twice is allowed. Cancelled, it closes in a hurry, within 0.2 s, and is cancelled then.
        """
        if self._loop is not None and not self._loop.is_closed() and not self._handle.is_foreign:
            self._check_loop(asyncio.get_running_loop())
        await self._ending.close(timeout)

    async def __aenter__(self) -> Node:
        try:
            self.start()
        except BaseException:
            self._ending.end_at_once()
            raise
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        # A constructor that failed leaves no handle.
        if "_ending" in self.__dict__ and not self.closed:
            warnings.warn(f"{self!r} was not closed", ResourceWarning, source=self)
            self._ending.end_at_once()

    def configure(self, settings: Settings) -> None:
        super().configure(settings)
        # There may be more room now.
        self._reader.room_may_be_there()

    # ------------------------------------------------------------------------------------------------------------------
    # Sending

    async def push(
        self,
        driver: str,
        group: str,
        values: Mapping[str, object],
        errors: Optional[Mapping[str, int]] = None,
        timestamp: Timestamp = None,
        metas: Optional[Metas] = None,
        types: Optional[Mapping[str, TypeName]] = None,
        precision: Optional[Precision] = None,
    ) -> DeliveryEvent:
        """Sends one collected group, given as :meth:`neuron_ws.Node.push` takes it, and waits for its outcome.

        Where the queue is full it waits for room first, in the order of the calls. Cancelled while it waits for room,
        nothing is sent; cancelled later, the message goes its way.

        Raises Dropped (the node was closed first; the server refuses it), NodeClosed, and what
        :meth:`neuron_ws.Node.push` raises but for QueueFull.
        """
        message = _outgoing.group(driver, group, values, errors, _now(timestamp), metas, types, precision)
        return await self._outcome(message)

    async def push_json(self, group: Union[str, bytes, Mapping[str, object]]) -> DeliveryEvent:
        """The same from JSON in tags-format or values-format, as text or as a dictionary. Where it has no timestamp, it
        gets that of the moment it found room.

        Raises what push does, and InvalidJSON.
        """
        return await self._outcome(_outgoing.group_json(group))

    async def send(self, message: Union[str, bytes]) -> DeliveryEvent:
        """Sends a message of your own as it is, ``str`` as text and ``bytes`` as binary, and waits for its outcome as
        push does.

        Raises Dropped, NodeClosed, TooBig, Forked; InvalidArgument for a ``str`` with lone surrogates.
        """
        return await self._outcome(_outgoing.message(message))

    async def push_states(self, states: Mapping[str, tuple[int, int]]) -> DeliveryEvent:
        """Sends how the drivers stand, as :meth:`neuron_ws.Node.push_states` takes it, and waits for its outcome.

        Raises Dropped, NodeClosed, Skipped, InvalidArgument, TooBig, Forked.
        """
        return await self._outcome(_outgoing.states(states))

    async def put(
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
        """As push, but waits only while the queue is full: returns the message's number as soon as the node has it.
        ``on_delivery`` and :meth:`flush` tell what becomes of it.

        Raises NodeClosed, and what :meth:`neuron_ws.Node.push` raises but for QueueFull.
        """
        message = _outgoing.group(driver, group, values, errors, _now(timestamp), metas, types, precision)
        return await self._number(message)

    async def put_json(self, group: Union[str, bytes, Mapping[str, object]]) -> int:
        """As push_json, but waits only while the queue is full; see put."""
        return await self._number(_outgoing.group_json(group))

    async def put_message(self, message: Union[str, bytes]) -> int:
        """As send, but waits only while the queue is full; see put."""
        return await self._number(_outgoing.message(message))

    async def flush(self, level: Level = Level.WRITTEN, timeout: Optional[float] = 5.0) -> None:
        """Waits until all that the node had taken before has reached ``level`` or another outcome, at most ``timeout``
        seconds; None: as long as it takes.

        Raises Timeout, whose detail says why; NotRunning (not started, stopped or closed meanwhile), Unsupported (a
        level above the one in force), NodeClosed, Forked.
        """
        self._bind()
        await self._reader.flush(level, timeout)

    async def _outcome(self, message: _outgoing.Outgoing) -> DeliveryEvent:
        outcome = await self._submitted(message, is_put=False)
        assert isinstance(outcome, DeliveryEvent)
        return outcome

    async def _number(self, message: _outgoing.Outgoing) -> int:
        number = await self._submitted(message, is_put=True)
        assert isinstance(number, int)
        return number

    async def _submitted(self, message: _outgoing.Outgoing, *, is_put: bool) -> Union[int, DeliveryEvent]:
        self._bind()
        return await self._reader.outbox.submit(message, is_put=is_put)

    async def request(
        self,
        command: Union[str, bytes, Mapping[str, object]],
        *,
        match: Optional[str] = None,
        value: Optional[_outgoing.MatchValue] = None,
        timeout: float = 5.0,
        retries: int = 0,
    ) -> Union[str, bytes]:
        """Sends a command, given as :meth:`neuron_ws.Node.request` takes it, and waits for its response. Any number may
        be awaited at a time, as far as NEURON_WS_COMMANDS_MAX goes. Cancelled, the command is taken back.

        Raises what :meth:`neuron_ws.Node.request` raises.
        """
        self._bind()
        return await self._reader.request(_outgoing.command(command, match, value, timeout, retries))

    # ------------------------------------------------------------------------------------------------------------------
    # Receiving

    def __aiter__(self) -> Arrivals[Union[str, bytes]]:
        """Messages from the server, ``str`` of text messages and ``bytes`` of binary ones, until the node is closed.
        Where several iterate, each message goes to one of them. Raises Forked; RuntimeError on another event loop.
        """
        return Arrivals(self._reader.messages, self._check_taker)

    async def receive(self) -> Union[str, bytes]:
        """The next message from the server. Raises NodeClosed when the node is closed and none is left."""
        self._check_taker(self._reader.messages)
        message = await self._reader.messages.take()
        if message is None:
            raise node_closed("the node is closed, and no message is left")
        return message

    @property
    def messages_dropped(self) -> int:
        """How many messages from the server found ``messages_max`` of them waiting already."""
        return self._reader.messages.dropped

    def requests(self) -> Arrivals[Request]:
        """Requests from the server for ``async for``, instead of ``on_request``; each is to be answered, then or later.
        Before the first call requests are messages, so call it before the node is started.

        Raises NodeClosed, Forked; ValueError where there is an ``on_request``.
        """
        if self._reader.on_request is not None:
            raise ValueError("the node has an on_request, which gets the requests")
        self._reader.add_kind(EventKind.REQUEST)
        return Arrivals(self._reader.requests, self._check_taker)

    # ------------------------------------------------------------------------------------------------------------------

    def _bind(self) -> None:
        """Begins to read the node's events on the running loop. RuntimeError where that is not the node's own."""
        loop = asyncio.get_running_loop()
        if self._handle.is_foreign:
            self._reader.fail_forked()
            raise forked()
        if loop is self._loop and self._reader.is_open:
            return
        if self.closed or self._ending.has_begun:
            raise node_closed()
        self._check_loop(loop)
        self._reader.attach(loop)
        self._loop = loop

    def _check_taker(self, inbox: Union[Inbox[Union[str, bytes]], Inbox[Request]]) -> None:
        """Whether items can come here. Of a node that is being closed, what is left still comes."""
        if inbox.is_ended and not self._handle.is_foreign:
            return
        if self._ending.has_begun and not self._handle.is_foreign:
            self._check_loop(asyncio.get_running_loop())
            return
        self._bind()

    def _check_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._loop is not None and loop is not self._loop:
            what = "is closed" if self._loop.is_closed() else "is not the one that runs here"
            raise RuntimeError(f"{self!r} belongs to the event loop that it was started on, which {what}")


def _now(timestamp: Timestamp) -> Timestamp:
    """A group that waits for room is as old as the call."""
    return round(time.time() * 1000) if timestamp is None else timestamp
