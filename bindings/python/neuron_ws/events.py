# SPDX-License-Identifier: Apache-2.0
"""What a node tells: one class per kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional, Union

from ._structures import EventStructure
from ._wording import in_python
from .enums import EventKind, Level, LogCategory, LogLevel, MessageKind, Outcome, Phase, Reason, Status
from .requests import Request


@dataclass(frozen=True)
class StateEvent:
    """The link, the phase, the reason or the URL changed. What is not here is in ``node.state``."""

    link: bool
    phase: Phase
    reason: Reason


@dataclass(frozen=True)
class MessageEvent:
    """A message from the server: ``str`` of a text message, ``bytes`` of a binary one."""

    data: Union[str, bytes]


@dataclass(frozen=True)
class DeliveryEvent:
    """``count`` messages from ``id`` on have the same outcome; ``level`` is what is known of delivered ones.

    Outcomes that follow each other are one event: ``ids`` has the numbers of its messages.

    ``close_code`` and ``close_reason`` are those of the Close frame by which the server refused it
    (``DROPPED_REFUSED_BY_PEER``); 0 and "" where there was none.
    """

    id: int
    outcome: Outcome
    level: Level
    count: int = 1
    close_code: int = 0
    close_reason: str = ""

    @property
    def ids(self) -> range:
        """The messages' numbers, as push and send returned them."""
        return range(self.id, self.id + self.count)


@dataclass(frozen=True)
class LogEvent:
    """One line of log, without a line break, and what it is about."""

    level: LogLevel
    text: str
    category: LogCategory = LogCategory.NONE


@dataclass(frozen=True)
class RoomEvent:
    """A call raised QueueFull, and now a quarter of what was full is free again."""


@dataclass(frozen=True)
class DroppedEvent:
    """So many events stood here that were dropped, because the program did not take them in time; never outcomes."""

    count: int


@dataclass(frozen=True)
class ResponseEvent:
    """The end of a command: what Node.request waits for, which takes it. ``data`` is None unless the status is OK;
    ``sent`` says whether the command went out, at least in part."""

    id: int
    status: Status
    data: Optional[Union[str, bytes]] = None
    sent: bool = True


Event = Union[StateEvent, MessageEvent, Request, DeliveryEvent, LogEvent, RoomEvent, DroppedEvent]


def event_from_structure(structure: EventStructure, octets: bytes) -> Optional[Union[Event, ResponseEvent]]:
    """The event of a structure; None of a kind this version of the package does not know."""
    kind = structure.kind
    if kind == EventKind.STATE:
        return StateEvent(structure.link != 0, Phase(structure.phase), Reason(structure.reason))
    if kind == EventKind.MESSAGE:
        return MessageEvent(octets.decode() if structure.message_kind == MessageKind.TEXT else octets)
    if kind == EventKind.REQUEST:
        return Request(structure.request, octets)
    if kind == EventKind.DELIVERY:
        return DeliveryEvent(
            structure.id, Outcome(structure.outcome), Level(structure.level), structure.count,
            structure.close_code, octets.decode("utf-8", "replace"))
    if kind == EventKind.RESPONSE:
        data = octets.decode() if structure.message_kind == MessageKind.TEXT else octets
        status = Status(structure.status)
        sent = structure.level != Level.ACCEPTED
        return ResponseEvent(structure.id, status, data if status == Status.OK else None, sent)
    if kind == EventKind.ROOM:
        return RoomEvent()
    if kind == EventKind.DROPPED:
        return DroppedEvent(structure.count)
    if kind == EventKind.LOG:
        text = in_python(octets.decode("utf-8", "replace"))
        return LogEvent(LogLevel(structure.log_level), text, LogCategory(structure.log_category))
    return None
