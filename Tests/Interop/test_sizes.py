# SPDX-License-Identifier: Apache-2.0
"""Messages of all sizes there and back: foreign servers, plain and over TLS, with and without compression, through a
proxy, in fragments with Pings between them."""

from __future__ import annotations

import contextlib
import json
import os
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Optional, Union

import bad_servers as bad
import foreign
import neuron_ws
import proxy
import pytest
from bad_servers import BINARY, CONTINUATION, PING, TEXT, BadServer, frame
from neuron_ws import Phase, Reason
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

HERE = Path(__file__).resolve().parent
Message = Union[str, bytes]

SIZES = [0, 125, 126, 65_535, 65_536, 1 << 20, 16 << 20]
ROOM = {"queue-max-bytes": 256 << 20, "ping-interval": 1}


def texts() -> list[str]:
    """Each size as text, which compresses."""
    sentence = '{"node":"plc1","group":"fast","values":{"tag0":123.5,"tag1":"grün"}} '
    letters = sentence.encode() * (SIZES[-1] // len(sentence.encode()) + 1)
    found = []
    for size in SIZES:
        text = letters[:size].decode(errors="ignore")
        found.append(text + "." * (size - len(text.encode())))
    return found


def binaries() -> list[bytes]:
    """Each size as binary, half of it noise."""
    noise = random.Random(3).randbytes(1 << 20)
    return [(noise * (size // len(noise) + 1))[: size // 2] + bytes(size - size // 2) for size in SIZES]


TEXTS = texts()
MESSAGES: list[Message] = [message for pair in zip(TEXTS, binaries()) for message in pair]
# What libwebsockets 4.1 can take when it compresses. With any client, it aborts on an assertion of its own when it
# sends a second empty message; it loses the stream in a large message of which a part does not shrink, and over TLS
# in one of 16 MB, or when it has more than one message to read.
MODEST: list[Message] = [*TEXTS, *(text.encode() for text in TEXTS if text)]


@pytest.fixture(scope="session")
def lws_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("lws") / "lws_server"
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", HERE / "lws_server.c", "-o", program]
    subprocess.run([*map(str, command), "-lwebsockets", "-lpthread"], check=True)
    return program


@contextlib.contextmanager
def program(command: list[object]) -> Iterator[int]:
    """A server that prints its port and runs until its standard input ends."""
    environment = {**os.environ, "NODE_PATH": "/usr/share/nodejs"}
    with subprocess.Popen(
        [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            # One port, or an array of one.
            yield int(process.stdout.readline().strip("[]\n"))
        finally:
            process.stdin.close()
            process.wait(10)


@contextlib.contextmanager
def echo(
    kind: str, tls: Optional[foreign.Authority], compresses: bool, lws_server: Path, folder: Path
) -> Iterator[int]:
    certificate = [] if tls is None else [tls.cert, tls.key]
    extensions = [ServerPerMessageDeflateFactory()] if compresses else []
    if kind == "websockets":
        context = None if tls is None else tls.server_context()
        with foreign.Server(tls=context, echo=True, extensions=extensions) as server:
            yield server.port
    elif kind == "nginx":
        with foreign.Server(echo=True, extensions=extensions) as server:
            with proxy.nginx(server.port, folder, tls) as port:
                yield port
    elif kind == "node-ws":
        with program(["node", HERE / "deflate_server.js", json.dumps([compresses]), *certificate]) as port:
            yield port
    else:
        with program([lws_server, foreign.free_port(), "deflate" if compresses else "plain", *certificate]) as port:
            yield port


def comes_back(
    settings: dict[str, object], messages: list[Message], compresses: bool, in_turn: bool
) -> neuron_ws.Metrics:
    """Sends the messages, each after the echo of the one before if in_turn; compares what comes back, one by one."""
    received: list[Message] = []
    with neuron_ws.Node("sizes", {**ROOM, **settings}, on_message=received.append) as node:
        for count, message in enumerate(messages, 1):
            node.send(message)
            if in_turn or count == len(messages):
                foreign.wait_until(
                    lambda: node.poll(0.05) is None or len(received) >= count, 60, f"the echo: {node.state}")
        assert node.state.reason is Reason.NONE, node.state.message
        assert bool(node.state.extensions) == compresses
        metrics = node.metrics
    assert [len(message) for message in received] == [len(message) for message in messages]
    assert received == messages
    return metrics


@pytest.mark.parametrize("compresses", [False, True], ids=["plain", "deflate"])
@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("kind", ["websockets", "node-ws", "nginx", "lws"])
def test_messages_of_all_sizes_come_back(
    kind: str, tls: bool, compresses: bool, authority: foreign.Authority, lws_server: Path, tmp_path: Path
) -> None:
    with echo(kind, authority if tls else None, compresses, lws_server, tmp_path) as port:
        settings: dict[str, object] = {"url": f"{'wss' if tls else 'ws'}://localhost:{port}/"}
        if tls:
            settings["ca"] = str(authority.ca)
        # It is offered in any case: a server that declines gets plain frames.
        settings["compression"] = "on"
        modest = kind == "lws" and compresses
        messages = [message for message in MODEST if not tls or len(message) <= 1 << 20] if modest else MESSAGES
        metrics = comes_back(settings, messages, compresses, in_turn=modest)
        if kind == "lws":
            # One Ping between each two fragments.
            assert metrics.pings_received > (100 if 16 << 20 in map(len, messages) else 10)


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
@pytest.mark.parametrize("kind", ["node-ws", "nginx", "lws"])
def test_commands_of_all_sizes_have_their_responses(
    kind: str, tls: bool, authority: foreign.Authority, lws_server: Path, tmp_path: Path
) -> None:
    """As commands in order, text and binary in turn; the response is the echo, byte for byte."""
    ca: dict[str, object] = {"ca": str(authority.ca)} if tls else {}
    with echo(kind, authority if tls else None, False, lws_server, tmp_path) as port:
        url = f"{'wss' if tls else 'ws'}://localhost:{port}/"
        with neuron_ws.Node("sizes", {"url": url, **ROOM, **ca}) as node:
            for size in (1, 1024, 65_535, 65_536, 400_000, 16 << 20):
                for command in ("x" * size, os.urandom(size)):
                    response = node.request(command, timeout=600)
                    is_same = type(response) is type(command) and response == command
                    assert is_same, size
            assert node.metrics.connections_opened == 1


def test_what_the_proxy_says_of_a_server_that_is_gone(tmp_path: Path) -> None:
    with proxy.nginx(foreign.free_port(), tmp_path) as port:
        settings = {"url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.05, "reconnect-max": 0.1}
        with neuron_ws.Node("proxy", settings) as node:
            foreign.wait_until(lambda: node.state.reason is Reason.HANDSHAKE_REJECTED)
            assert node.state.http_status == 502 and "502" in node.state.message


def fragments(message: Message, places: list[int]) -> bytes:
    """A message cut at places, with a Ping before each continuation; empty fragments among them."""
    payload = message.encode() if isinstance(message, str) else message
    borders = [0, *sorted(min(place, len(payload)) for place in places), len(payload)]
    out = []
    for number, (start, end) in enumerate(zip(borders, borders[1:])):
        if number > 0:
            out.append(frame(PING, struct.pack("!I", number)))
        opcode = CONTINUATION if number > 0 else TEXT if isinstance(message, str) else BINARY
        out.append(frame(opcode, payload[start:end], final=number == len(borders) - 2))
    return b"".join(out)


def test_fragments_at_odd_places_with_pings_between_them() -> None:
    places = [0, 1, 1, 2, 3, 5, 124, 125, 126, 127, 251, 65_534, 65_535, 65_536, 65_537, 131_071, 999_999, 16_777_215]
    source = random.Random(11)
    pings = []

    def behave(peer: bad.Peer) -> None:
        peer.open()
        for message in MESSAGES:
            data = fragments(message, places)
            while data:
                # And the stream itself in pieces that know nothing of frames.
                count = source.randrange(1, 200_000)
                peer.send(data[:count])
                data = data[count:]
        while True:
            got = peer.read_frame()
            if got.opcode == bad.PONG:
                pings.append(got.payload)
            elif got.opcode == bad.CLOSE:
                return

    received: list[Message] = []
    with BadServer(behave) as server:
        settings = {"url": f"ws://127.0.0.1:{server.port}/", "ping-interval": 0}
        with neuron_ws.Node("fragments", settings, on_message=received.append) as node:
            foreign.wait_until(
                lambda: node.poll(0.05) is None or len(received) >= len(MESSAGES), 30, f"messages: {node.state}")
            assert received == MESSAGES
            assert node.metrics.pings_received == len(MESSAGES) * len(places)
            assert node.state.phase is Phase.OPEN
            # What is answered last is the last Ping.
            foreign.wait_until(lambda: pings and pings[-1] == struct.pack("!I", len(places)))


@pytest.mark.parametrize("code, reason", [
    (1000, Reason.NORMAL), (1001, Reason.ENDPOINT_SHUTDOWN), (1002, Reason.PROTOCOL_ERROR),
    (1003, Reason.PROTOCOL_ERROR), (1007, Reason.PROTOCOL_ERROR), (1008, Reason.POLICY_VIOLATION),
    (1009, Reason.MESSAGE_TOO_BIG), (1010, Reason.PROTOCOL_ERROR), (1011, Reason.SERVER_ERROR),
    (1012, Reason.TRY_LATER), (1013, Reason.TRY_LATER), (1014, Reason.SERVER_ERROR), (3000, Reason.APPLICATION),
    (3999, Reason.APPLICATION), (4000, Reason.APPLICATION), (4999, Reason.APPLICATION),
])
def test_each_legal_close_through_the_proxy_is_told_and_answered(code: int, reason: Reason, tmp_path: Path) -> None:
    with foreign.Server(keep=False) as server, proxy.nginx(server.port, tmp_path) as port:
        settings = {"url": f"ws://127.0.0.1:{port}/", "reconnect-min": 30, "reconnect-max": 30}
        with neuron_ws.Node("close", settings) as node:
            foreign.wait_until(lambda: server.connections > 0 and node.state.link)
            server.close(code, "as said")
            foreign.wait_until(lambda: node.state.reason is reason, what=f"{reason!r}: {node.state}")
            state = node.state
            assert state.close_code == code and state.close_reason == "as said"
            # The server has seen the echo of its Close: its own record of the code is not 1006.
            foreign.wait_until(lambda: server.close_codes)
            assert server.close_codes == [code]
