# SPDX-License-Identifier: Apache-2.0
"""The structs of neuron_ws.h, member by member. Tests/Python holds sizes and offsets against a C compiler's."""

from __future__ import annotations

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    Union,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int8,
    c_int16,
    c_int32,
    c_int64,
    c_size_t,
    c_uint8,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)

# A text's length where the text ends with a NUL byte instead: SIZE_MAX.
NUL_TERMINATED = c_size_t(-1).value


class TextStructure(Structure):
    """neuron_ws_text_t"""

    _fields_ = [("data", c_void_p), ("length", c_size_t)]


class ArrayStructure(Structure):
    """neuron_ws_array_t"""

    _fields_ = [("data", c_void_p), ("count", c_size_t)]


class ValueUnion(Union):
    """neuron_ws_value_t"""

    _fields_ = [
        ("boolean", c_bool),
        ("i8", c_int8),
        ("u8", c_uint8),
        ("i16", c_int16),
        ("u16", c_uint16),
        ("i32", c_int32),
        ("u32", c_uint32),
        ("i64", c_int64),
        ("u64", c_uint64),
        ("f32", c_float),
        ("d64", c_double),
        ("text", TextStructure),
        ("array", ArrayStructure),
    ]


class TagStructure(Structure):
    """neuron_ws_tag_t"""


TagStructure._fields_ = [
    ("name", c_char_p),
    ("name_length", c_size_t),
    ("type", c_int32),
    ("error", c_int32),
    ("precision", c_uint8),
    ("value", ValueUnion),
    ("metas", POINTER(TagStructure)),
    ("meta_count", c_size_t),
]


class GroupStructure(Structure):
    """neuron_ws_group_t"""

    _fields_ = [
        ("size", c_size_t),
        ("driver", c_char_p),
        ("group", c_char_p),
        ("timestamp_ms", c_int64),
        ("tags", POINTER(TagStructure)),
        ("tag_count", c_size_t),
        ("tag_size", c_size_t),
    ]


class StateStructure(Structure):
    """neuron_ws_state_t"""

    _fields_ = [
        ("size", c_size_t),
        ("link", c_int32),
        ("phase", c_int32),
        ("reason", c_int32),
        ("tls_failure", c_int32),
        ("level", c_int32),
        ("close_code", c_int32),
        ("http_status", c_int32),
        ("system_error", c_int32),
        ("tls", c_bool),
        ("tls_verified", c_bool),
        ("tls_verify_off", c_bool),
        ("attempts", c_uint64),
        ("next_attempt_ms", c_int64),
        ("connected_ms", c_int64),
        ("url", c_char * 512),
        ("peer_address", c_char * 64),
        ("subprotocol", c_char * 64),
        ("tls_version", c_char * 16),
        ("tls_cipher", c_char * 64),
        ("tls_peer", c_char * 256),
        ("close_reason", c_char * 128),
        ("message", c_char * 1024),
        ("extensions", c_char * 160),
        ("states_interval_s", c_uint32),
        ("tls_common_name", c_bool),
        ("tls_not_after_s", c_int64),
        ("tls_chain_length", c_uint32),
        ("tls_issuer", c_char * 256),
        ("proxy", c_char * 288),
        ("cache_error", c_char * 512),
    ]


# The members of neuron_ws_metrics_t after its size, in their order; all are 64 bits wide.
METRICS_MEMBERS = (
    "messages_accepted",
    "messages_sent",
    "messages_dropped",
    "messages_rejected",
    "messages_skipped",
    "messages_received",
    "payload_bytes_sent",
    "payload_bytes_received",
    "wire_bytes_sent",
    "wire_bytes_received",
    "tags_sent",
    "tag_errors_sent",
    "pings_sent",
    "pongs_received",
    "pings_received",
    "connection_attempts",
    "connections_opened",
    "disconnections",
    "messages_resent",
    "events_dropped",
    "requests_received",
    "requests_malformed",
    "queued_messages",
    "queued_bytes",
    "round_trip_us",
    "link",
    "payload_bytes_compressed",
    "compressed_bytes_sent",
    "requests_refused",
    "messages_ignored",
    "acknowledgements_received",
    "acknowledgements_stray",
    "messages_set_aside",
    "oldest_message_us",
    "pongs_within_1ms",
    "pongs_within_5ms",
    "pongs_within_20ms",
    "pongs_within_100ms",
    "pongs_within_500ms",
    "pongs_within_2s",
    "pongs_within_10s",
    "pongs_timed",
    "pongs_us",
    "commands_sent",
    "commands_timed_out",
    "commands_lost",
    "commands_open",
    "responses_within_1ms",
    "responses_within_5ms",
    "responses_within_20ms",
    "responses_within_100ms",
    "responses_within_500ms",
    "responses_within_2s",
    "responses_within_10s",
    "commands_answered",
    "responses_us",
    "cached_messages",
    "cached_bytes",
    "messages_lost",
    "cache_errors",
    "cached_set_aside",
)


