# SPDX-License-Identifier: Apache-2.0
"""A node's lines as records of logging."""

from __future__ import annotations

import logging

import foreign
import neuron_ws
import pytest
from neuron_ws import LogCategory, LogEvent, LogLevel


def test_a_nodes_lines_become_records(caplog: pytest.LogCaptureFixture) -> None:
    settings = {"url": f"ws://127.0.0.1:{foreign.free_port()}/", "log-level": "debug"}
    with caplog.at_level(logging.DEBUG, "neuron_ws"):
        with neuron_ws.Node("line-1", settings, on_log=neuron_ws.log_to("line-1")) as node:
            foreign.wait_until(lambda: node.poll(0.1) and len(caplog.records) > 1, 60)
    assert {record.name for record in caplog.records} == {"neuron_ws"}
    assert {getattr(record, "node") for record in caplog.records} == {"line-1"}
    connecting, refused = caplog.records[:2]
    assert (connecting.levelno, refused.levelno) == (logging.DEBUG, logging.WARNING)
    assert {getattr(record, "category") for record in (connecting, refused)} == {"CONNECTION"}
    assert "refused" in refused.getMessage() and refused.getMessage().startswith("line-1: ")


def test_a_line_says_what_it_is_about(authority: foreign.Authority) -> None:
    def categories(url: str, level: LogLevel, **settings: object) -> set[LogCategory]:
        """Of the lines from this level on, until there is one."""
        lines: list[LogEvent] = []
        with neuron_ws.Node("n", {"url": url, "log-level": "debug", **settings}, on_log=lines.append) as node:
            foreign.wait_until(lambda: node.poll(0.1) and any(line.level >= level for line in lines), 60)
        return {line.category for line in lines if line.level >= level}

    with foreign.Server(tls=authority.server_context()) as server:
        assert categories(server.url, LogLevel.WARN) == {LogCategory.TLS}
        assert categories(server.url, LogLevel.WARN, **{"tls-verify": False}) == {LogCategory.TLS}
    with foreign.Server() as server:
        assert categories(server.url, LogLevel.NOTICE) == {LogCategory.CONNECTION}


def test_a_trace_is_a_category_of_its_own(server: foreign.Server) -> None:
    lines: list[LogEvent] = []
    with neuron_ws.Node("n", {"url": server.url, "log-level": "debug"}, on_log=lines.append) as node:
        node.trace(600)
        foreign.wait_until(lambda: node.poll(0.1) and any(line.text.startswith(">") for line in lines), 60)
    for line in lines:
        assert (line.category is LogCategory.TRACE) == line.text.startswith((">", "<")), line


def test_a_node_with_messages_left_is_a_matter_of_delivery() -> None:
    node = neuron_ws.Node("n", {"url": "ws://127.0.0.1:9/"}, events=neuron_ws.EventKind.LOG)
    node.send("x")
    node.close()
    (line,) = node.events()
    assert isinstance(line, LogEvent) and line.category is LogCategory.DELIVERY


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
