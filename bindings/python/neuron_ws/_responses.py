"""The ends of commands, for the threads that wait for them."""

from __future__ import annotations

import threading
from typing import Optional, Union

from ._handle import Handle
from ._library import library
from ._outgoing import Outgoing
from .enums import Status
from .errors import error_for
from .events import ResponseEvent


def response_of(event: ResponseEvent, text: str = "") -> Union[str, bytes]:
    """What came; raises what came instead."""
    if event.status == Status.OK and event.data is not None:
        return event.data
    name = library.neuron_ws_status_name(event.status).decode()
    raise error_for(event.status, name, _WHY.get(event.status, text))


_WHY = {
    Status.TIMEOUT: "no response to the command came in time",
    Status.LINK_LOST: "the command went out, and its connection ended before the response came",
    Status.NOT_RUNNING: "the node was stopped before the response came",
    Status.NO_MEMORY: "the response came, and there was no room to keep it",
    Status.CANCELLED: "the command was taken back",
}


class Responses:
    """Commands that threads wait for, by their numbers. Any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        # None: its end has not come.
        self._ends: dict[int, Optional[ResponseEvent]] = {}

    def submit(self, command: Outgoing, handle: Handle) -> int:
        """Gives the command to the node. Its end cannot be told before it is known here."""
        with self._changed:
            number = command(handle)
            self._ends[number] = None
            return number

    def put(self, event: ResponseEvent) -> None:
        """An end came. One that nobody waits for any more is forgotten."""
        with self._changed:
            if event.id in self._ends:
                self._ends[event.id] = event
                self._changed.notify_all()

    def end_of(self, number: int, timeout: float = 0.0) -> Optional[ResponseEvent]:
        """The end, when another thread hands it over within so many seconds."""
        with self._changed:
            if timeout > 0 and self._ends[number] is None:
                self._changed.wait(timeout)
            return self._ends[number]

    def forget(self, number: int) -> None:
        """Nobody waits for it any more."""
        with self._changed:
            del self._ends[number]
