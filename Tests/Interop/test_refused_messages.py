# SPDX-License-Identifier: Apache-2.0
"""A message that a server refuses is given up after a few tries, and what is behind it flows."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import socket
import struct
import threading
import time
from typing import Callable, Optional

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from bad_servers import CLOSE, BadServer, Behaviour, close_payload, frame
from neuron_ws import DeliveryEvent, EventKind, Outcome
from neuron_ws._library import library
from neuron_ws._structures import StateStructure
from websockets.asyncio.server import ServerConnection, serve

pytestmark = pytest.mark.usefixtures("no_leaks")

LIMIT = 1 << 20
LARGE = 12_000_000
# on_delivery
DELIVERY = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p)
SMALL = [f"small {number}" for number in range(20)]


def header_length(peer: bad.Peer) -> tuple[int, int]:
    """Opcode and payload length of the next frame, of which nothing more is read."""
    first, second = peer.read_exactly(2)
    length = second & 0x7F
    if length == 126:
        length, = struct.unpack("!H", peer.read_exactly(2))
    elif length == 127:
        length, = struct.unpack("!Q", peer.read_exactly(8))
    return first & 0x0F, length


def limited(end: Callable[[bad.Peer], None], got: list[str], limit: int = LIMIT) -> Behaviour:
    """Ends by `end` at the header of a frame that is too long; keeps the messages that are not."""
    def behave(peer: bad.Peer) -> None:
        peer.open()
        while True:
            opcode, length = header_length(peer)
            if length > limit:
                return end(peer)
            key, payload = peer.read_exactly(4), peer.read_exactly(length)
            data = bytes(octet ^ key[index % 4] for index, octet in enumerate(payload))
            if opcode == CLOSE:
                peer.send(frame(CLOSE, data))
                return
            if opcode == bad.PING:
                peer.send(frame(bad.PONG, data))
            else:
                got.append(data.decode())
    return behave


def closing(code: int) -> Callable[[bad.Peer], None]:
    def end(peer: bad.Peer) -> None:
        peer.send(frame(CLOSE, close_payload(code, b"no")))
        with contextlib.suppress(OSError):
            peer.socket.shutdown(socket.SHUT_WR)
        peer.server.stopping.wait(0.05)
    return end


def closing_and_reading_on(code: int) -> Callable[[bad.Peer], None]:
    """As RFC 6455 wants it; what is too long is thrown away, and the client's Close waited for."""
    def end(peer: bad.Peer) -> None:
        peer.send(frame(CLOSE, close_payload(code)))
        peer.drain()
    return end


def reset(peer: bad.Peer) -> None:
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def fin(peer: bad.Peer) -> None:
    """What was sent has all been read, so that no reset comes of it; then the end."""
    peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.socket.shutdown(socket.SHUT_WR)
    peer.server.stopping.wait(0.05)


def garbage(peer: bad.Peer) -> None:
    peer.send(b"HTTP/1.1 413 Payload Too Large\r\n\r\n")
    peer.server.stopping.wait(0.05)


class Told:
    """A node with what it tells."""

    def __init__(self, port: int, **settings: object) -> None:
        self.outcomes: dict[int, Outcome] = {}
        self.refusals: list[DeliveryEvent] = []
        self.lines: list[str] = []
        self.node = neuron_ws.Node(
            "refused",
            {"url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.05, "reconnect-max": 0.1,
             "queue-max-bytes": 64 << 20, **settings},
            events=EventKind.DELIVERY | EventKind.LOG, on_delivery=self._delivered,
            on_log=lambda event: self.lines.append(event.text))

    def _delivered(self, event: DeliveryEvent) -> None:
        if event.outcome is Outcome.DROPPED_REFUSED_BY_PEER:
            self.refusals.append(event)
        else:
            assert event.close_code == 0 and event.close_reason == ""
        for number in range(event.id, event.id + event.count):
            assert number not in self.outcomes
            self.outcomes[number] = event.outcome

    def wait(self, count: int, timeout: float) -> None:
        end = time.monotonic() + timeout
        while len(self.outcomes) < count:
            assert time.monotonic() < end, (self.outcomes, self.node.state.message, self.lines)
            self.node.poll(0.1)


