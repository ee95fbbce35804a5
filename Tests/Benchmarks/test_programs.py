# SPDX-License-Identifier: Apache-2.0
"""The measuring programs themselves: that the sink counts what came, and that the senders send what they say."""

import base64
import hashlib
import json
import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from programs import Failure, Programs, Sink, command, last_json  # noqa: E402

KEY = b"\x11\x22\x33\x44"
ANSWER = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
REQUEST = (b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           b"Sec-WebSocket-Version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
CLOSE = b"\x88\x82" + KEY + bytes([0x03 ^ 0x11, 0xE8 ^ 0x22])


@pytest.fixture(scope="module")
def programs(tmp_path_factory) -> Programs:
    return Programs(tmp_path_factory.mktemp("benchmarks"), Path("/nonexistent.so"), Path("/nonexistent"))


@pytest.fixture(params=["ws", "wss"])
def sink(request, programs):
    made = Sink(programs, tls=request.param == "wss")
    yield made
    made.stop()


def mask(payload: bytes) -> bytes:
    return bytes(byte ^ KEY[index & 3] for index, byte in enumerate(payload))


def frame(payload: bytes, opcode: int = 1, final: bool = True) -> bytes:
    head = bytes([opcode | (0x80 if final else 0)])
    if len(payload) < 126:
        head += bytes([0x80 | len(payload)])
    elif len(payload) < 65536:
        head += b"\xfe" + struct.pack(">H", len(payload))
    else:
        head += b"\xff" + struct.pack(">Q", len(payload))
    return head + KEY + mask(payload)


def connect(url: str) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10)
    stream.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += stream.recv(1)
    assert answer.startswith(b"HTTP/1.1 101 ") and ANSWER.encode() in answer
    return stream


def rest(stream: socket.socket) -> bytes:
    got = b""
    while part := stream.recv(65536):
        got += part
    return got


def counted(programs: Programs, talk, latency: bool = False) -> dict:
    """What a plain sink counts while `talk(stream)` has a connection to it."""
    sink = Sink(programs, latency=latency)

    def client(url: str) -> str:
        with connect(url) as stream:
            talk(stream)
        return ""

    try:
        return sink.measure(client)[0]
    finally:
        sink.stop()


@pytest.mark.parametrize("latency", [False, True])
@pytest.mark.parametrize("step", [1, 2, 3, 7, 100, 100_000])
def test_the_sink_counts_messages_however_the_stream_is_split(programs, step, latency):
    sizes = [0, 1, 64, 64, 64, 125, 126, 126, 1700, 1700, 64]
    if step >= 100:
        sizes += [65535, 65536, 300_000, 64]
    whole = b"".join(frame(bytes(size)) for size in sizes)
    whole += frame(b"abc", final=False) + frame(b"", opcode=9) + frame(b"def", opcode=0) + CLOSE

    def talk(stream: socket.socket) -> None:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(whole), step):
            stream.sendall(whole[at:at + step])
        assert rest(stream) == b"\x8a\x00\x88\x02\x03\xe8"

    result = counted(programs, talk, latency)
    assert (result["messages"], result["bytes"]) == (len(sizes) + 1, sum(sizes) + 6)
    assert (result["errors"], result["connections"]) == (0, 1)


def test_the_sink_answers_a_ping_with_its_payload(programs):
    def talk(stream: socket.socket) -> None:
        stream.sendall(frame(b"are you there", opcode=9) + frame(b"no answer to this", opcode=10) + CLOSE)
        assert rest(stream) == b"\x8a\x0dare you there" + b"\x88\x02\x03\xe8"

    assert counted(programs, talk)["messages"] == 0


@pytest.mark.parametrize("wrong", [
    b"\x81\x01a", b"\xc1\x81" + KEY + b"a", b"\x83\x81" + KEY + b"a", frame(b"", opcode=0), frame(bytes(126), opcode=9),
    frame(b"a", final=False) + frame(b"b"),
], ids=["unmasked", "reserved bit", "opcode 3", "lone continuation", "long ping", "message inside a message"])
def test_the_sink_tells_of_wrong_frames(programs, wrong):
    def talk(stream: socket.socket) -> None:
        stream.sendall(frame(b"good") + wrong)
        assert rest(stream) == b""

    assert counted(programs, talk)["errors"] >= 1


def test_the_sink_tells_of_a_message_that_was_not_finished(programs):
    result = counted(programs, lambda stream: stream.sendall(frame(bytes(500))[:300]))
    assert (result["messages"], result["errors"]) == (0, 1)


def test_the_sink_measures_latency_from_the_time_in_the_message(programs):
    def talk(stream: socket.socket) -> None:
        for delay in (0.05, 0.05, 0.2):
            text = b'{"seq":%10d,"t":%19d,"p":"abc"}' % (1, time.monotonic_ns() - int(delay * 1e9))
            stream.sendall(frame(text))
            time.sleep(0.01)
        stream.sendall(CLOSE)
        rest(stream)

    result = counted(programs, talk, latency=True)
    assert result["timed"] == 3
    assert 50_000 <= result["p50_us"] < 200_000 <= result["max_us"] == result["p999_us"]


def test_a_run_ends_with_its_last_connection(programs):
    sink = Sink(programs)

    def client(url: str) -> str:
        streams = [connect(url) for _ in range(3)]
        for stream in streams:
            stream.sendall(frame(b"x") + CLOSE)
            rest(stream)
        for stream in streams:
            stream.close()
        return ""

    try:
        assert (first := sink.measure(client)[0])["connections"] == 3 and first["messages"] == 3
        assert sink.measure(client)[0]["messages"] == 3
    finally:
        sink.stop()


