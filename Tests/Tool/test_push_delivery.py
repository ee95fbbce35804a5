# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws push --delivery` says 0 only where each message is confirmed, and `serve --ack` acknowledges."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import foreign
import pytest
import tool
from terminal import Terminal
from websockets.sync.server import ServerConnection, serve


def line(number: int) -> str:
    return json.dumps({"node": "plc", "group": "fast", "values": {"n": number}}) + "\n"


def lines(count: int) -> str:
    return "".join(map(line, range(count)))


@contextlib.contextmanager
def serving(*words: object) -> Iterator[str]:
    """`neuron-ws serve` with its URL."""
    process = tool.start("serve", "--port", 0, *words)
    assert process.stdout is not None and process.stderr is not None
    try:
        url = ""
        while not url:
            said = process.stdout.readline()
            assert said, process.stderr.read()
            found = re.search(r"ws://127\.0\.0\.1:\d+", said)
            url = found.group() if found else ""
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield url
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()


@pytest.mark.parametrize("level", ["peer-parsed", "app-acked"])
def test_all_is_confirmed(level: str) -> None:
    with serving("--ack") as url:
        done = tool.run("push", url, "--delivery", level, text=lines(2000))
        assert (done.returncode, done.stdout) == (0, "2,000 messages accepted, 2,000 confirmed\n"), done.stderr
        done = tool.run("push", url, "--delivery", level, "--json", text=lines(3))
        counts = json.loads(done.stdout)
        assert counts["confirmed"] == 3 and counts["not-confirmed"] == 0 and done.returncode == 0


def test_a_small_queue_waits_for_what_is_confirmed() -> None:
    with serving("--ack") as url:
        words = ["push", url, "--delivery", "app-acked", "--set", "queue-max-messages=10"]
        done = tool.run(*words, text=lines(500))
        assert (done.returncode, done.stdout) == (0, "500 messages accepted, 500 confirmed\n"), done.stderr


def test_connections_that_end_before_all_is_acknowledged_are_made_up_for() -> None:
    with serving("--ack", "--fault", "close=1012@7") as url:
        words = ["push", url, "--delivery", "app-acked", "--set", "reconnect-min=0.01", "--set", "reconnect-max=0.05"]
        # No more than six of them at a time: a seventh ends the connection before any is acknowledged.
        done = tool.run(*words, "--set", "queue-max-messages=3", text=lines(60))
        assert (done.returncode, done.stdout) == (0, "60 messages accepted, 60 confirmed\n"), done.stderr


def test_a_server_that_acknowledges_nothing_is_no_success() -> None:
    with serving() as url:
        done = tool.run("push", url, "--delivery", "app-acked", "--timeout", 1, text=lines(5))
        assert done.returncode == 1 and done.stdout == "5 messages accepted, 0 confirmed, 5 not confirmed\n"
        assert "not all could be confirmed within 1 second: the server's application has not ack" in done.stderr


def test_the_time_that_is_given_is_not_exceeded_and_what_is_left_in_a_cache_is_told(tmp_path: Path) -> None:
    words = ["push", "--delivery", "peer-parsed", "--timeout", 1, "--set", "offline-cache=true"]
    words += ["--set", f"data-dir={tmp_path}"]
    with serving("--fault", "no-pong") as url:
        begun = time.monotonic()
        done = tool.run(*words, url, text=lines(5))
        # It was five seconds more once.
        assert time.monotonic() - begun < 4, done.stderr
        assert (done.returncode, done.stdout) == (1, "5 messages accepted, 0 confirmed, 5 not confirmed\n")
        assert "within 1 second: the server has not answered the Ping behind them" in done.stderr
        assert "lies in the cache of node push (setting data-dir), and the next push sends it first" in done.stderr
    with serving() as url:
        done = tool.run(*words, url, text=lines(1))
        assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_server_refuses_is_counted() -> None:
    large = json.dumps({"node": "plc", "group": "fast", "values": {"t": "x" * 20_000}}) + "\n"

    def take(peer: ServerConnection) -> None:
        for _ in peer:
            pass

    with serve(take, "127.0.0.1", 0, max_size=10_000) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}/"
        words = ["push", url, "--delivery", "peer-parsed", "--set", "reconnect-min=0.01"]
        done = tool.run(*words, "--set", "reconnect-max=0.05", "--json", text=lines(3) + large + lines(2))
        counts = json.loads(done.stdout)
        assert done.returncode == 1, done.stdout + done.stderr
        assert (counts["accepted"], counts["confirmed"], counts["dropped"], counts["not-confirmed"]) == (6, 5, 1, 0)
        done = tool.run(*words, "--set", "reconnect-max=0.05", text=large + lines(1))
        assert done.stdout == "2 messages accepted, 1 confirmed, 1 dropped\n", done.stderr
        server.shutdown()


@pytest.mark.parametrize("fault", ["no-pong", "wrong-pong"])
def test_a_server_that_does_not_echo_confirms_nothing(fault: str) -> None:
    with serving("--echo", "--fault", fault) as url:
        words = ["push", url, "--delivery", "peer-parsed", "--timeout", 20, "--set", "ping-timeout=0.1"]
        done = tool.run(*words, "--set", "ping-interval=0.2", text=lines(5))
        assert done.returncode == 1, done.stdout + done.stderr


def test_progress_tells_what_is_confirmed_and_what_is_not_yet() -> None:
    with serving() as url:
        words = ["push", url, "--delivery", "app-acked", "--timeout", 2]
        with Terminal(*words, columns=200) as terminal:
            terminal.type(line(1))
            terminal.type("\x04")
            terminal.wait_for("1 lines read, 0 confirmed, 1 in the queue")
            terminal.wait_for("1 not confirmed")
            assert terminal.process.wait(tool.TIMEOUT) == 1


def test_a_level_that_is_none_is_told_by_its_option() -> None:
    done = tool.run("push", "ws://127.0.0.1:1/", "--delivery", "at-most-twice", text="")
    assert done.returncode == 2 and '--delivery: "delivery"' in done.stderr and "app-acked" in done.stderr


def test_echo_and_ack_are_one_too_many() -> None:
    done = tool.run("serve", "--port", 0, "--echo", "--ack")
    assert done.returncode == 2 and "leave one of them out" in done.stderr


def test_a_foreign_server_confirms(server: foreign.Server) -> None:
    done = tool.run("push", server.url, "--delivery", "peer-parsed", text=lines(100))
    assert (done.returncode, done.stdout) == (0, "100 messages accepted, 100 confirmed\n"), done.stderr
    assert len(server.messages) == 100
