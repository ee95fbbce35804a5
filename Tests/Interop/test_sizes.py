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


def messages() -> list[Message]:
    """Each size as text and as binary; the text compresses, half of the binary is noise."""
    noise = random.Random(3).randbytes(1 << 20)
    sentence = '{"node":"plc1","group":"fast","values":{"tag0":123.5,"tag1":"grün"}} '
    letters = sentence.encode() * (SIZES[-1] // len(sentence.encode()) + 1)
    found: list[Message] = []
    for size in SIZES:
        text = letters[:size].decode(errors="ignore")
        found.append(text + "." * (size - len(text.encode())))
        found.append((noise * (size // len(noise) + 1))[: size // 2] + bytes(size - size // 2))
    return found


MESSAGES = messages()


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
        with program([lws_server, foreign.free_port(), *certificate]) as port:
            yield port


def comes_back(settings: dict[str, object], compresses: bool) -> neuron_ws.Metrics:
    """Sends all messages and compares what comes back, one by one."""
    received: list[Message] = []
    with neuron_ws.Node("sizes", {**ROOM, **settings}, on_message=received.append) as node:
        for message in MESSAGES:
            node.send(message)
        foreign.wait_until(
            lambda: node.poll(0.05) is None or len(received) >= len(MESSAGES), 60, f"the echo: {node.state}")
        assert node.state.reason is Reason.NONE, node.state.message
        assert bool(node.state.extensions) == compresses
        metrics = node.metrics
    assert [len(message) for message in received] == [len(message) for message in MESSAGES]
    assert received == MESSAGES
    return metrics


# Compression costs seconds of both sides' time, so that not everything is combined with everything.
WAYS = [
    *((kind, tls, False) for kind in ("websockets", "node-ws", "nginx", "lws") for tls in (False, True)),
    ("websockets", True, True), ("node-ws", False, True), ("nginx", True, True),
]


@pytest.mark.parametrize("kind, tls, compresses", WAYS, ids=[
    f"{kind}-{'wss' if tls else 'ws'}{'-deflate' if compresses else ''}" for kind, tls, compresses in WAYS
])
def test_messages_of_all_sizes_come_back(
    kind: str, tls: bool, compresses: bool, authority: foreign.Authority, lws_server: Path, tmp_path: Path
) -> None:
    with echo(kind, authority if tls else None, compresses, lws_server, tmp_path) as port:
        settings: dict[str, object] = {"url": f"{'wss' if tls else 'ws'}://localhost:{port}/"}
        if tls:
            settings["ca"] = str(authority.ca)
        # It is offered in any case: a server that declines gets plain frames.
        settings["compression"] = "on"
        metrics = comes_back(settings, compresses)
        if kind == "lws":
            # One Ping between each two fragments of large messages.
            assert metrics.pings_received > 100


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
