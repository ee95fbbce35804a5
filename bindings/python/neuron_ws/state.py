# SPDX-License-Identifier: Apache-2.0
"""How a node stands, and its counters."""

from __future__ import annotations

import ctypes
from dataclasses import asdict, dataclass
from typing import Optional

from ._arguments import number_of
from ._handle import Handle
from ._library import check, library, written
from ._structures import METRICS_MEMBERS, MetricsStructure, StateStructure
from ._wording import in_python
from .enums import Level, MetricsFormat, Phase, Reason, TLSFailure


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


@dataclass(frozen=True)
class State:
    """A node's state at one moment. Texts hold no secret. Times are in ms; None where there is nothing to time.

    ``message`` says in a sentence or two how it stands: what failed, what to do.
    """

    link: bool
    phase: Phase
    reason: Reason
    tls_failure: TLSFailure
    level: Level
    close_code: int
    http_status: int
    system_error: int
    tls: bool
    tls_verified: bool
    tls_verify_off: bool
    attempts: int
    next_attempt_ms: Optional[int]
    connected_ms: Optional[int]
    url: str
    peer_address: str
    subprotocol: str
    tls_version: str
    tls_cipher: str
    tls_peer: str
    close_reason: str
    message: str
    extensions: str
    states_interval_s: int
    tls_common_name: bool
    tls_not_after_s: Optional[int]
    tls_chain_length: int
    tls_issuer: str
    proxy: str
    cache_error: str

    @staticmethod
    def of(handle: Handle) -> State:
        structure = StateStructure(size=ctypes.sizeof(StateStructure))
        with handle.borrowed() as pointer:
            check(library.neuron_ws_node_state(pointer, ctypes.byref(structure)))
        return State.from_structure(structure)

    @staticmethod
    def from_structure(state: StateStructure) -> State:
        return State(
            link=state.link != 0,
            phase=Phase(state.phase),
            reason=Reason(state.reason),
            tls_failure=TLSFailure(state.tls_failure),
            level=Level(state.level),
            close_code=state.close_code,
            http_status=state.http_status,
            system_error=state.system_error,
            tls=state.tls,
            tls_verified=state.tls_verified,
            tls_verify_off=state.tls_verify_off,
            attempts=state.attempts,
            next_attempt_ms=None if state.next_attempt_ms < 0 else state.next_attempt_ms,
            connected_ms=None if state.connected_ms < 0 else state.connected_ms,
            url=_text(state.url),
            peer_address=_text(state.peer_address),
            subprotocol=_text(state.subprotocol),
            tls_version=_text(state.tls_version),
            tls_cipher=_text(state.tls_cipher),
            tls_peer=_text(state.tls_peer),
            close_reason=_text(state.close_reason),
            message=in_python(_text(state.message)),
            extensions=_text(state.extensions),
            states_interval_s=state.states_interval_s,
            tls_common_name=state.tls_common_name,
            tls_not_after_s=state.tls_not_after_s or None,
            tls_chain_length=state.tls_chain_length,
            tls_issuer=_text(state.tls_issuer),
            proxy=_text(state.proxy),
            cache_error=in_python(_text(state.cache_error)),
        )


@dataclass(frozen=True)
class Metrics:
    """A node's counters since its creation; from ``queued_messages`` to ``link`` gauges. neuron_ws.h explains each."""

    messages_accepted: int
    messages_sent: int
    messages_dropped: int
    messages_rejected: int
    messages_skipped: int
    messages_received: int
    payload_bytes_sent: int
    payload_bytes_received: int
    wire_bytes_sent: int
    wire_bytes_received: int
    tags_sent: int
    tag_errors_sent: int
    pings_sent: int
    pongs_received: int
    pings_received: int
    connection_attempts: int
    connections_opened: int
    disconnections: int
    messages_resent: int
    events_dropped: int
    requests_received: int
    requests_malformed: int
    queued_messages: int
    queued_bytes: int
    round_trip_us: int
    link: int
    payload_bytes_compressed: int
    compressed_bytes_sent: int
    requests_refused: int
    messages_ignored: int
    acknowledgements_received: int
    acknowledgements_stray: int
    messages_set_aside: int
    oldest_message_us: int
    pongs_within_1ms: int
    pongs_within_5ms: int
    pongs_within_20ms: int
    pongs_within_100ms: int
    pongs_within_500ms: int
    pongs_within_2s: int
    pongs_within_10s: int
    pongs_timed: int
    pongs_us: int
    commands_sent: int
    commands_timed_out: int
    commands_lost: int
    commands_open: int
    responses_within_1ms: int
    responses_within_5ms: int
    responses_within_20ms: int
    responses_within_100ms: int
    responses_within_500ms: int
    responses_within_2s: int
    responses_within_10s: int
    commands_answered: int
    responses_us: int
    cached_messages: int
    cached_bytes: int
    messages_lost: int
    cache_errors: int
    cached_set_aside: int

    @staticmethod
    def of(handle: Handle) -> Metrics:
        structure = MetricsStructure(size=ctypes.sizeof(MetricsStructure))
        with handle.borrowed() as pointer:
            check(library.neuron_ws_node_metrics(pointer, ctypes.byref(structure)))
        return Metrics.from_structure(structure)

    @staticmethod
    def from_structure(metrics: MetricsStructure) -> Metrics:
        return Metrics(**{member: getattr(metrics, member) for member in METRICS_MEMBERS})

    def as_dict(self) -> dict[str, int]:
        """The same as a dictionary, in the order of the header."""
        return asdict(self)


def metrics_text(format: MetricsFormat = MetricsFormat.OPENMETRICS) -> str:
    """The counters of all nodes of this process as one page for a scraper, or as a JSON array. Any thread.

    Each metric comes once, with a sample for each node under the label ``node``; nodes of one name have a ``number``
    besides. Nodes of another process, a parent's too, are not in it.
    """
    number = number_of(format, MetricsFormat, "format")
    return written(lambda *room: library.neuron_ws_metrics_text(number, *room))
