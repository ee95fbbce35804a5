# SPDX-License-Identifier: Apache-2.0
"""100,000 messages to foreign servers, whole and in order: the servers check the content of each."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import foreign
import neuron_ws
import pytest
from server import LETTERS, expected

HERE = Path(__file__).resolve().parent
COUNT = 100_000
SERVERS = {
    "websockets": [sys.executable, str(HERE / "server.py")],
    "node-ws": ["node", str(HERE / "server.js")],
}


class Checker:
    """A server in a process of its own."""

    def __init__(self, kind: str, authority: Optional[foreign.Authority]) -> None:
        certificate = [] if authority is None else [str(authority.cert), str(authority.key)]
        self._process = subprocess.Popen(
            [*SERVERS[kind], *certificate], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self.url = f"{'ws' if authority is None else 'wss'}://localhost:{port}/"
        self.settings: dict[str, object] = {"url": self.url}
        if authority is not None:
            self.settings["ca"] = str(authority.ca)

    def result(self) -> dict[str, Any]:
        """What the server says of the next connection that ended."""
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def stop(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@contextlib.contextmanager
def checking(kind: str, authority: Optional[foreign.Authority]) -> Iterator[Checker]:
    server = Checker(kind, authority)
    try:
        yield server
    finally:
        server.stop()


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("kind", SERVERS)
def test_a_hundred_thousand_pushed_groups_arrive(kind: str, tls: bool, authority: foreign.Authority) -> None:
    with checking(kind, authority if tls else None) as server:
        with neuron_ws.Node("delivery", server.settings) as node:
            node.subscribe("plc1", "fast")
            letters = LETTERS * 9
            for number in range(COUNT):
                tags = {"seq": number, "p": letters[: number * 37 % 200]}
                while True:
                    try:
                        node.push("plc1", "fast", tags, timestamp=1650006388943)
                        break
                    except neuron_ws.QueueFull:
                        time.sleep(0.002)
            node.flush(timeout=60)
            metrics = node.metrics
            node.stop(timeout=30)
        assert server.result() == {"received": COUNT, "wrong": None, "close": 1001}
        assert metrics.messages_accepted == metrics.messages_sent == COUNT
        assert metrics.connections_opened == 1 and metrics.messages_resent == 0


@pytest.mark.parametrize("kind, tls", [("websockets", False), ("node-ws", True)], ids=["websockets-ws", "node-ws-wss"])
def test_the_tool_pushes_a_hundred_thousand_lines(
    kind: str, tls: bool, authority: foreign.Authority, tmp_path: Path
) -> None:
    lines = tmp_path / "groups.jsonl"
    lines.write_text("".join(expected(number) + "\n" for number in range(COUNT)))
    with checking(kind, authority if tls else None) as server:
        settings = tmp_path / "settings.json"
        settings.write_text(json.dumps(server.settings))
        command = [foreign.TOOL, "push", "--url", server.url, "--settings", settings, "--subscribe", "plc1/fast"]
        with lines.open() as standard_input:
            result = subprocess.run(command, stdin=standard_input, capture_output=True, text=True, timeout=120)
        assert result.returncode == 0, result.stderr
        assert server.result() == {"received": COUNT, "wrong": None, "close": 1001}


def test_the_tool_fails_when_nothing_can_arrive(tmp_path: Path) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text('{"connect-timeout": 1, "url": "nonsense"}')
    command = [foreign.TOOL, "push", "--url", "nonsense", "--settings", settings]
    result = subprocess.run(command, input=expected(0) + "\n", capture_output=True, text=True, timeout=60)
    assert result.returncode != 0 and "url" in result.stderr