class MetricsStructure(Structure):
    """neuron_ws_metrics_t"""

    _fields_ = [("size", c_size_t)] + [(member, c_uint64) for member in METRICS_MEMBERS]


class RequestInfoStructure(Structure):
    """neuron_ws_request_info_t"""

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int32),
        ("uuid", c_char_p),
        ("driver", c_char_p),
        ("group", c_char_p),
        ("json", c_void_p),
        ("json_length", c_size_t),
        ("tags", POINTER(TagStructure)),
        ("tag_count", c_size_t),
        ("tag_list", c_bool),
        ("sync", c_bool),
        ("action", c_char_p),
        ("query_name", c_char_p),
        ("query_description", c_char_p),
        ("tag_size", c_size_t),
    ]


class CommandStructure(Structure):
    """neuron_ws_command_t"""

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_int32),
        ("bytes", c_char_p),
        ("length", c_size_t),
        ("timeout_ms", c_uint32),
        ("match_member", c_char_p),
        ("match_value", c_char_p),
        ("matches", c_void_p),
        ("on_response", c_void_p),
        ("context", c_void_p),
        ("retries", c_uint32),
    ]


class DriverStateStructure(Structure):
    """neuron_ws_driver_state_t"""

    _fields_ = [("node", c_char_p), ("link", c_int32), ("running", c_int32), ("is_driver", c_bool)]


class EventStructure(Structure):
    """neuron_ws_event_t"""

    _fields_ = [
        ("size", c_size_t),
        ("kind", c_uint32),
        ("message_kind", c_int32),
        ("id", c_uint64),
        ("outcome", c_int32),
        ("level", c_int32),
        ("log_level", c_int32),
        ("status", c_int32),
        ("link", c_int32),
        ("phase", c_int32),
        ("reason", c_int32),
        ("request", c_void_p),
        ("bytes", c_void_p),
        ("length", c_size_t),
        ("count", c_uint64),
        ("close_code", c_int32),
        ("log_category", c_int32),
    ]


class CacheStructure(Structure):
    """neuron_ws_cache_t"""

    _fields_ = [
        ("size", c_size_t),
        ("node", c_char_p),
        ("path", c_char_p),
        ("error", c_char_p),
        ("messages", c_uint64),
        ("bytes", c_uint64),
        ("file_bytes", c_uint64),
        ("oldest_ms", c_int64),
        ("newest_ms", c_int64),
        ("poisoned", c_uint64),
    ]


class CachedMessageStructure(Structure):
    """neuron_ws_cached_message_t"""

    _fields_ = [
        ("size", c_size_t),
        ("part", c_int32),
        ("kind", c_int32),
        ("bytes", c_void_p),
        ("length", c_size_t),
        ("time_ms", c_int64),
        ("close_code", c_int32),
        ("close_reason", c_char_p),
    ]


# Both run on the calling thread.
CacheCallback = CFUNCTYPE(None, POINTER(CacheStructure), c_void_p)
CachedMessageCallback = CFUNCTYPE(c_bool, POINTER(CachedMessageStructure), c_void_p)

# neuron_ws_settings_check's on_fault, which runs on the calling thread.
FaultCallback = CFUNCTYPE(None, c_char_p, c_char_p, c_void_p)
RemarkCallback = CFUNCTYPE(None, c_char_p, c_void_p)

