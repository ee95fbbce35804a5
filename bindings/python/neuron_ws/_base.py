# SPDX-License-Identifier: Apache-2.0
"""What every node has, whether threads wait for it or coroutines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Optional

from ._arguments import number_of, whole_seconds
from ._handle import Handle
from ._library import check, library, written
from ._settings import Settings, settings_text
from ._values import c_text, json_text
from .enums import LogLevel, MetricsFormat
from .state import Metrics, State


class BaseNode:
    """A node's name, settings, subscriptions, state and counters: calls that wait for nothing. Any thread."""

    # Where programs find the class, for repr.
    _path = "neuron_ws.Node"

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._handle = Handle(c_text(name, "the name"), settings_text(settings))

    def __repr__(self) -> str:
        return f"<{self._path} {self.name!r}{' closed' if self.closed else ''}>"

    def start(self) -> None:
        """Begins to connect, and returns at once; on a running node nothing happens.

        Raises SystemFailure, Forked.
        """
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_start(handle))

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
            check(library.neuron_ws_node_configure(handle, settings_text(settings)))

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
    # Watching

    @property
    def state(self) -> State:
        """How the node stands. Raises Forked."""
        return State.of(self._handle)

    @property
    def metrics(self) -> Metrics:
        """The node's counters. Raises Forked."""
        return Metrics.of(self._handle)

    def metrics_text(self, format: MetricsFormat = MetricsFormat.OPENMETRICS) -> str:
        """The counters as OpenMetrics text or as JSON. Raises Forked."""
        number = number_of(format, MetricsFormat, "format")
        with self._handle.borrowed() as handle:
            return written(lambda *room: library.neuron_ws_node_metrics_text(handle, number, *room))

    def reply(self, answer: Mapping[str, object]) -> None:
        """Answers an OPERATION by its id, without its Request: after a restart. ``answer`` holds its ``id`` and
        ``name``, ``deviceId`` and ``path`` where it had some, and what :meth:`Request.reply` takes.

        Raises InvalidArgument, TooBig, QueueFull, NotRunning, Forked.
        """
        text = json_text(answer)
        with self._handle.borrowed() as pointer:
            check(library.neuron_ws_node_reply(pointer, text, len(text)))

    def trace(self, seconds: float) -> None:
        """For so long each frame is a line of log, on the open connection and those that come, whatever the log's
        level is; 0 ends it now. Whole seconds, rounded up. Secrets are masked. Raises Forked."""
        number = whole_seconds(seconds, "seconds")
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_trace(handle, number))

    def ping(self) -> None:
        """Sends a Ping now. When its Pong has come, ``metrics.pongs_received`` and ``round_trip_us`` tell. Raises
        NotRunning where there is no open connection, Forked."""
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_ping(handle))

    def reconnect(self) -> None:
        """A new connection now: a wait is cut short, an open connection is closed and made anew. Nothing queued is
        lost. Raises NotRunning where the node is not started, Forked."""
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_reconnect(handle))

    def set_log_level(self, level: LogLevel, seconds: float = 0) -> None:
        """How much the node logs; after ``seconds`` > 0 the level of the settings is back. Whole seconds, rounded up.
        Raises Forked."""
        number, time = number_of(level, LogLevel, "level"), whole_seconds(seconds, "seconds")
        with self._handle.borrowed() as handle:
            check(library.neuron_ws_node_set_log_level(handle, number, time))