SENDERS = {"limit": ("limit",), "limit-masking": ("limit", "--masking"), "libwebsockets": ("peer_lws",)}


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(("count", "size"), [(1, 64), (9001, 64), (1000, 1700), (100, 18_000), (5, 1_000_000)])
def test_senders_send_as_many_as_they_are_told_over_both_schemes(programs, sink, sender, count, size):
    program, *flags = SENDERS[sender]
    result, printed = sink.measure(
        lambda url: command([programs.path(program), url, count, size, *flags]))
    assert (result["messages"], result["bytes"], result["errors"]) == (count, count * size, 0)
    said = last_json(printed, sender)
    assert said["peer"] == sender and said["seconds"] > 0 and said["max_rss_kb"] > 0


def test_libwebsockets_deals_messages_to_its_connections(programs, sink):
    result, _ = sink.measure(lambda url: command([programs.path("peer_lws"), url, 1000, 100, 7]))
    assert (result["messages"], result["connections"]) == (1000, 7)


class Reader:
    """A server that takes one connection and keeps its messages, unmasked by the book."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}"
        self.messages: list[bytes] = []
        self.keys: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(20)
        self._listener.close()

    def _serve(self) -> None:
        stream, _ = self._listener.accept()
        with stream, stream.makefile("rb") as file:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += file.readline()
            stream.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                           b"Sec-WebSocket-Accept: " + self._accept(head) + b"\r\n\r\n")
            while True:
                first, second = file.read(2)
                length = second & 0x7F
                if length == 126:
                    length = struct.unpack(">H", file.read(2))[0]
                elif length == 127:
                    length = struct.unpack(">Q", file.read(8))[0]
                key, payload = file.read(4), file.read(length)
                plain = (int.from_bytes(payload, "big") ^ int.from_bytes(
                    (key * (length // 4 + 1))[:length], "big")).to_bytes(length, "big")
                if first == 0x88:
                    stream.sendall(b"\x88\x02" + plain[:2])
                    return
                assert (first, second & 0x80) == (0x81, 0x80)
                self.messages.append(plain)
                self.keys.append(key)

    @staticmethod
    def _accept(head: bytes) -> bytes:
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"sec-websocket-key":
                return base64.b64encode(hashlib.sha1(
                    value.strip() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
        raise AssertionError("no key")


def received(programs: Programs, sender: str, *arguments) -> Reader:
    program, *flags = SENDERS[sender]
    reader = Reader()
    command([programs.path(program), reader.url, *arguments, *flags])
    reader.join()
    return reader


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("size", [49, 64, 125, 126, 1703, 65_535, 65_536, 300_001])
def test_senders_send_the_message_of_the_bench(programs, sender, size):
    reader = received(programs, sender, 3, size)
    letters = "".join(chr(ord("a") + index % 23) for index in range(size - 49))
    assert reader.messages == [b'{"seq":         0,"t":                  0,"p":"' + letters.encode() + b'"}'] * 3


def test_the_masking_limit_draws_a_key_for_each_message(programs):
    assert len(set(received(programs, "limit-masking", 2000, 64).keys)) == 2000


@pytest.mark.parametrize("sender", ["limit-masking", "libwebsockets"])
def test_groups_of_tags_change_with_each_message(programs, sender):
    first, second = map(json.loads, received(programs, sender, 2, 0, 1, "--tags", 100).messages)
    assert list(first) == ["node", "group", "timestamp", "values", "errors", "metas"]
    assert list(first["values"]) == [f"tag{index}" for index in range(100)]
    assert [type(value) for value in first["values"].values()] == [int, float] * 50
    assert first["values"]["tag1"] == 79.19
    assert all(first["values"][name] != second["values"][name] for name in first["values"])


@pytest.mark.parametrize("sender", ["limit", "libwebsockets"])
def test_paced_messages_carry_their_time(programs, sender):
    reader = received(programs, sender, 20, 64, 1, "--rate", 200)
    times = [json.loads(message)["t"] for message in reader.messages]
    assert len(times) == 20 and times == sorted(times)
    assert times[-1] - times[0] >= 19 * 5_000_000 * 0.9


def test_an_idle_client_tells_its_memory_and_threads(programs, sink):
    result, printed = sink.measure(lambda url: command([programs.path("peer_lws"), url, 0, 0, 20, "--idle"]))
    said = last_json(printed, "peer_lws")
    assert (result["connections"], result["messages"]) == (20, 0)
    assert said["conns"] == 20 and said["rss_kb"] > 0 and said["threads"] == 1


def test_a_client_that_fails_is_told_of_and_does_not_spoil_the_next_run(programs):
    sink = Sink(programs)
    try:
        with pytest.raises(Failure, match="connect"):
            sink.measure(lambda url: command([programs.path("limit"), "ws://127.0.0.1:1", 1, 64]))
        result, _ = sink.measure(lambda url: command([programs.path("limit"), url, 5, 64]))
        assert result["messages"] == 5
    finally:
        sink.stop()


def test_load_tells_what_a_library_costs(programs):
    library = next(path for path in (f"/usr/lib/{name}/libjansson.so.4" for name in os.listdir("/usr/lib"))
                   if os.path.exists(path))
    said = last_json(command([programs.path("load"), library]), "load")
    assert said["ms"] > 0 and said["rss_kb"] > 0 and said["threads"] == 0
