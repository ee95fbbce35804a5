"""A node's lines as records of logging."""

from __future__ import annotations

import logging

import foreign
import neuron_ws
import pytest
from neuron_ws import LogEvent, LogLevel


def test_a_nodes_lines_become_records(caplog: pytest.LogCaptureFixture) -> None:
    settings = {"url": f"ws://127.0.0.1:{foreign.free_port()}/", "log-level": "debug"}
    with caplog.at_level(logging.DEBUG, "neuron_ws"):
        with neuron_ws.Node("line-1", settings, on_log=neuron_ws.log_to("line-1")) as node:
            foreign.wait_until(lambda: node.poll(0.1) and len(caplog.records) > 1, 60)
    assert {record.name for record in caplog.records} == {"neuron_ws"}
    assert {getattr(record, "node") for record in caplog.records} == {"line-1"}
    connecting, refused = caplog.records[:2]
    assert (connecting.levelno, refused.levelno) == (logging.DEBUG, logging.WARNING)
    assert "refused" in refused.getMessage() and refused.getMessage().startswith("line-1: ")


@pytest.mark.parametrize("level, number, name", [
    (LogLevel.DEBUG, 10, "DEBUG"), (LogLevel.INFO, 20, "INFO"), (LogLevel.NOTICE, 25, "NOTICE"),
    (LogLevel.WARN, 30, "WARNING"), (LogLevel.ERROR, 40, "ERROR"), (LogLevel.FATAL, 50, "CRITICAL"),
    (LogLevel(99), 40, "ERROR"),
])
def test_each_level_has_its_own(
    level: LogLevel, number: int, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logging.getLogger("of-the-program")
    with caplog.at_level(1, "of-the-program"):
        neuron_ws.log_to("n", logger)(LogEvent(level, "100 % of it"))
    (record,) = caplog.records
    assert (record.levelno, record.levelname, record.getMessage()) == (number, name, "n: 100 % of it")
