# SPDX-License-Identifier: Apache-2.0
"""The enumerations of neuron_ws.h.

A library newer than this package may answer numbers that are not listed here; they become members named
``UNKNOWN_<number>`` instead of an error.
"""

from __future__ import annotations

import enum
from typing import TypeVar

_E = TypeVar("_E", bound="OpenEnum")


class OpenEnum(enum.IntEnum):
    """An integer enumeration that takes numbers it does not know."""

    @classmethod
    def _missing_(cls: type[_E], value: object) -> _E | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member


class Status(OpenEnum):
    """What a function of the library answers."""

    OK = 0
    INVALID_ARGUMENT = 1
    INVALID_SETTINGS = 2
    INVALID_JSON = 3
    INVALID_GROUP = 4
    STRUCT_SIZE = 5
    NOT_SUBSCRIBED = 6
    QUEUE_FULL = 7
    TOO_BIG = 8
    TIMEOUT = 9
    NOT_RUNNING = 10
    BUFFER_TOO_SMALL = 11
    NO_MEMORY = 12
    SYSTEM = 13
    FORKED = 14
    UNSUPPORTED = 15
    SKIPPED = 16
    NOT_FOUND = 17
    NO_EVENT = 18
    WRONG_THREAD = 19
    REFUSED = 20
    LINK_LOST = 21
    CANCELLED = 22


class Type(OpenEnum):
    """A tag's type; the numbers are the Neuron gateway's."""

    INT8 = 1
    UINT8 = 2
    INT16 = 3
    UINT16 = 4
    INT32 = 5
    UINT32 = 6
    INT64 = 7
    UINT64 = 8
    FLOAT = 9
    DOUBLE = 10
    BIT = 11
    BOOL = 12
    STRING = 13
    BYTES = 14
    ERROR = 15
    WORD = 16
    DWORD = 17
    LWORD = 18
    PTR = 19
    TIME = 20
    DATA_AND_TIME = 21
    ARRAY_CHAR = 22
    ARRAY_INT8 = 23
    ARRAY_UINT8 = 24
    ARRAY_INT16 = 25
    ARRAY_UINT16 = 26
    ARRAY_INT32 = 27
    ARRAY_UINT32 = 28
    ARRAY_INT64 = 29
    ARRAY_UINT64 = 30
    ARRAY_FLOAT = 31
    ARRAY_DOUBLE = 32
    ARRAY_BOOL = 33
    ARRAY_STRING = 34
    CUSTOM = 40


class Format(OpenEnum):
    """The form of a message; the numbers are those of the setting ``format``."""

    VALUES = 0
    TAGS = 1
    ECP = 2
    CUSTOM = 3
    OPENGATE = 5
    STATES = 100
    READ_RESPONSE = 101
    WRITE_RESPONSE = 102
    WRITE_TAGS_RESPONSE = 103


class MessageKind(OpenEnum):
    """A WebSocket message's kind; the numbers are RFC 6455's opcodes."""

    TEXT = 1
    BINARY = 2


class Phase(OpenEnum):
    """Where a node stands."""

    IDLE = 0
    WAITING = 1
    RESOLVING = 2
    CONNECTING = 3
    SECURING = 4
    HANDSHAKING = 5
    OPEN = 6
    CLOSING = 7
    PROXY = 8


class Reason(OpenEnum):
    """Why the last connection, or the last attempt at one, ended."""

    NONE = 0
    NORMAL = 1
    ENDPOINT_SHUTDOWN = 2
    PROTOCOL_ERROR = 3
    POLICY_VIOLATION = 4
    MESSAGE_TOO_BIG = 5
    SERVER_ERROR = 6
    TRY_LATER = 7
    ABNORMAL = 8
    PING_TIMEOUT = 9
    NETWORK_ERROR = 10
    DNS = 11
    CONNECT_TIMEOUT = 12
    PROXY = 13
    TLS = 14
    HANDSHAKE_REJECTED = 15
    STOPPED = 16
    RECONFIGURED = 17
    APPLICATION = 18
    REFUSED_BY_HOST = 19
    HEARTBEAT_TIMEOUT = 20


class TLSFailure(OpenEnum):
    """Which TLS failure, when the reason is :attr:`Reason.TLS`."""

    NONE = 0
    UNKNOWN_CA = 1
    SELF_SIGNED = 2
    EXPIRED = 3
    NOT_YET_VALID = 4
    WRONG_NAME = 5
    REVOKED = 6
    VERIFICATION = 7
    CLIENT_CERTIFICATE = 8
    NOT_TLS = 9
    PROTOCOL = 10


class Level(OpenEnum):
    """How much is known about a message; each level includes those before it."""

    ACCEPTED = 0
    STORED = 1
    WRITTEN = 2
    PEER_PARSED = 3
    APP_ACKED = 4


class Outcome(OpenEnum):
    """How a message ended."""

    DELIVERED = 0
    DROPPED_STOPPED = 1
    DROPPED_REFUSED = 2
    DROPPED_OVERFLOW = 3
    EXPIRED = 4
    DROPPED_REFUSED_BY_PEER = 5
    STORED = 6
    DROPPED_LOST = 7
    DROPPED_OTHER_SERVER = 8


class LogLevel(OpenEnum):
    """How grave a line of log is, or from where on lines are logged."""

    DEBUG = 0
    INFO = 1
    NOTICE = 2
    WARN = 3
    ERROR = 4
    FATAL = 5
    OFF = 6


class LogCategory(OpenEnum):
    """What a line of log is about."""

    NONE = 0
    CONNECTION = 1
    TLS = 2
    DELIVERY = 3
    REQUESTS = 4
    SETTINGS = 5
    EVENTS = 6
    TRACE = 7


class MetricsFormat(OpenEnum):
    """The form of :meth:`neuron_ws.Node.metrics_text`."""

    OPENMETRICS = 0
    JSON = 1


class ODAFile(OpenEnum):
    """Which of the files of OpenGate's own agent."""

    CONNECTOR = 1
    DEVICE_INFO = 2
    DISPATCHER = 3


class RequestKind(OpenEnum):
    """What a request from the server asks for."""

    READ = 1
    WRITE = 2
    ACTION = 3
    OPERATION = 4


class EventKind(enum.IntFlag):
    """Kinds of events, as bits."""

    STATE = 1
    MESSAGE = 2
    REQUEST = 4
    RESPONSE = 8
    DELIVERY = 16
    LOG = 32
    ROOM = 64
    DROPPED = 128
    ALL = 255


class CachePart(enum.IntFlag):
    """Parts of a cache on disk, as bits."""

    WAITING = 1
    POISONED = 2
