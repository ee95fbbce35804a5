# SPDX-License-Identifier: Apache-2.0
"""Both connectors against a server that plays IS-07."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Optional

import pytest

HERE = Path(__file__).resolve().parents[2] / "examples/is07_connector"
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import foreign  # noqa: E402
from command_peer import CommandPeer, Message  # noqa: E402
from websockets.asyncio.server import ServerConnection  # noqa: E402

SOURCE = "b3bb5be7-9fe9-4324-a5bb-4c70e1084449"


class EventServer(CommandPeer):
    """As IS-07 has it: states for a subscription, an answer to each health command."""

    def __init__(self, port: int = 0, *, healthy: bool = True) -> None:
        self.healthy = healthy
        self.value = 0
        super().__init__(self.answer_is07, port)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/x-nmos/events/ws"

    async def answer_is07(self, connection: ServerConnection, message: Message) -> None:
        command = json.loads(message)
        if command["command"] == "subscription":
            for source in command["sources"]:
                self.value += 1
                await connection.send(json.dumps({
                    "identity": {"source_id": source, "flow_id": "f"}, "event_type": "number",
                    "timing": {"creation_timestamp": "1441974485:0"}, "payload": {"value": self.value},
                    "message_type": "state"}))
        elif command["command"] == "health" and self.healthy:
            await connection.send(json.dumps({
                "message_type": "health",
                "timing": {"origin_timestamp": command["timestamp"], "creation_timestamp": "1441974485:0"}}))

    def commands(self, name: str) -> list[dict[str, object]]:
        return [command for command in map(json.loads, self.received) if command["command"] == name]


class Connector:
    """One of the two, and the lines that it prints."""

    def __init__(self, words: list[str], *arguments: str) -> None:
        self.lines: list[str] = []
        # The C one writes a line at once when it is told to, as the Python one does.
        self.process = subprocess.Popen(
            [*words, *arguments], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "PYTHONPATH": str(foreign.BINDING)})
        self._reading = threading.Thread(target=self._read)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def count(self, part: str) -> int:
        return sum(part in line for line in self.lines)

    def wait_for(self, part: str, count: int = 1) -> None:
        foreign.wait_until(lambda: self.count(part) >= count, 120, f"{count} lines with {part!r}")

    def __enter__(self) -> Connector:
        return self

    def __exit__(self, *_: Optional[object]) -> None:
        self.process.terminate()
        self.process.wait(60)
        self._reading.join(60)


@pytest.fixture(scope="module", params=["python", "c"])
def words(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    if request.param == "python":
        return [sys.executable, str(HERE / "connector.py")]
    program = tmp_path_factory.mktemp("is07") / "connector"
    subprocess.run(
        ["gcc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         f"-I{foreign.ROOT / 'include'}", str(HERE / "connector.c"), str(foreign.LIBRARY),
         f"-Wl,-rpath,{foreign.LIBRARY.parent}", "-o", str(program)], check=True)
    return [str(program)]


@pytest.mark.parametrize("name", ["connector.c", "connector.py"])
def test_it_is_a_connector_in_sixty_lines(name: str) -> None:
    lines = [line.strip() for line in (HERE / name).read_text().splitlines()]
    assert sum(not line.startswith(("// SPDX", "/*", "# SPDX")) for line in lines if line) <= 60


def test_subscription_health_states_and_a_server_that_restarts(words: list[str]) -> None:
    with EventServer() as server, Connector(words, server.url, SOURCE) as connector:
        connector.wait_for("link 1")
        connector.wait_for(SOURCE)
        begin = time.monotonic()
        foreign.wait_until(lambda: len(server.commands("health")) >= 2, 120)
        # One every five seconds; a busy machine makes it more, never less.
        assert time.monotonic() - begin > 4
        stamp = str(server.commands("health")[0]["timestamp"])
        assert abs(int(stamp.split(":")[0]) - 37 - time.time()) < 600
        assert connector.count("link 0") == 0
        server.stop()
        connector.wait_for("link 0")
        with EventServer(server.port):
            connector.wait_for("link 1", 2)
            connector.wait_for(SOURCE, 2)


def test_a_server_that_moves_to_another_address_is_found_there(words: list[str]) -> None:
    with EventServer() as first:
        port = foreign.free_port()
        urls = f"{first.url},ws://127.0.0.1:{port}/x-nmos/events/ws"
        with Connector(words, urls, SOURCE) as connector:
            connector.wait_for(SOURCE)
            first.stop()
            connector.wait_for("link 0")
            with EventServer(port) as second:
                connector.wait_for(SOURCE, 2)
                assert second.commands("subscription")


def test_a_server_whose_health_answers_stop_is_left(words: list[str]) -> None:
    with EventServer(healthy=False) as server, Connector(words, server.url, SOURCE) as connector:
        connector.wait_for("link 0")
        server.healthy = True
        connector.wait_for("link 1", 2)
        connector.wait_for(SOURCE, 2)
