# SPDX-License-Identifier: Apache-2.0
"""The exceptions: one class per status of the library, all of them :class:`NeuronWSError`."""

from __future__ import annotations

from .enums import Outcome, Status


class NeuronWSError(Exception):
    """A call of the library failed.

    status       the status it answered
    status_name  the status's name in C, ``"NEURON_WS_QUEUE_FULL"``
    detail       one sentence for people; of a setting it names the key, what it holds and what it takes
    """

    def __init__(self, status: Status, status_name: str, detail: str) -> None:
        super().__init__(f"{detail} ({status_name})" if detail else status_name)
        self.status = status
        self.status_name = status_name
        self.detail = detail

    def __reduce__(self) -> tuple[type[NeuronWSError], tuple[Status, str, str]]:
        return type(self), (self.status, self.status_name, self.detail)


class InvalidArgument(NeuronWSError, ValueError):
    """A number is out of range, or a name empty, too long or with control characters."""


class SettingsError(NeuronWSError, ValueError):
    """The settings were refused as a whole; ``detail`` names the key."""


class InvalidJSON(NeuronWSError, ValueError):
    """A text is not JSON, or not of the form asked for; ``detail`` gives line and column."""


class InvalidGroup(NeuronWSError, ValueError):
    """A group cannot be encoded."""


class StructSize(NeuronWSError):
    """The library and this package do not fit each other."""


class NotSubscribed(NeuronWSError, LookupError):
    """No subscription covers this driver and group."""


class QueueFull(NeuronWSError, BlockingIOError):
    """The queue is at its limit; try again when some of it has been sent."""


class TooBig(NeuronWSError, ValueError):
    """One message is larger than any queue could take, or a count is past its limit."""


class Timeout(NeuronWSError, TimeoutError):
    """The time given ran out first."""


class NotRunning(NeuronWSError):
    """The node is not running: not started, or stopped meanwhile."""


class NodeClosed(NotRunning, ValueError):
    """The node was closed; nothing can be done with it any more."""


class NoMemory(NeuronWSError, MemoryError):
    """Memory is exhausted."""


class SystemFailure(NeuronWSError):
    """The operating system refused a thread or a descriptor; ``detail`` names the call and its errno."""


class Forked(NeuronWSError):
    """This process is a forked child and the node its parent's."""


class Unsupported(NeuronWSError, NotImplementedError):
    """Not in this version of the library."""


class Skipped(NeuronWSError):
    """There was nothing to send: a group without tags, or only errors while ``upload_err`` is false."""


class NotFound(NeuronWSError, LookupError):
    """There is no such subscription; or the request was answered before, or it is too late for an answer."""


class WrongThread(NeuronWSError):
    """This call would wait for the library's thread, on the library's thread."""


class Refused(NeuronWSError):
    """The host refused the message."""


class LinkLost(NeuronWSError, ConnectionError):
    """A command went out, and its connection ended before the response came."""


class Cancelled(NeuronWSError):
    """The command was taken back."""


class Dropped(NeuronWSError):
    """A message that was awaited ended otherwise than delivered.

    id            the message's number
    outcome       how it ended
    close_code    of the Close frame by which the server refused it (``DROPPED_REFUSED_BY_PEER``); 0: there was none
    close_reason  the text of that frame; "": none
    """

    def __init__(self, id: int, outcome: Outcome, close_code: int = 0, close_reason: str = "") -> None:
        why, status = _ENDS.get(outcome, (f"it ended with the outcome {outcome.name}", Status.REFUSED))
        if outcome is Outcome.DROPPED_REFUSED_BY_PEER:
            why += f", with the close code {close_code}" if close_code else ", without a Close frame"
            why += f" ({close_reason})" if close_reason else ""
        super().__init__(status, f"NEURON_WS_{outcome.name}", f"message {id} was not delivered: {why}")
        self.id = id
        self.outcome = outcome
        self.close_code = close_code
        self.close_reason = close_reason

    def __reduce__(self) -> tuple[type[Dropped], tuple[int, Outcome, int, str]]:  # type: ignore[override]
        return type(self), (self.id, self.outcome, self.close_code, self.close_reason)


_ENDS: dict[Outcome, tuple[str, Status]] = {
    Outcome.STORED: ("the node was closed; it lies in its cache on disk and is sent by the next", Status.NOT_RUNNING),
    Outcome.DROPPED_OVERFLOW: ("its cache made room for newer ones (cache-policy)", Status.QUEUE_FULL),
    Outcome.DROPPED_LOST: ("it lay on disk and could not be read again", Status.SYSTEM),
    Outcome.DROPPED_OTHER_SERVER: (
        "it answers a request of a server that is not the one connected now",
        Status.NOT_FOUND,
    ),
    Outcome.EXPIRED: ("it was older than cache-ttl", Status.TIMEOUT),
    Outcome.DROPPED_STOPPED: ("the node was closed before it could be sent", Status.NOT_RUNNING),
    Outcome.DROPPED_REFUSED_BY_PEER: (
        "the server ended the connection in the middle of it again and again",
        Status.REFUSED,
    ),
}

_CLASSES: dict[Status, type[NeuronWSError]] = {
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.INVALID_SETTINGS: SettingsError,
    Status.INVALID_JSON: InvalidJSON,
    Status.INVALID_GROUP: InvalidGroup,
    Status.STRUCT_SIZE: StructSize,
    Status.NOT_SUBSCRIBED: NotSubscribed,
    Status.QUEUE_FULL: QueueFull,
    Status.TOO_BIG: TooBig,
    Status.TIMEOUT: Timeout,
    Status.NOT_RUNNING: NotRunning,
    Status.NO_MEMORY: NoMemory,
    Status.SYSTEM: SystemFailure,
    Status.FORKED: Forked,
    Status.UNSUPPORTED: Unsupported,
    Status.SKIPPED: Skipped,
    Status.NOT_FOUND: NotFound,
    Status.WRONG_THREAD: WrongThread,
    Status.REFUSED: Refused,
    Status.LINK_LOST: LinkLost,
    Status.CANCELLED: Cancelled,
}


def error_for(status: Status, status_name: str, detail: str) -> NeuronWSError:
    """The exception of a status; of one that has no class of its own, a plain :class:`NeuronWSError`."""
    return _CLASSES.get(status, NeuronWSError)(status, status_name, detail)
