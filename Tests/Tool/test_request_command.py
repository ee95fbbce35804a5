# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws request` against PyPI's websockets."""

from __future__ import annotations

import json
import os
import re
import subprocess

import foreign
import tool
from command_peer import CommandPeer, Message, echo, silence
from websockets.asyncio.server import ServerConnection


async def noisy(connection: ServerConnection, message: Message) -> None:
    await connection.send('{"state":"of itself"}')
    await connection.send(json.dumps({"a": {"id": json.loads(message)["id"]}, "ok": True}))


def test_the_response_that_matches_is_printed() -> None:
    with CommandPeer(noisy) as peer:
        done = tool.run("request", peer.url, '{"id":7}', "--match", "/a/id=7", "--raw", "--timeout", 50)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"a": {"id": 7}, "ok": True}


def test_json_has_what_came_and_how_long_it_took() -> None:
    with CommandPeer(echo) as peer:
        done = tool.run("request", peer.url, "häuser", "--json", "--count", 3, "--timeout", 50)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["kind"], line["text"]) for line in lines] == [("text", "häuser")] * 3
    assert all(line["latency_us"] > 0 for line in lines)


def test_latency_is_told_for_each_and_of_all() -> None:
    with CommandPeer(echo) as peer:
        done = tool.run("request", peer.url, "x", "--latency", "--count", 3, "--raw", "--timeout", 50)
    assert (done.returncode, done.stdout) == (0, "x\nx\nx\n")
    told = done.stderr.splitlines()
    assert [bool(re.fullmatch(r"neuron-ws: the response took \d+\.\d ms", line)) for line in told[:3]] == [True] * 3
    assert re.fullmatch(r"neuron-ws: 3 responses: least \S+ ms, median \S+ ms, most \S+ ms", told[3])


def test_a_trace_has_the_handshake_and_each_frame_without_secrets() -> None:
    with CommandPeer(echo) as peer:
        done = tool.run(
            "request", peer.url + "?key=s3cret", "hello", "--trace", "--raw", "--token", "s3cret-token", "--timeout",
            50, "--subprotocol", "bearer", "--subprotocol", "s3cret-too")
    assert (done.returncode, done.stdout) == (0, "hello\n"), done.stderr
    lines = done.stderr.splitlines()
    assert "> GET /?… HTTP/1.1" in lines and "> Authorization: …" in lines
    assert "> Sec-WebSocket-Protocol: bearer, …" in lines and "< HTTP/1.1 101 Switching Protocols" in lines
    assert "> text, 5 bytes: hello" in lines and "< text, 5 bytes: hello" in lines
    assert any(line.startswith("> close, 2 bytes: 1001") for line in lines)
    assert all(line.startswith(("> ", "< ")) for line in lines) and "s3cret" not in done.stderr


def test_a_binary_command_and_its_binary_response() -> None:
    with CommandPeer(echo) as peer:
        done = tool.run("request", peer.url, "hi", "--binary", "--json", "--timeout", 50)
        assert peer.received == [b"hi"]
    assert json.loads(done.stdout)["hex"] == "6869"


def test_retries_send_it_again() -> None:
    async def third(connection: ServerConnection, message: Message) -> None:
        if len(peer.received) == 3:
            await connection.send("at last")

    with CommandPeer(third) as peer:
        done = tool.run("request", peer.url, "x", "--timeout", 1, "--retries", 40, "--raw")
        assert peer.received[:3] == ["x"] * 3
    assert (done.returncode, done.stdout) == (0, "at last\n")


def test_no_response_and_no_connection_are_failures_that_say_why() -> None:
    with CommandPeer(silence) as peer:
        silent = tool.run("request", peer.url, "x", "--timeout", 0.5, "--json")
    assert silent.returncode == 1
    assert json.loads(silent.stdout)["error"] == "NEURON_WS_TIMEOUT"
    nobody = tool.run("request", f"ws://127.0.0.1:{foreign.free_port()}/", "x", "--timeout", 0.5)
    assert nobody.returncode == 1
    assert "no connection" in nobody.stderr and "refused" in nobody.stderr


def test_a_server_that_closes_instead_of_answering_is_told_in_sentences() -> None:
    async def closes(connection: ServerConnection, message: Message) -> None:
        await connection.close(1008, "not you")

    with CommandPeer(closes) as peer:
        done = tool.run("request", peer.url, "x", "--timeout", 50)
    assert done.returncode == 1
    assert "before the response came. The server closed the connection with code 1008: not you." in done.stderr


def test_the_url_may_stand_in_settings_and_the_command_alone_on_the_line() -> None:
    with CommandPeer(echo) as peer:
        done = tool.run("request", "--url", peer.url, "ws://not-a-url-but-a-command", "--raw", "--timeout", 50)
    assert (done.returncode, done.stdout) == (0, "ws://not-a-url-but-a-command\n")


def test_wrong_lines_are_told() -> None:
    for words, says in (
        (["ws://h/"], "needs COMMAND"), (["ws://h/", "x", "--match", "=1"], "--match takes"),
        (["ws://h/", "x", "--timeout", "0"], "--timeout"), (["ws://h/", "x", "--retries", "1001"], "--retries"),
    ):
        done = tool.run("request", *words)
        assert done.returncode == 2 and says in done.stderr, done.stderr
    with CommandPeer(echo) as peer:
        done = tool.run("request", peer.url, "x", "--match", "/~")
    assert done.returncode == 1 and "match_member" in done.stderr


def test_a_command_that_is_not_utf8_is_refused_and_not_changed() -> None:
    done = subprocess.run(
        [os.fsencode(foreign.TOOL), b"request", b"ws://127.0.0.1:1/", b"\xff\xfe", b"--binary"], capture_output=True,
        timeout=50, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"argument 3 is not UTF-8" in done.stderr
