# SPDX-License-Identifier: Apache-2.0
"""Node.trace: each frame both ways as a line, on the open connection and on those that come, for so long."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re

import foreign
import neuron_ws
import neuron_ws.aio
import pytest
from answering import Answering
from neuron_ws import LogCategory, LogEvent, LogLevel
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

SECRET = "s3cret-of-the-plant"
SETTINGS = {"reconnect-min": 0.05, "reconnect-max": 0.2, "log-level": "off", "ping-interval": 0, "token": SECRET}


def frames(lines: list[LogEvent]) -> list[str]:
    assert all(line.category is LogCategory.TRACE and line.level is LogLevel.DEBUG for line in lines)
    return [line.text for line in lines]


def test_an_open_connection_is_traced_without_its_secrets_and_so_are_the_next() -> None:
    lines: list[LogEvent] = []
    with foreign.Server(echo=True) as server:
        url = f"{server.url}data?key=of-the-url-too"
        with neuron_ws.Node("n", {**SETTINGS, "url": url}, on_log=lines.append) as node:
            foreign.wait_until(lambda: node.poll(0.01) is None or node.state.link, 20)
            node.send("before")
            foreign.wait_until(lambda: node.metrics.messages_received == 1, 20, "the echo")
            assert not lines
            node.trace(600)
            node.send(f"token {SECRET} and of-the-url-too")
            foreign.wait_until(lambda: node.poll(0.01) is None or any("< text" in line.text for line in lines), 20)
            told = frames(lines)
            assert "> text, 44 bytes: token … and …" in told and "< text, 44 bytes: token … and …" in told
            assert not any("before" in line and line.startswith(">") for line in told)
            # A new connection: its handshake too.
            lines.clear()
            node.reconnect()
            foreign.wait_until(
                lambda: node.poll(0.01) is None or any("< HTTP/1.1 101" in line.text for line in lines), 20)
            told = frames(lines)
            assert "> GET /data?… HTTP/1.1" in told and "> Authorization: …" in told
            assert any(line.startswith("> close, 2 bytes: 1001") for line in told)
            assert not any(SECRET in line or "of-the-url-too" in line for line in told)
            node.trace(0)
            node.poll(0)
            lines.clear()
            node.send("behind it")
            server.wait_for(3)
            node.poll(0.2)
            assert not lines


KUBERNETES = "base64url.bearer.authorization.k8s.io." + SECRET


@pytest.mark.parametrize("offered, shown, chosen, state, token", [
    (["chat.v1", "bearer", SECRET], "chat.v1, bearer, …", "chat.v1", "chat.v1", "another"),
    (["bearer", SECRET], "bearer, …", SECRET, "…", "another"),
    (["v4.channel.k8s.io", KUBERNETES], "v4.channel.k8s.io, …", KUBERNETES, "…", "another"),
    (["chat.v1", "insecure-api-key." + SECRET], "chat.v1, …", "chat.v1", "chat.v1", "another"),
    # Known as one because the setting token says so.
    (["chat.v1", SECRET], "chat.v1, …", SECRET, "…", SECRET),
])
def test_a_token_among_the_subprotocols_is_told_nowhere(
    offered: list[str], shown: str, chosen: str, state: str, token: str
) -> None:
    lines: list[LogEvent] = []
    with Answering(lambda head: head.accepted(f"Sec-WebSocket-Protocol: {chosen}\r\n")) as server:
        settings = {**SETTINGS, "url": server.url, "subprotocols": offered, "token": token}
        node = neuron_ws.Node("n", settings, on_log=lines.append)
        node.trace(600)
        node.start()
        foreign.wait_until(
            lambda: node.poll(0.01) is None or any("< Sec-WebSocket-P" in line.text for line in lines), 20)
        foreign.wait_until(lambda: node.state.link, 20)
        now = node.state
        node.close(timeout=0.2)
    told = frames(lines)
    assert f"> Sec-WebSocket-Protocol: {shown}" in told
    assert f"< Sec-WebSocket-Protocol: {state}" in told and now.subprotocol == state
    assert not any(SECRET in text for text in [*told, str(now)])
    assert server.heads[0].get("Sec-WebSocket-Protocol") == ", ".join(offered)


def test_it_ends_by_itself_and_says_so() -> None:
    lines: list[LogEvent] = []
    with foreign.Server() as server:
        settings = {**SETTINGS, "url": server.url, "log-level": "info"}
        with neuron_ws.Node("n", settings, on_log=lines.append) as node:
            node.trace(0.2)  # a whole second
            foreign.wait_until(
                lambda: node.poll(0.05) is None or any("The trace has ended" in line.text for line in lines), 60)


def test_seconds_are_checked() -> None:
    node = neuron_ws.Node("n", {"url": "ws://127.0.0.1:9/"})
    with pytest.raises(ValueError, match="seconds"):
        node.trace(-1)
    node.trace(0)
    node.close()
    with pytest.raises(neuron_ws.NodeClosed):
        node.trace(1)


def test_asyncio_has_it_too() -> None:
    async def scene(server: foreign.Server) -> list[str]:
        lines: list[LogEvent] = []
        async with neuron_ws.aio.Node("n", {**SETTINGS, "url": server.url}, on_log=lines.append) as node:
            node.trace(600)
            for _ in range(2000):
                if any(line.text == "> text, 2 bytes: hi" for line in lines):
                    break
                await node.send("hi")
                await asyncio.sleep(0.01)
        return frames(lines)

    with foreign.Server() as server:
        assert "> text, 2 bytes: hi" in asyncio.run(scene(server))


@pytest.mark.parametrize("size", [0, 125])
def test_of_what_is_compressed_nothing_is_shown(size: int) -> None:
    """Whoever inflates it has the token that is in it."""
    lines: list[LogEvent] = []
    with foreign.Server(echo=True, extensions=[ServerPerMessageDeflateFactory()]) as server:
        settings = {
            **SETTINGS, "url": server.url, "compression": "on", "compress-threshold": 0, "fragment-size": size}
        with neuron_ws.Node("n", settings, on_log=lines.append) as node:
            node.trace(600)
            foreign.wait_until(lambda: node.poll(0.01) is None or node.state.link, 20)
            for number in range(3):
                # Random digits do not shrink much: there are several frames.
                noise = "".join(hashlib.sha256(f"{number} {place}".encode()).hexdigest() for place in range(8))
                node.send(json.dumps({"token": SECRET, "noise": noise, "again": SECRET}))
            foreign.wait_until(lambda: node.metrics.messages_received == 3, 20, "the echoes")
            foreign.wait_until(
                lambda: node.poll(0.01) is None or sum("< text" in line.text for line in lines) == 3, 20)
            node.close(timeout=0.2)
    told = [line for line in frames(lines) if "compressed" in line or "continuation" in line]
    assert len(told) == 6 if size == 0 else len(told) > 9
    assert all(re.fullmatch(r"[<>] (text, compressed|continuation)(, not the last frame)?, \d+ bytes?", line)
               for line in told), told


@pytest.mark.parametrize("size", [125, 130, 137])
def test_a_secret_in_two_fragments_is_not_shown(size: int) -> None:
    lines: list[LogEvent] = []
    with foreign.Server() as server:
        settings = {**SETTINGS, "url": server.url, "fragment-size": size}
        with neuron_ws.Node("n", settings, on_log=lines.append) as node:
            node.trace(600)
            foreign.wait_until(lambda: node.poll(0.01) is None or node.state.link, 20)
            for place in range(size - len(SECRET), size):
                node.send("#" * place + SECRET + "." * 10)
            server.wait_for(len(SECRET))
            foreign.wait_until(
                lambda: node.poll(0.01) is None
                or sum("> continuation" in line.text for line in lines) == len(SECRET), 20)
            node.close(timeout=0.2)
    # Texts are shown as they are, what continues them as numbers.
    rest = [line.split(": ", 1)[1] for line in frames(lines) if line.startswith("> continuation")]
    assert len(rest) == len(SECRET), rest
    assert all(line.replace("…", "").replace("2e", "").strip() == "" for line in rest), rest
    shown = [line.split("#")[-1] for line in frames(lines) if line.startswith("> text, not the last")]
    assert all(set(text) <= {"…"} for text in shown), shown
