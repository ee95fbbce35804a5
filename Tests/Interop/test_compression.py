# SPDX-License-Identifier: Apache-2.0
"""permessage-deflate against foreign servers, with all parameters that they and we can ask for."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import random
import socket
import subprocess
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional, Union

import foreign
import neuron_ws
import pytest
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

HERE = Path(__file__).resolve().parent
Message = Union[str, bytes]


def telemetry(number: int) -> str:
    values = {f"tag{tag}": number * tag % 1000 for tag in range(20)}
    return json.dumps({"node": "plc1", "group": "fast", "timestamp": 1650006388943 + number, "values": values})


def messages(large: bool = True) -> list[Message]:
    """0 bytes to 1 MB; text and binary; what shrinks, and noise in between, which does not."""
    source = random.Random(7)
    found: list[Message] = ["", b"", "a", b"\0", "", telemetry(0), telemetry(1), telemetry(2)]
    for size in (63, 64, 65, 125, 126, 1023, 1024, 1025, 65535, 65536, 65537) + ((1_000_000,) if large else ()):
        found.append((telemetry(size) * (size // 100 + 1))[:size])
        found.append(source.randbytes(size))
        found.append(bytes(source.choices(range(65, 70), k=size)))
        found.append(telemetry(size))
    found += ["grüße 🌍 " * 300, telemetry(3)]
    return found


def exchange(settings: dict[str, object], sent: Sequence[Message]) -> tuple[str, neuron_ws.Metrics]:
    """Sends, takes back what the server echoes, compares. Returns what was agreed on, and the counters."""
    received: list[Message] = []
    with neuron_ws.Node("deflate", {"compression": "on", **settings}, on_message=received.append) as node:
        for message in sent:
            node.send(message)
        foreign.wait_until(lambda: node.poll(0.05) is None or len(received) >= len(sent), 30, "the echo")
        agreed = node.state.extensions
        metrics = node.metrics
        assert node.state.reason == neuron_ws.Reason.NONE, node.state.message
    assert [len(message) for message in received] == [len(message) for message in sent]
    assert received == list(sent)
    return agreed, metrics


# Settings of ours against what servers ask for.
OURS: dict[str, dict[str, object]] = {
    "defaults": {},
    "window-9": {"window-bits": 9, "memory-level": 1},
    "window-12": {"window-bits": 12},
    "no-takeover": {"context-takeover": False, "compress-threshold": 0},
    "window-10-no-takeover-fragments": {"window-bits": 10, "context-takeover": False, "fragment-size": 125},
}
THEIRS = {
    f"{'server-alone ' if server else ''}{'client-alone ' if client else ''}{server_bits or '-'}/{client_bits or '-'}":
        (server, client, server_bits, client_bits)
    for server, client, server_bits, client_bits in itertools.product(
        (False, True), (False, True), (None, 9, 15), (None, 9, 15))
}


@pytest.mark.parametrize("ours", OURS)
def test_every_combination_with_python_websockets(ours: str) -> None:
    sent = messages(large=False)
    for name, (server_alone, client_alone, server_bits, client_bits) in THEIRS.items():
        factory = ServerPerMessageDeflateFactory(
            server_no_context_takeover=server_alone, client_no_context_takeover=client_alone,
            server_max_window_bits=server_bits, client_max_window_bits=client_bits,
            compress_settings={"memLevel": 4})
        with foreign.Server(echo=True, extensions=[factory]) as server:
            agreed, metrics = exchange({"url": server.url, **OURS[ours]}, sent)
        assert agreed.startswith("permessage-deflate"), name
        without = not OURS[ours].get("context-takeover", True)
        assert ("server_no_context_takeover" in agreed) == (server_alone or without), name
        assert ("client_no_context_takeover" in agreed) == (client_alone or without), name
        bits = OURS[ours].get("window-bits", 15)
        expected = min(client_bits or 15, int(str(bits)))
        assert (f"client_max_window_bits={expected}" in agreed) == (expected < 15), (name, agreed)
        assert metrics.compressed_bytes_sent < metrics.payload_bytes_compressed / 2
        assert metrics.payload_bytes_sent == metrics.payload_bytes_received


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_large_messages_with_python_websockets(tls: bool, authority: foreign.Authority) -> None:
    context = authority.server_context() if tls else None
    with foreign.Server(echo=True, tls=context, extensions=[ServerPerMessageDeflateFactory()]) as server:
        exchange({"url": server.url, **({"ca": str(authority.ca)} if tls else {})}, messages())


@contextlib.contextmanager
def node_ws(
    options: Sequence[object], authority: Optional[foreign.Authority] = None
) -> Iterator[tuple[list[str], "subprocess.Popen[str]"]]:
    """The URLs of a server for each of these options."""
    certificate = [] if authority is None else [str(authority.cert), str(authority.key)]
    process = subprocess.Popen(
        ["node", str(HERE / "deflate_server.js"), json.dumps(options), *certificate], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    assert process.stdin is not None and process.stdout is not None
    try:
        ports = json.loads(process.stdout.readline())
        yield [f"{'wss' if authority else 'ws'}://127.0.0.1:{port}/" for port in ports], process
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


@pytest.mark.parametrize("ours", OURS)
def test_every_combination_with_node_ws(ours: str) -> None:
    sent = messages(large=False)
    servers: list[dict[str, object]] = []
    for server, client, server_bits, client_bits in itertools.product(
            (False, True), (False, True), (None, 8, 9, 15), (None, 8, 9, 15)):
        options: dict[str, object] = {
            "serverNoContextTakeover": server, "clientNoContextTakeover": client, "threshold": 1}
        if server_bits:
            options["serverMaxWindowBits"] = server_bits
        if client_bits:
            options["clientMaxWindowBits"] = client_bits
        servers.append(options)
    with node_ws(servers) as (urls, process):
        assert process.stdout is not None
        for url, options in zip(urls, servers):
            agreed, metrics = exchange({"url": url, **OURS[ours]}, sent)
            answer = process.stdout.readline().strip()
            assert set(agreed.split("; ")) == {part for part in answer.split("; ") if not part.endswith("=15")}, options
            # A window of 256 bytes is beyond zlib: nothing goes out compressed.
            assert (metrics.payload_bytes_compressed == 0) == ("client_max_window_bits=8" in agreed), options


@pytest.mark.parametrize("tls", [False, True], ids=["ws", "wss"])
def test_large_messages_with_node_ws(tls: bool, authority: foreign.Authority) -> None:
    with node_ws([{"threshold": 0}], authority if tls else None) as (urls, _):
        exchange({"url": urls[0], **({"ca": str(authority.ca)} if tls else {})}, messages())


def test_servers_that_decline_get_plain_messages() -> None:
    with foreign.Server(echo=True) as server:
        agreed, metrics = exchange({"url": server.url}, messages(large=False))
        assert agreed == "" and metrics.payload_bytes_compressed == 0
    with node_ws([False]) as (urls, _):
        agreed, metrics = exchange({"url": urls[0]}, messages(large=False))
        assert agreed == "" and metrics.payload_bytes_compressed == 0


def test_nothing_is_offered_while_it_is_off() -> None:
    with foreign.Server(echo=True, extensions=[ServerPerMessageDeflateFactory()]) as server:
        agreed, metrics = exchange({"url": server.url, "compression": "off"}, messages(large=False))
        assert agreed == "" and metrics.payload_bytes_compressed == 0
        assert server.requests[0][1].get("Sec-WebSocket-Extensions") is None


def test_messages_are_compressed_anew_on_the_next_connection() -> None:
    """Connections that break in the middle: each begins with an empty window, and nothing is lost."""
    with foreign.Server(extensions=[ServerPerMessageDeflateFactory()]) as server:
        port = server.port
        node = neuron_ws.Node(
            "again", {"url": server.url, "compression": "on", "reconnect-min": 0.01, "reconnect-max": 0.05})
        node.start()
        for number in range(500):
            node.send(telemetry(number))
        server.wait_for(500)
        server.stop(abort=True)
    for number in range(500, 1000):
        node.send(telemetry(number))
    with foreign.Server(port, extensions=[ServerPerMessageDeflateFactory(client_max_window_bits=9)]) as server:
        # What was in the kernel when the first server went is lost to best-effort delivery; order and content hold.
        last = telemetry(999)
        foreign.wait_until(lambda: last in server.messages, 20, "the last message")
        tail = [telemetry(number) for number in range(1000)]
        assert list(server.messages) == tail[1000 - len(server.messages):]
        assert len(server.messages) >= 400
        assert "client_max_window_bits=9" in node.state.extensions
        node.close()


# ---------------------------------------------------------------------------------------------- servers that are wrong


def serve_once(answer: str, then: bytes) -> tuple[int, list[bytes], threading.Thread]:
    """A server on a socket: one handshake with this extension, these bytes, and what comes back."""
    import base64
    import hashlib

    listener = socket.create_server(("127.0.0.1", 0))
    got: list[bytes] = []

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(65536)
            key = request.partition(b"Sec-WebSocket-Key:")[2].partition(b"\r\n")[0].strip()
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            connection.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\nSec-WebSocket-Extensions: " + answer.encode()
                + b"\r\n\r\n" + then)
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    got.append(piece)

    thread = threading.Thread(target=run, daemon=True)
    # Open as long as the thread is known: a second attempt, which full jitter may make at once, is left without an
    # answer, and the state keeps how the first one ended.
    thread.listener = listener  # type: ignore[attr-defined]
    thread.start()
    return listener.getsockname()[1], got, thread


def closing(answer: str, then: bytes, **settings: object) -> tuple[neuron_ws.State, bytes]:
    """The state when such a connection has ended, and what the server got."""
    port, got, thread = serve_once(answer, then)
    received: list[Message] = []
    common: dict[str, object] = {"compression": "on", "reconnect-min": 30, "close-timeout": 0.2}
    with neuron_ws.Node(
        "wrong", {"url": f"ws://127.0.0.1:{port}/", **common, **settings}, on_message=received.append
    ) as node:
        foreign.wait_until(lambda: node.poll(0.02) is None or node.state.reason != neuron_ws.Reason.NONE, 10)
        state = node.state
        thread.join(10)
    assert received == []
    return state, b"".join(got)


def close_code(frame: bytes) -> int:
    """Of a masked Close frame at the end of what the server got."""
    assert frame[0] == 0x88, frame
    key = frame[2:6]
    return (frame[6] ^ key[0]) << 8 | frame[7] ^ key[1]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("permessage-deflate; client_max_window_bits=7", "client_max_window_bits is 7; expected 8 to 15"),
        ("permessage-deflate; server_max_window_bits", "server_max_window_bits has no value"),
        ("permessage-deflate; chunked", "chunked is no parameter"),
        ("permessage-deflate, permessage-deflate", "it comes twice"),
        ("permessage-deflate;", "malformed"),
        ("x-webkit-deflate-frame", "was not offered"),
    ],
)
def test_answers_that_make_no_sense_are_refused(answer: str, says: str) -> None:
    state, _ = closing(answer, b"")
    assert state.reason == neuron_ws.Reason.HANDSHAKE_REJECTED
    assert says in state.message
    assert not state.extensions or not state.link


def deflated(data: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (stream.compress(data) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]


def frame(payload: bytes, first: int = 0xC2) -> bytes:
    size = len(payload)
    if size < 126:
        length = bytes([size])
    else:
        length = bytes([126]) + size.to_bytes(2, "big") if size < 65536 else bytes([127]) + size.to_bytes(8, "big")
    return bytes([first]) + length + payload


BOMB = deflated(bytes(10 << 20))


@pytest.mark.parametrize(
    ("name", "then", "code"),
    [
        ("a bomb", frame(BOMB), 1009),
        ("a bomb in pieces", frame(BOMB[:100], 0x42) + frame(BOMB[100:], 0x80), 1009),
        ("no DEFLATE", frame(b"\xff\xff\xff"), 1007),
        ("cut off", frame(deflated(hashlib.sha512(b"cut off").digest() * 2)[:50]), 1007),
        ("no UTF-8", frame(deflated(b"temperature \xff" * 5), 0xC1), 1007),
        ("RSV1 on a continuation", frame(b"\0", 0x42) + frame(b"\0", 0xC0), 1002),
        ("RSV1 on a ping", frame(b"", 0xC9), 1002),
    ],
)
def test_messages_that_make_no_sense_end_the_connection(name: str, then: bytes, code: int) -> None:
    state, got = closing("permessage-deflate", then, **{"max-message-size": 1 << 20})
    assert close_code(got) == code, name
    assert state.close_code == code


def test_rsv1_without_agreement_ends_the_connection() -> None:
    state, got = closing("", frame(deflated(b"hello " * 20)))
    assert close_code(got) == 1002
    assert state.extensions == ""