# Every function of the header with its result and its arguments. Callbacks, requests and attempts are plain pointers
# here: this package takes events instead, so that no Python code runs on the library's thread.
_node = c_void_p
_status = c_int32
FUNCTIONS: dict[str, tuple[object, tuple[object, ...]]] = {
    "neuron_ws_version": (c_char_p, ()),
    "neuron_ws_abi_version": (c_uint32, ()),
    "neuron_ws_status_name": (c_char_p, (_status,)),
    "neuron_ws_status_text": (c_char_p, (_status,)),
    "neuron_ws_last_error": (c_char_p, ()),
    "neuron_ws_type_name": (c_char_p, (c_int32,)),
    "neuron_ws_phase_name": (c_char_p, (c_int32,)),
    "neuron_ws_reason_name": (c_char_p, (c_int32,)),
    "neuron_ws_tls_failure_name": (c_char_p, (c_int32,)),
    "neuron_ws_level_name": (c_char_p, (c_int32,)),
    "neuron_ws_outcome_name": (c_char_p, (c_int32,)),
    "neuron_ws_log_level_name": (c_char_p, (c_int32,)),
    "neuron_ws_log_category_name": (c_char_p, (c_int32,)),
    "neuron_ws_encode": (
        _status,
        (c_int32, c_char_p, POINTER(GroupStructure), c_void_p, c_size_t, POINTER(c_size_t)),
    ),
    "neuron_ws_encode_json": (
        _status,
        (c_int32, c_char_p, c_char_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)),
    ),
    "neuron_ws_settings_schema": (_status, (POINTER(c_char_p), POINTER(c_size_t))),
    "neuron_ws_settings_check": (_status, (c_char_p, c_size_t, FaultCallback, c_void_p)),
    "neuron_ws_settings_from_oda": (
        _status,
        (
            c_char_p, c_size_t, c_int32, c_char_p, RemarkCallback, c_void_p, c_void_p, c_size_t, POINTER(c_size_t),
        ),
    ),
    "neuron_ws_cache_list": (_status, (c_char_p, CacheCallback, c_void_p)),
    "neuron_ws_cache_read": (_status, (c_char_p, c_char_p, c_uint32, CachedMessageCallback, c_void_p)),
    "neuron_ws_cache_resend": (_status, (c_char_p, c_char_p, POINTER(c_uint64))),
    "neuron_ws_cache_drop": (_status, (c_char_p, c_char_p, c_uint32)),
    "neuron_ws_attempt_set_url": (_status, (c_void_p, c_char_p)),
    "neuron_ws_attempt_set_header": (_status, (c_void_p, c_char_p, c_char_p)),
    "neuron_ws_attempt_set_token": (_status, (c_void_p, c_char_p)),
    "neuron_ws_node_create": (_status, (c_char_p, c_char_p, c_void_p, POINTER(c_void_p))),
    "neuron_ws_node_start": (_status, (_node,)),
    "neuron_ws_node_stop": (_status, (_node, c_uint32)),
    "neuron_ws_node_stop_begin": (_status, (_node, c_uint32)),
    "neuron_ws_node_finish": (_status, (_node, c_uint32)),
    "neuron_ws_node_forget": (_status, (_node,)),
    "neuron_ws_node_destroy": (None, (_node,)),
    "neuron_ws_node_configure": (_status, (_node, c_char_p)),
    "neuron_ws_node_subscribe": (_status, (_node, c_char_p, c_char_p, c_char_p)),
    "neuron_ws_node_unsubscribe": (_status, (_node, c_char_p, c_char_p)),
    "neuron_ws_node_rename": (_status, (_node, c_char_p, c_char_p, c_char_p, c_char_p)),
    "neuron_ws_node_push": (_status, (_node, POINTER(GroupStructure), POINTER(c_uint64))),
    "neuron_ws_node_push_json": (_status, (_node, c_char_p, c_size_t, POINTER(c_uint64))),
    "neuron_ws_node_send": (_status, (_node, c_int32, c_char_p, c_size_t, POINTER(c_uint64))),
    "neuron_ws_node_request": (_status, (_node, POINTER(CommandStructure), POINTER(c_uint64))),
    "neuron_ws_node_request_cancel": (_status, (_node, c_uint64)),
    "neuron_ws_node_push_states": (
        _status,
        (_node, POINTER(DriverStateStructure), c_size_t, c_size_t, POINTER(c_uint64)),
    ),
    "neuron_ws_request_info": (_status, (c_void_p, POINTER(RequestInfoStructure))),
    "neuron_ws_request_reply": (_status, (c_void_p, c_char_p, c_size_t)),
    "neuron_ws_request_progress": (_status, (c_void_p, c_char_p, c_size_t)),
    "neuron_ws_node_reply": (_status, (_node, c_char_p, c_size_t)),
    "neuron_ws_request_drop": (_status, (c_void_p,)),
    "neuron_ws_node_flush": (_status, (_node, c_int32, c_uint32)),
    "neuron_ws_node_state": (_status, (_node, POINTER(StateStructure))),
    "neuron_ws_node_metrics": (_status, (_node, POINTER(MetricsStructure))),
    "neuron_ws_node_metrics_text": (_status, (_node, c_int32, c_void_p, c_size_t, POINTER(c_size_t))),
    "neuron_ws_metrics_text": (_status, (c_int32, c_void_p, c_size_t, POINTER(c_size_t))),
    "neuron_ws_node_set_log_level": (_status, (_node, c_int32, c_uint32)),
    "neuron_ws_node_trace": (_status, (_node, c_uint32)),
    "neuron_ws_node_ping": (_status, (_node,)),
    "neuron_ws_node_reconnect": (_status, (_node,)),
    "neuron_ws_node_event_fd": (_status, (_node, c_uint32, POINTER(c_int32))),
    "neuron_ws_node_next_event": (_status, (_node, POINTER(EventStructure))),
}


def declare(library: ctypes.CDLL) -> None:
    """Tells ctypes the prototype of each function. AttributeError names one that the library lacks."""
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
