# SPDX-License-Identifier: Apache-2.0
"""A node against servers that do everything wrong: it says what was wrong, tries again, and keeps nothing."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from bad_servers import BINARY, CLOSE, CONTINUATION, PING, TEXT, BadServer, Behaviour, after_open, close_payload, frame
from neuron_ws import Phase, Reason, TLSFailure

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 5}


@dataclass
class Case:
    name: str
    behaviour: Behaviour
    reason: Reason
    http_status: Optional[int] = None
    close_code: Optional[int] = None
    # The Close frame that the client must have sent, by its code.
    sent_close: Optional[int] = None
    # What the sentence for people must mention, as a pattern.
    says: str = ""
    settings: Optional[dict[str, object]] = None


def rejected(name: str, behaviour: Behaviour, status: int, says: str = "", **settings: object) -> Case:
    return Case(name, behaviour, Reason.HANDSHAKE_REJECTED, http_status=status, says=says, settings=settings)


def broken(
    name: str, data: bytes, code: int = 1002, reason: Reason = Reason.PROTOCOL_ERROR, **settings: object
) -> Case:
    return Case(name, after_open(data), reason, close_code=code, sent_close=code, settings=settings)


def closed(code: int, reason: Reason) -> Case:
    behaviour = bad.closing(close_payload(code, b"as said"))
    return Case(f"close-{code}", behaviour, reason, close_code=code, sent_close=code, says="as said")


CASES = [
    Case("silent", bad.silent, Reason.CONNECT_TIMEOUT, settings={"connect-timeout": 1}),
    Case("slow-drip", bad.slow_drip, Reason.CONNECT_TIMEOUT, settings={"connect-timeout": 1}),
    rejected("http-200", bad.http("200 OK"), 200, "200"),
    rejected("http-301", bad.http("301 Moved", b"Location: ws://other.example/x\r\n"), 301, "other.example"),
    rejected("http-401", bad.http("401 Unauthorized", b'WWW-Authenticate: Basic realm="x"\r\n'), 401, "401"),
    rejected("http-404", bad.http("404 Not Found"), 404, "404"),
    rejected("http-503", bad.http("503 Service Unavailable"), 503, "503"),
    rejected("http-0.9", bad.http("999999 ?"), 0),
    rejected("wrong-accept", bad.wrong_accept, 101, "Accept"),
    rejected("no-accept", bad.altered(b"Sec-WebSocket-Accept", b"X-Nothing"), 101, "Accept"),
    rejected("no-upgrade", bad.altered(b"Upgrade: websocket", b"X-Nothing: x"), 101, "Upgrade"),
    rejected("no-connection", bad.altered(b"Connection: Upgrade", b"Connection: close"), 101, "Connection"),
    rejected("unasked-subprotocol", bad.altered(b"Upgrade: w", b"Sec-WebSocket-Protocol: x\r\nUpgrade: w"), 101),
    rejected("unasked-extension", bad.altered(b"Upgrade: w", b"Sec-WebSocket-Extensions: x\r\nUpgrade: w"), 101),
    rejected("garbage", bad.garbage, 0, "HTTP"),
    rejected("endless-header", bad.endless_header, 0, "header"),
    rejected("endless-line", bad.endless_line, 0),
    broken("masked", frame(TEXT, b"x", masked=True)),
    broken("length-2^63", frame(BINARY, length=b"\x7f\x80\0\0\0\0\0\0\0")),
    broken("length-2^64-1", frame(BINARY, length=b"\x7f" + b"\xff" * 8)),
    broken("length-2^62", frame(BINARY, length=b"\x7f\x40\0\0\0\0\0\0\0"), 1009, Reason.MESSAGE_TOO_BIG),
    broken("length-not-minimal-16", frame(TEXT, b"12345", length=b"\x7e\0\x05")),
    broken("length-not-minimal-64", frame(TEXT, b"12345", length=b"\x7f\0\0\0\0\0\0\0\x05")),
    broken("message-too-big", frame(TEXT, b"x" * 2000), 1009, Reason.MESSAGE_TOO_BIG, **{"max-message-size": 1024}),
    broken("fragments-too-big", frame(TEXT, b"x" * 1000, final=False) + frame(CONTINUATION, b"x" * 1000), 1009,
           Reason.MESSAGE_TOO_BIG, **{"max-message-size": 1024}),
    *(broken(f"reserved-bit-{bit}", frame(TEXT, b"x", reserved=bit)) for bit in (1, 2, 4)),
    *(broken(f"opcode-{code}", frame(code, b"x")) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
    broken("fragmented-ping", frame(PING, b"x", final=False)),
    broken("long-ping", frame(PING, b"x" * 126)),
    broken("continuation-of-nothing", frame(CONTINUATION, b"x")),
    broken("text-inside-text", frame(TEXT, b"x", final=False) + frame(TEXT, b"y")),
    broken("utf8", frame(TEXT, b"\xff"), 1007),
    broken("utf8-cut", frame(TEXT, b"\xe2\x82"), 1007),
    broken("utf8-over-fragments", frame(TEXT, b"\xe2", final=False) + frame(CONTINUATION, b"x"), 1007),
    broken("utf8-surrogate", frame(TEXT, b"\xed\xa0\x80"), 1007),
    broken("utf8-in-close", frame(CLOSE, close_payload(1000, b"\xff")), 1007),
    broken("close-of-one-byte", frame(CLOSE, b"\x03")),
    *(broken(f"close-{code}-may-not-be-sent", frame(CLOSE, close_payload(code)))
      for code in (0, 999, 1004, 1005, 1006, 1015, 5000)),
    closed(1000, Reason.NORMAL), closed(1001, Reason.ENDPOINT_SHUTDOWN), closed(1002, Reason.PROTOCOL_ERROR),
    closed(1003, Reason.PROTOCOL_ERROR), closed(1007, Reason.PROTOCOL_ERROR), closed(1008, Reason.POLICY_VIOLATION),
    closed(1009, Reason.MESSAGE_TOO_BIG), closed(1010, Reason.PROTOCOL_ERROR), closed(1011, Reason.SERVER_ERROR),
    closed(1012, Reason.TRY_LATER), closed(1013, Reason.TRY_LATER), closed(1014, Reason.SERVER_ERROR),
    closed(3000, Reason.APPLICATION), closed(4999, Reason.APPLICATION),
    Case("ends", bad.ends, Reason.ABNORMAL),
    Case("ends-inside-a-frame", bad.ends_inside_a_frame, Reason.ABNORMAL),
    Case("answers-no-ping", bad.reads_but_answers_nothing, Reason.PING_TIMEOUT,
         settings={"ping-interval": 1, "ping-timeout": 1}),
]


@contextlib.contextmanager
def started(port: int, settings: Optional[dict[str, object]] = None, **more: Any) -> Iterator[neuron_ws.Node]:
    merged: dict[str, object] = {"url": f"ws://127.0.0.1:{port}/", **QUICK, **(settings or {})}
    with neuron_ws.Node("bad", merged, **more) as node:
        yield node


def good_server(port: int) -> foreign.Server:
    """A right server on the port of a bad one, as soon as the port is free."""
    end = time.monotonic() + 10
    while True:
        try:
            return foreign.Server(port)
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.02)


def comes_back(node: neuron_ws.Node, port: int) -> None:
    """A right server on that port gets a message."""
    with good_server(port) as server:
        # First the connection: what the kernel takes for a server that is just going away is lost with it.
        foreign.wait_until(lambda: server.connections > 0 and node.state.link, 20, f"a link: {node.state}")
        node.send("afterwards")
        assert server.wait_for(1, 20) == ["afterwards"], node.state


def is_a_sentence(text: str) -> bool:
    return len(text) > 15 and " " in text and text.isprintable()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_node_says_what_was_wrong_and_comes_back(case: Case) -> None:
    with BadServer(case.behaviour) as server, started(server.port, case.settings) as node:
        foreign.wait_until(lambda: node.state.reason is case.reason, what=f"{case.reason!r}: {node.state}")
        state = node.state
        assert case.http_status is None or state.http_status == case.http_status, state
        assert case.close_code is None or state.close_code == case.close_code, state
        assert is_a_sentence(state.message), state.message
        assert re.search(case.says, state.message + " " + state.close_reason), state.message
        if case.sent_close is not None:
            foreign.wait_until(lambda: server.closes, what="the client's Close frame")
            assert struct.unpack("!H", server.closes[0][:2]) == (case.sent_close,)
        # It goes on trying, without anybody's help.
        seen = server.count
        foreign.wait_until(lambda: server.count > seen, what="another attempt")
        server.stop()
        comes_back(node, server.port)


def test_close_without_a_code_is_a_normal_end() -> None:
    with BadServer(bad.closing(b"")) as server, started(server.port) as node:
        foreign.wait_until(lambda: node.state.reason is Reason.NORMAL)
        assert node.state.close_code in (0, 1005)
        foreign.wait_until(lambda: server.closes)
        assert server.closes[0] == b""
        server.stop()
        comes_back(node, server.port)


def test_a_reset_is_told() -> None:
    with BadServer(bad.resets) as server, started(server.port) as node:
        foreign.wait_until(lambda: node.state.reason in (Reason.NETWORK_ERROR, Reason.ABNORMAL))
        if node.state.reason is Reason.NETWORK_ERROR:
            assert node.state.system_error in (errno.ECONNRESET, errno.EPIPE)
        server.stop()
        comes_back(node, server.port)


def test_a_refused_connection_is_told() -> None:
    port = foreign.free_port()
    with started(port) as node:
        foreign.wait_until(lambda: node.state.reason is Reason.NETWORK_ERROR)
        state = node.state
        assert state.system_error == errno.ECONNREFUSED and "refused" in state.message.lower()
        assert state.attempts >= 1
        comes_back(node, port)


@pytest.mark.parametrize("status", ["503 Service Unavailable", "403 Forbidden", "404 Not Found", "302 Found"])
def test_retry_after_is_honoured(status: str) -> None:
    behaviour = bad.http(status, b"Retry-After: 2\r\n")
    with BadServer(behaviour) as server, started(server.port) as node:
        foreign.wait_until(lambda: node.state.http_status == int(status[:3]) and node.state.phase is Phase.WAITING)
        left = node.state.next_attempt_ms
        assert left is not None and 1000 < left <= 2500
        assert server.count == 1
        server.stop()
        comes_back(node, server.port)


def test_the_text_of_a_close_frame_goes_with_its_connection() -> None:
    with BadServer(bad.closing(close_payload(1008, b"token expired"))) as server, started(server.port) as node:
        foreign.wait_until(lambda: node.state.close_code == 1008)
        assert node.state.close_reason == "token expired"
        server.stop()
        foreign.wait_until(lambda: node.state.reason is Reason.NETWORK_ERROR, 20)
        assert node.state.close_code == 0 and node.state.close_reason == ""


def test_a_host_that_does_not_exist_is_told() -> None:
    with neuron_ws.Node("dns", {"url": "ws://no-such-host.invalid/", **QUICK}) as node:
        foreign.wait_until(lambda: node.state.reason is Reason.DNS, 20)
        assert "no-such-host.invalid" in node.state.message


def test_a_close_at_each_byte_of_the_response_is_survived() -> None:
    # The bytes of the response differ between connections only in the value of Accept, not in their number.
    length = len(bad.Peer(None, None, 0).response())  # type: ignore[arg-type]
    reasons: set[Reason] = set()

    def behave(peer: bad.Peer) -> None:
        bad.closes_at(min(peer.number, length))(peer)

    quick = {"reconnect-min": 0.01, "reconnect-max": 0.02}
    states: list[neuron_ws.StateEvent] = []
    with BadServer(behave) as server, started(server.port, quick, on_state=states.append) as node:
        foreign.wait_until(lambda: server.count > length + 1, 60)
        node.poll(0)
        server.stop()
        comes_back(node, server.port)
    reasons = {event.reason for event in states} - {Reason.NONE}
    assert reasons <= {Reason.HANDSHAKE_REJECTED, Reason.ABNORMAL, Reason.NETWORK_ERROR}
    # Only the whole response opens a link.
    links = [event for event in states if event.link]
    assert links and Reason.ABNORMAL in reasons


def test_a_thousand_pings_are_answered_or_collapsed() -> None:
    with BadServer(bad.thousand_pings) as server, started(server.port) as node:
        foreign.wait_until(lambda: server.pongs and server.pongs[-1] == struct.pack("!I", 999))
        numbers = [struct.unpack("!I", pong)[0] for pong in server.pongs]
        assert numbers == sorted(set(numbers))
        assert node.metrics.pings_received == 1000
        assert node.state.link and server.count == 1


def test_a_server_that_never_reads_fills_the_queue_and_not_the_memory() -> None:
    settings = {"queue-max-bytes": 1 << 20, "ping-interval": 3600}
    with BadServer(bad.never_reads) as server, started(server.port, settings) as node:
        foreign.wait_until(lambda: node.state.link)
        message = b"x" * 65536
        with pytest.raises(neuron_ws.QueueFull):
            for _ in range(10_000):
                node.send(message)
                time.sleep(0.0005)
        metrics = node.metrics
        assert metrics.queued_bytes <= (1 << 20) + (1 << 17)
        assert metrics.messages_rejected == 1
        with pytest.raises(neuron_ws.Timeout):
            node.flush(timeout=0.2)
        begin = time.monotonic()
        node.stop(timeout=1)
        assert time.monotonic() - begin < 1.5
        assert node.metrics.queued_messages == metrics.queued_messages


def test_the_queue_of_a_server_that_never_read_goes_to_the_next() -> None:
    settings = {"queue-max-bytes": 1 << 20, "ping-interval": 2, "ping-timeout": 2}

    def only_once(peer: bad.Peer) -> None:
        # A second connection would let the kernel swallow the whole queue.
        if peer.number == 0:
            bad.never_reads(peer)
        else:
            bad.silent(peer)

    with BadServer(only_once) as server, started(server.port, settings) as node:
        foreign.wait_until(lambda: node.state.link)
        # Until it stays full: the kernel's buffers grow for a while, and take what is queued.
        number, refusals = 1, 0
        while refusals < 50:
            try:
                node.send(b"%8d" % number + b"x" * 65536)
                number, refusals = number + 1, 0
            except neuron_ws.QueueFull:
                refusals += 1
                time.sleep(0.01)
        foreign.wait_until(lambda: node.state.reason is Reason.PING_TIMEOUT)
        server.stop()
        with good_server(server.port) as good:
            node.flush(timeout=20)
            last = node.metrics.messages_accepted

            def numbers() -> list[int]:
                return [int(message[:8]) for message in good.messages]

            foreign.wait_until(lambda: numbers()[-1:] == [last])
        # What the kernel had taken may be lost or come twice; what was still queued comes whole, in order.
        assert numbers() == list(range(numbers()[0], last + 1))


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that drops every SYN: its listener's backlog is full."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    port = listener.getsockname()[1]
    fillers = []
    for _ in range(8):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(("127.0.0.1", port))
        fillers.append(filler)
    time.sleep(0.1)
    with socket.socket() as probe:
        probe.settimeout(0.3)
        with pytest.raises(socket.timeout):
            probe.connect(("127.0.0.1", port))
    yield port
    for filler in fillers:
        filler.close()
    listener.close()


def test_a_black_hole_times_out_and_says_so(black_hole: int) -> None:
    with started(black_hole, {"connect-timeout": 1}) as node:
        foreign.wait_until(lambda: node.state.phase is Phase.CONNECTING)
        foreign.wait_until(lambda: node.state.reason is Reason.CONNECT_TIMEOUT)
        assert is_a_sentence(node.state.message)


@pytest.mark.parametrize("timeout", [0, 0.5, 2])
def test_stop_is_done_in_time_from_a_black_hole(black_hole: int, timeout: float) -> None:
    with started(black_hole, {"connect-timeout": 60}) as node:
        foreign.wait_until(lambda: node.state.phase is Phase.CONNECTING)
        begin = time.monotonic()
        node.stop(timeout=timeout)
        assert time.monotonic() - begin < timeout + 0.5
        assert node.state.phase is Phase.IDLE and node.state.reason is Reason.STOPPED


@pytest.mark.parametrize("behaviour", [bad.silent, bad.slow_drip, bad.never_reads, bad.reads_but_answers_nothing])
def test_stop_is_done_in_time_from_every_bad_server(behaviour: Behaviour) -> None:
    with BadServer(behaviour) as server, started(server.port) as node:
        foreign.wait_until(lambda: node.state.phase in (Phase.HANDSHAKING, Phase.OPEN))
        begin = time.monotonic()
        node.stop(timeout=0.5)
        assert time.monotonic() - begin < 1.0
        assert node.state.phase is Phase.IDLE


def test_what_answers_wss_without_tls_is_told() -> None:
    def plain(peer: bad.Peer) -> None:
        peer.socket.recv(1)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        peer.drain()

    with BadServer(plain) as server:
        with neuron_ws.Node("tls", {"url": f"wss://127.0.0.1:{server.port}/", **QUICK}) as node:
            foreign.wait_until(lambda: node.state.reason is Reason.TLS)
            assert node.state.tls_failure is TLSFailure.NOT_TLS and is_a_sentence(node.state.message)


def test_a_silent_tls_server_times_out() -> None:
    with BadServer(bad.silent) as server:
        settings = {"url": f"wss://127.0.0.1:{server.port}/", **QUICK, "connect-timeout": 1}
        with neuron_ws.Node("tls", settings) as node:
            foreign.wait_until(lambda: node.state.reason is Reason.CONNECT_TIMEOUT)


@pytest.mark.parametrize("settings, failure", [
    ({"tls-server-name": "wrong.example"}, TLSFailure.WRONG_NAME),
    ({"ca": None}, TLSFailure.UNKNOWN_CA),
])
def test_a_certificate_that_is_not_good_is_told(
    authority: foreign.Authority, settings: dict[str, Optional[str]], failure: TLSFailure
) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        merged = {"url": f"wss://localhost:{server.port}/", "ca": str(authority.ca), **QUICK, **settings}
        merged = {key: value for key, value in merged.items() if value is not None}
        with neuron_ws.Node("tls", merged) as node:
            foreign.wait_until(lambda: node.state.reason is Reason.TLS)
            assert node.state.tls_failure is failure and is_a_sentence(node.state.message)
            node.configure({"url": merged["url"], "ca": str(authority.ca), **QUICK})
            node.send("now it is good")
            assert server.wait_for(1) == ["now it is good"]


def resident_kilobytes() -> int:
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]


@pytest.mark.parametrize("name", sorted(bad.BEHAVIOURS))
def test_a_thousand_failures_leave_nothing_behind(name: str) -> None:
    program = [sys.executable, os.fspath(Path(bad.__file__)), name]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None and server.stdout is not None
        settings = {
            "url": f"ws://127.0.0.1:{server.stdout.readline().strip()}/", "reconnect-min": 0.01, "reconnect-max": 0.02,
        }
        nodes = [neuron_ws.Node(f"n{number}", settings) for number in range(10)]

        def attempts() -> int:
            return sum(node.metrics.connection_attempts for node in nodes)

        for node in nodes:
            node.start()
        foreign.wait_until(lambda: attempts() > 200, 30)
        before, descriptors = resident_kilobytes(), len(os.listdir("/proc/self/fd"))
        foreign.wait_until(lambda: attempts() > 1200, 60)
        assert resident_kilobytes() - before < 1024
        assert len(os.listdir("/proc/self/fd")) <= descriptors + 3 * len(nodes)
        for node in nodes:
            node.close()
        server.stdin.close()
        assert server.wait(10) == 0
