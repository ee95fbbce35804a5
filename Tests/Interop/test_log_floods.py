# SPDX-License-Identifier: Apache-2.0
"""What a server decides, its numbers, addresses and how often it ends a connection, makes neither many lines of log nor
long ones."""

from __future__ import annotations

import socket
from typing import Any, Callable

import foreign
import neuron_ws
import pytest
from answering import Answering, Head, close_frame, redirect
from neuron_ws import LogLevel

pytestmark = pytest.mark.usefixtures("no_leaks")

ATTEMPTS = 200
# Of n failures: at doubling counts, and so for changes of their kind, of which the first 8 are told each.
FAILURES_TOLD = 2 * ATTEMPTS.bit_length() + 8


def lines_of(url: str, until: Callable[[neuron_ws.Node], object], **settings: Any) -> list[neuron_ws.LogEvent]:
    """What a node tells that connects as fast as it may."""
    lines: list[neuron_ws.LogEvent] = []
    quick = {"url": url, "reconnect-min": 0.01, "reconnect-max": 0.01, "log-level": "info", **settings}
    node = neuron_ws.Node("line-1", quick, on_log=lines.append, on_request=lambda request: request.drop())
    try:
        node.start()
        foreign.wait_until(lambda: node.poll() >= 0 and until(node), 60)
    finally:
        node.close(timeout=0.2)
    return lines


def attempted(node: neuron_ws.Node) -> bool:
    return node.metrics.connection_attempts >= ATTEMPTS


CLOSES: dict[str, Callable[[int], int]] = {
    "one after the other": lambda number: 3000 + number, "in turn": lambda number: 1000 + number % 2,
    "in pairs": lambda number: 1000 + number // 2 % 2, "the same": lambda number: 4321,
}


@pytest.mark.parametrize("codes", CLOSES)
def test_close_codes_make_no_lines(codes: str) -> None:
    numbers = iter(range(100_000))

    def close(head: Head, connection: socket.socket) -> None:
        connection.sendall(close_frame(CLOSES[codes](next(numbers))))

    with Answering(then=close) as server:
        lines = [line.text for line in lines_of(server.url, attempted)]
    lost = [line for line in lines if "connection lost" in line]
    again = [line for line in lines if "connected again" in line]
    assert 8 <= len(lost) <= FAILURES_TOLD, len(lost)
    # Only where something was told of its absence.
    assert len(again) <= len(lost)
    assert len(lines) <= 2 * FAILURES_TOLD + 2
    assert "in a row" in lost[-1]


def test_statuses_make_no_lines() -> None:
    numbers = iter(range(100_000))
    answer = "HTTP/1.1 {} No\r\nContent-Length: 0\r\n\r\n"
    with Answering(lambda head: answer.format(404 + next(numbers) % 190).encode()) as server:
        lines = lines_of(server.url, attempted)
    assert 8 <= len([line for line in lines if line.level is LogLevel.WARN]) <= len(lines) <= FAILURES_TOLD + 1


def test_redirects_make_few_lines_and_short_ones() -> None:
    numbers = iter(range(100_000))

    def moves(head: Head) -> bytes:
        return redirect(f"/{'x' * 7000}{next(numbers)}")

    with Answering(moves) as server:
        lines = lines_of(server.url, lambda node: node.metrics.connection_attempts >= 20, redirects=20)
    followed = [line.text for line in lines if "followed" in line.text]
    # 400 of them.
    assert 1 <= len(followed) <= 10
    assert "such in a row" in followed[-1]
    assert max(len(line.text) for line in lines) < 800


def test_the_address_that_a_redirect_leads_to_makes_no_line_long() -> None:
    """Whatever the line is about; the state has all that it has room for."""
    def moves(head: Head) -> bytes:
        return head.accepted() if len(head.target) > 1 else redirect(f"/{'x' * 7000}")

    def ask(head: Head, connection: socket.socket) -> None:
        if len(head.target) == 1:
            return
        request = b'{"uuid":"1","node":"d","group":"g","tag":"t","value":1}'
        for message in (request, b"nothing for anybody"):
            connection.sendall(bytes([0x81, len(message)]) + message)

    states: list[neuron_ws.State] = []

    def refused(node: neuron_ws.Node) -> bool:
        states.append(node.state)
        return node.metrics.requests_refused > 0 and node.metrics.messages_ignored > 0

    with Answering(moves, then=ask) as server:
        lines = lines_of(server.url, refused, redirects=1)
    assert len([line for line in lines if "x" * 80 in line.text]) >= 3
    assert max(len(line.text) for line in lines) < 600
    assert len(states[-1].url) > 500
