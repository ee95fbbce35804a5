# SPDX-License-Identifier: Apache-2.0
"""A node's lines of log as records of :mod:`logging`."""

from __future__ import annotations

import logging
from typing import Callable, Optional

from .enums import LogLevel
from .events import LogEvent

# Between INFO and WARNING, as syslog has it.
NOTICE = 25

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.NOTICE: NOTICE,
    LogLevel.WARN: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
    LogLevel.FATAL: logging.CRITICAL,
}


def log_to(node: str, logger: Optional[logging.Logger] = None) -> Callable[[LogEvent], None]:
    """An ``on_log`` that writes a node's lines to :mod:`logging`; without ``logger`` to the one named ``neuron_ws``.

    ``Node("line-1", settings, on_log=log_to("line-1"))``. Each record has the attributes ``node`` and
    ``category`` (``"CONNECTION"``, ``"TLS"`` …, as in LogCategory); its level is
    DEBUG, INFO, NOTICE (25), WARNING, ERROR or CRITICAL. What a node logs at all is its setting ``log-level``.
    What its end brings about, such as writes that had no answer, is logged by a ``poll(0)`` behind ``close()``.
    """
    target = logging.getLogger("neuron_ws") if logger is None else logger
    if logging.getLevelName(NOTICE) == f"Level {NOTICE}":
        logging.addLevelName(NOTICE, "NOTICE")

    def write(event: LogEvent) -> None:
        # The text is no format: it may hold percent signs.
        level = _LEVELS.get(event.level, logging.ERROR)
        target.log(level, "%s: %s", node, event.text, extra={"node": node, "category": event.category.name})

    return write