ENDS = {
    "1009": closing(1009), "1009-reading": closing_and_reading_on(1009), "1008": closing(1008), "1011": closing(1011),
    "1000": closing(1000), "4000": closing(4000), "1001": closing(1001), "reset": reset, "fin": fin,
    "garbage": garbage,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_message_that_is_too_big_for_the_server_is_given_up(end: str) -> None:
    got: list[str] = []
    # A server that throws away what it refuses has got it all, and what stands behind it too, as far as `written` sees.
    level = {"delivery": "peer-parsed"} if end == "1009-reading" else {}
    with BadServer(limited(ENDS[end], got)) as server:
        told = Told(server.port, **level)
        with told.node as node:
            node.send(b"x" * LARGE)
            for text in SMALL:
                node.send(text)
            told.wait(21, 30)
            foreign.wait_until(lambda: got == SMALL, 10)
            outcomes = [told.outcomes[number] for number in range(1, 22)]
            assert outcomes[1:] == [Outcome.DELIVERED] * 20
            assert outcomes[0] is Outcome.DROPPED_REFUSED_BY_PEER
            # Counted a moment behind the event.
            foreign.wait_until(lambda: node.metrics.queued_messages == 0)
            assert node.metrics.messages_dropped == 1
            said = [line for line in told.lines if "Message 1 with 12000000 bytes is dropped" in line]
            assert len(said) == 1
            refusal, = told.refusals
            if end.isdecimal():
                assert f"with close code {end}" in said[0]
                assert (refusal.close_code, refusal.close_reason) == (int(end), "no")
            elif end in ("reset", "fin"):
                assert (refusal.close_code, refusal.close_reason) == (0, "")
            assert server.count <= (11 if end == "1001" else 4)


class Host(ctypes.Structure):
    """neuron_ws_host_t"""

    _fields_ = [("size", ctypes.c_size_t), ("context", ctypes.c_void_p)] + [
        (name, ctypes.c_void_p) for name in ("on_state", "on_message", "on_request")
    ] + [("on_delivery", DELIVERY)] + [(name, ctypes.c_void_p) for name in ("on_log", "before_connect", "before_send")]


def test_a_host_with_callbacks_asks_the_state_for_the_close_frame() -> None:
    told: list[tuple[int, Outcome, int, bytes]] = []

    def delivered(handle: int, number: int, outcome: int, _level: int, _context: object) -> None:
        state = StateStructure(size=ctypes.sizeof(StateStructure))
        assert library.neuron_ws_node_state(handle, ctypes.byref(state)) == 0
        told.append((number, Outcome(outcome), state.close_code, state.close_reason))

    got: list[str] = []
    with BadServer(limited(closing(1009), got)) as server:
        settings = f'{{"url":"ws://127.0.0.1:{server.port}/","reconnect-min":0.05,"reconnect-max":0.1}}'
        host = Host(size=ctypes.sizeof(Host), on_delivery=DELIVERY(delivered))
        node = ctypes.c_void_p()
        assert library.neuron_ws_node_create(b"calls", settings.encode(), ctypes.byref(host), ctypes.byref(node)) == 0
        assert library.neuron_ws_node_start(node) == 0
        assert library.neuron_ws_node_send(node, 2, b"x" * LARGE, LARGE, None) == 0
        foreign.wait_until(lambda: told, 30)
        library.neuron_ws_node_destroy(node)
    assert told == [(1, Outcome.DROPPED_REFUSED_BY_PEER, 1009, b"no")]


def test_pypis_websockets_with_its_default_limit() -> None:
    """It reads on and throws away, so that only a Pong tells what it has taken."""
    got: list[str] = []
    ready = threading.Event()
    stop: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
    port: list[int] = []

    async def handle(connection: ServerConnection) -> None:
        async for message in connection:
            got.append(str(message))

    async def main() -> None:
        stopping = asyncio.Event()
        async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            port.append(next(iter(server.sockets)).getsockname()[1])
            stop.append((asyncio.get_running_loop(), stopping))
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    assert ready.wait(10)
    try:
        told = Told(port[0], delivery="peer-parsed")
        with told.node as node:
            node.send("x" * LARGE)
            for text in SMALL:
                node.send(text)
            told.wait(21, 30)
            foreign.wait_until(lambda: got == SMALL, 10)
            assert [told.outcomes[number] for number in range(1, 22)] == \
                [Outcome.DROPPED_REFUSED_BY_PEER] + [Outcome.DELIVERED] * 20
            assert node.metrics.connections_opened <= 4
    finally:
        stop[0][0].call_soon_threadsafe(stop[0][1].set)
        thread.join(10)


@pytest.mark.parametrize("code", [1008, None], ids=["1008", "fin"])
def test_a_server_that_turns_the_client_away_for_a_while_loses_it_nothing(code: Optional[int]) -> None:
    """It ends connections soon, whatever comes; then it is well again."""
    got: list[str] = []
    well = limited(closing(1009), got, limit=1 << 30)

    def behave(peer: bad.Peer) -> None:
        if peer.number >= 8:
            return well(peer)
        peer.open()
        peer.server.stopping.wait(0.02)
        if code is not None:
            peer.send(frame(CLOSE, close_payload(code, b"token expired")))

    with BadServer(behave) as server:
        told = Told(server.port)
        with told.node as node:
            node.send("x" * 6_000_000)
            node.send("behind it")
            told.wait(2, 40)
            assert set(told.outcomes.values()) == {Outcome.DELIVERED}
            foreign.wait_until(lambda: len(got) == 2, 20)
            assert [len(text) for text in got] == [6_000_000, 9]


def test_a_link_that_breaks_again_and_again_loses_nothing() -> None:
    """The server stops reading in the middle: the ping times out, as often as it takes."""
    got: list[str] = []
    well = limited(closing(1009), got, limit=1 << 30)

    def behave(peer: bad.Peer) -> None:
        if peer.number >= 6:
            return well(peer)
        peer.open()
        header_length(peer)
        peer.server.stopping.wait(20)

    with BadServer(behave) as server:
        told = Told(server.port, **{"ping-interval": 0.1, "ping-timeout": 0.1})
        with told.node as node:
            node.send("x" * 8_000_000)
            foreign.wait_until(lambda: server.count > 6, 30)
            node.configure({"url": f"ws://127.0.0.1:{server.port}/", "ping-interval": 0})
            told.wait(1, 30)
            assert told.outcomes == {1: Outcome.DELIVERED} and node.metrics.messages_dropped == 0


@pytest.mark.parametrize("level", ["peer-parsed", "app-acked"])
def test_what_went_out_together_with_a_refused_message_flows_behind_it(level: str) -> None:
    """The server gets them all before it says no. Which it means is told by sending them again one at a time."""
    got: list[str] = []

    def behave(peer: bad.Peer) -> None:
        peer.open()
        refuses = False
        while True:
            opcode, length = header_length(peer)
            key, payload = peer.read_exactly(4), peer.read_exactly(length)
            data = bytes(octet ^ key[index % 4] for index, octet in enumerate(payload))
            refuses = refuses or length > 1000
            text = data.decode(errors="replace")
            if opcode == CLOSE:
                peer.send(frame(CLOSE, data))
                return
            if refuses:
                # All that follows is read and thrown away.
                if "small 19" in text or got or peer.number > 1:
                    return closing_and_reading_on(1008)(peer)
            elif opcode == bad.PING:
                peer.send(frame(bad.PONG, data))
            else:
                document = json.loads(text)
                got.append(document["name"])
                if level == "app-acked":
                    peer.send(frame(bad.TEXT, b'{"ack":%d}' % document["seq"]))

    with BadServer(behave) as server:
        told = Told(server.port, delivery=level)
        with told.node as node:
            node.send(json.dumps({"name": "x" * 2000}))
            for text in SMALL:
                node.send(json.dumps({"name": text}))
            told.wait(21, 30)
            assert [told.outcomes[number] for number in range(1, 22)] == \
                [Outcome.DROPPED_REFUSED_BY_PEER] + [Outcome.DELIVERED] * 20
            assert got == SMALL
            assert server.count == 4


@pytest.mark.parametrize("end", ["reset", "1000"])
@pytest.mark.parametrize("level", ["peer-parsed", "app-acked"])
def test_where_no_connection_lives_for_a_second_all_is_delivered_all_the_same(level: str, end: str) -> None:
    """The quiet before a last try is longer than a connection here: behind three such ends messages go out at once."""
    got: list[int] = []

    def behave(peer: bad.Peer) -> None:
        peer.open()
        until = time.monotonic() + 0.8
        with contextlib.suppress(TimeoutError):
            while (left := until - time.monotonic()) > 0:
                peer.socket.settimeout(left)
                came = peer.read_frame()
                # On the first two nothing is confirmed.
                if peer.number < 2 or came.opcode == CLOSE:
                    continue
                if came.opcode == bad.PING:
                    peer.send(frame(bad.PONG, came.payload))
                else:
                    document = json.loads(came.payload)
                    got.append(document["number"])
                    if level == "app-acked":
                        peer.send(frame(bad.TEXT, b'{"ack":[%d]}' % document["seq"]))
        ENDS[end](peer)

    with BadServer(behave) as server:
        told = Told(server.port, delivery=level)
        with told.node as node:
            for number in range(20):
                node.send(json.dumps({"number": number}))
            told.wait(20, 30)
            assert set(told.outcomes.values()) == {Outcome.DELIVERED}
            assert list(dict.fromkeys(got)) == list(range(20))
            assert 2 < server.count <= 8
