# SPDX-License-Identifier: Apache-2.0
"""What `check` and `push` say when the server ends the connection, and documents with a byte order mark."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import foreign
import pytest
import tool
from test_tool import counters, group
from websockets.sync.server import ServerConnection, serve

BOM = "\ufeff"


@contextlib.contextmanager
def serving(handler: Callable[[ServerConnection], None]) -> Iterator[str]:
    """A server of the package websockets; each connection is the handler's."""
    with serve(handler, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        finally:
            server.shutdown()
            thread.join(10)


def turns_away(code: int, reason: str) -> Callable[[ServerConnection], None]:
    return lambda connection: connection.close(code, reason)


def closes_after(count: int, code: int, reason: str) -> Callable[[ServerConnection], None]:
    """Reads `count` messages first."""

    def handler(connection: ServerConnection) -> None:
        for _ in range(count):
            connection.recv(10)
        connection.close(code, reason)

    return handler


def resets(connection: ServerConnection) -> None:
    """Ends without a Close frame, as a process that is killed."""
    connection.recv(10)
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.socket.close()


# check


def test_check_fails_at_a_server_that_turns_everybody_away(tmp_path: Path) -> None:
    with serving(turns_away(1008, "token expired")) as url:
        done = tool.run("check", "--settings", tool.settings(tmp_path, url=url))
    assert done.returncode == 1
    assert "handshake  ok" in done.stdout
    assert "stay       FAILED" in done.stdout
    assert "1008: token expired" in done.stdout


def test_check_fails_at_a_server_that_closes_half_a_second_later(tmp_path: Path) -> None:
    def handler(connection: ServerConnection) -> None:
        time.sleep(0.4)
        connection.close(1011, "no licence")

    with serving(handler) as url:
        done = tool.run("check", "--settings", tool.settings(tmp_path, url=url))
    assert done.returncode == 1
    assert "1011: no licence" in done.stdout


def test_check_says_that_the_connection_stays(server: foreign.Server, tmp_path: Path) -> None:
    done = tool.run("check", "--settings", tool.settings(tmp_path, url=server.url))
    assert done.returncode == 0
    assert re.search(r"^stay +ok +\d+\.\d\d ms  the server keeps the connection open\n\Z", done.stdout, re.M)


# push


@pytest.mark.parametrize("count", [0, 1, 3])
def test_push_exits_with_1_when_the_server_closes_with_an_error_right_after(count: int) -> None:
    with serving(closes_after(count, 1008, "token expired")) as url:
        done = tool.run("push", "--url", url, "--timeout", 2, text=tool.lines(*(group(n) for n in range(3))))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1008: token expired" in done.stderr


def test_push_exits_with_1_when_the_connection_breaks_right_after() -> None:
    with serving(resets) as url:
        done = tool.run("push", "--url", url, text=tool.lines(group(1)))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "may not have been taken" in done.stderr


def test_push_tells_of_a_server_that_closes_without_an_error_and_exits_with_0() -> None:
    with serving(closes_after(3, 1000, "thank you")) as url:
        done = tool.run("push", "--url", url, text=tool.lines(*(group(n) for n in range(3))))
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 messages accepted, 3 sent\n"
    assert "1000: thank you" in done.stderr


def test_push_without_a_connection_names_the_cause_at_its_end() -> None:
    port = foreign.free_port()
    done = tool.run("push", "--url", f"ws://127.0.0.1:{port}/", "--timeout", 1, text=tool.lines(group(1)))
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("neuron-ws: not all could be sent within 1 second: ")
    assert "connection refused" in last


# A byte order mark


def test_push_takes_a_byte_order_mark_before_its_first_line(server: foreign.Server) -> None:
    done = tool.run("push", "--url", server.url, text=BOM + tool.lines(group(1), group(2)))
    assert done.returncode == 0, done.stderr
    assert counters(server.wait_for(2)) == [1, 2]


def test_push_takes_an_empty_first_line_with_a_byte_order_mark(server: foreign.Server) -> None:
    done = tool.run("push", "--url", server.url, text=BOM + "\r\n" + tool.lines(group(1)))
    assert done.returncode == 0, done.stderr
    assert counters(server.wait_for(1)) == [1]


@pytest.mark.parametrize("command", [["check"], ["push"]])
def test_settings_may_begin_with_a_byte_order_mark(
    command: list[str], server: foreign.Server, tmp_path: Path
) -> None:
    file = tool.settings(tmp_path, url=server.url)
    file.write_text(BOM + file.read_text())
    done = tool.run(*command, "--settings", file, text=tool.lines(group(1)))
    assert done.returncode == 0, done.stdout + done.stderr


def test_encode_takes_a_byte_order_mark_before_its_first_line() -> None:
    line = {"format": "values", "input": {"node": "n", "group": "g", "timestamp": 1, "tags": []}}
    done = tool.run("encode", text=BOM + tool.lines(line))
    assert json.loads(done.stdout) == {"skipped": True}
