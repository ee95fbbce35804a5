# SPDX-License-Identifier: Apache-2.0
"""A WebSocket client node for industrial gateways.

>>> import neuron_ws
>>> with neuron_ws.Node("line-1", {"url": "ws://127.0.0.1:8080/data"}) as node:
...     node.subscribe("*", "*")
...     node.push("plc1", "fast", {"temperature": 21.5})
...     node.flush(timeout=5)

The package is a thin layer over ``libneuron_ws.so``; README.md says how that is found.
"""

from ._library import LibraryNotFound
from ._settings import Fault, check_settings, settings_from_oda
from .caches import Cache, CachedMessage, drop_cache, list_caches, read_cache, resend_cache
from .encoding import encode, encode_json, settings_schema, version
from .enums import (
    CachePart,
    EventKind,
    Format,
    Level,
    LogCategory,
    LogLevel,
    MessageKind,
    MetricsFormat,
    ODAFile,
    Outcome,
    Phase,
    Reason,
    RequestKind,
    Status,
    TLSFailure,
    Type,
)
from .errors import (
    Cancelled,
    Dropped,
    Forked,
    InvalidArgument,
    InvalidGroup,
    InvalidJSON,
    LinkLost,
    NeuronWSError,
    NodeClosed,
    NoMemory,
    NotFound,
    NotRunning,
    NotSubscribed,
    QueueFull,
    Refused,
    SettingsError,
    Skipped,
    StructSize,
    SystemFailure,
    Timeout,
    TooBig,
    Unsupported,
    WrongThread,
)
from .events import DeliveryEvent, DroppedEvent, Event, LogEvent, MessageEvent, RoomEvent, StateEvent
from .log_records import log_to
from .node import Node
from .requests import Request, RequestTag
from .state import Metrics, State, metrics_text

__version__ = "1.0.0"

__all__ = [
    "Cache",
    "CachePart",
    "CachedMessage",
    "Cancelled",
    "DeliveryEvent",
    "Dropped",
    "Event",
    "DroppedEvent",
    "EventKind",
    "Fault",
    "Forked",
    "Format",
    "InvalidArgument",
    "InvalidGroup",
    "InvalidJSON",
    "Level",
    "LibraryNotFound",
    "LinkLost",
    "LogCategory",
    "LogEvent",
    "LogLevel",
    "MessageEvent",
    "MessageKind",
    "Metrics",
    "MetricsFormat",
    "NeuronWSError",
    "NoMemory",
    "Node",
    "NodeClosed",
    "NotFound",
    "NotRunning",
    "NotSubscribed",
    "ODAFile",
    "Outcome",
    "Phase",
    "QueueFull",
    "Reason",
    "Refused",
    "Request",
    "RequestKind",
    "RequestTag",
    "RoomEvent",
    "SettingsError",
    "Skipped",
    "State",
    "StateEvent",
    "Status",
    "StructSize",
    "SystemFailure",
    "TLSFailure",
    "Timeout",
    "TooBig",
    "Type",
    "Unsupported",
    "WrongThread",
    "check_settings",
    "drop_cache",
    "encode",
    "encode_json",
    "list_caches",
    "log_to",
    "metrics_text",
    "read_cache",
    "resend_cache",
    "settings_from_oda",
    "settings_schema",
    "version",
]
