# SPDX-License-Identifier: Apache-2.0
"""The delivery level app-acked: what a server's application says that it has, and nothing else, is delivered."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bad_servers as bad
import foreign
import neuron_ws
import pytest

HERE = Path(__file__).resolve().parent
SERVERS = {
    "websockets": [sys.executable, str(HERE / "ack_server.py")],
    "node-ws": ["node", str(HERE / "ack_server.js")],
}
Number = tuple[int, neuron_ws.Level]


class Server:
    """A foreign server that does what it is told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._input, self._output = process.stdin, process.stdout
        self.port = int(self._output.readline())

    def order(self, what: object) -> None:
        self._input.write(json.dumps(what) + "\n")
        self._input.flush()

    def acknowledge(self, document: object) -> None:
        self.order(document if isinstance(document, str) else json.dumps(document))

    def messages(self, count: int) -> list[dict[str, Any]]:
        """The next ones."""
        return [json.loads(json.loads(self._output.readline())[1]) for _ in range(count)]


@contextlib.contextmanager
def running(kind: str) -> Iterator[Server]:
    process = subprocess.Popen(
        SERVERS[kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"},
    )
    try:
        yield Server(process)
    finally:
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        process.kill()
        process.wait(10)
        process.stdout.close()


class Host:
    """A node's host, and what it was told."""

    def __init__(self, port: int, **more: Any) -> None:
        self.delivered: list[Number] = []
        self.lines: list[str] = []
        self.messages: list[bytes | str] = []
        document = {
            "url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.01, "reconnect-max": 0.05,
            "delivery": "app-acked", **more,
        }
        self.node = neuron_ws.Node(
            "acks", document, on_delivery=self._told, on_log=lambda event: self.lines.append(event.text),
            on_message=self.messages.append,
        )

    def _told(self, event: neuron_ws.DeliveryEvent) -> None:
        if event.outcome == neuron_ws.Outcome.DELIVERED:
            self.delivered += [(number, event.level) for number in event.ids]

    def wait(self, condition: Callable[[], object], timeout: float = 30) -> None:
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, (self.node.state.message, len(self.delivered), self.lines)
            self.node.poll(0.02)

    @property
    def numbers(self) -> list[int]:
        assert all(level == neuron_ws.Level.APP_ACKED for _, level in self.delivered)
        return [number for number, _ in self.delivered]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(request.param) as it:
        yield it


def test_messages_are_delivered_when_the_application_says_so(server: Server) -> None:
    host = Host(server.port)
    with host.node as node:
        for value in range(10):
            assert node.send(json.dumps({"value": value})) == value + 1
        came = server.messages(10)
        assert [(one["seq"], one["value"]) for one in came] == [(value + 1, value) for value in range(10)]
        streams = {one["stream"] for one in came}
        assert len(streams) == 1 and all("resent" not in one for one in came)
        node.flush(neuron_ws.Level.WRITTEN, timeout=10)
        assert host.delivered == [] and node.state.level == neuron_ws.Level.APP_ACKED
        assert node.metrics.queued_messages == 10 and node.metrics.oldest_message_us > 0
        server.acknowledge({"ack": 3})
        host.wait(lambda: len(host.delivered) == 3)
        # Alone and out of order: outcomes come in the order of the messages.
        server.acknowledge({"ack": [6, 5, 9]})
        server.acknowledge({"ack": [4], "stream": streams.pop()})
        host.wait(lambda: len(host.delivered) == 6)
        server.acknowledge([{"ack": 8}, {"ack": [10]}])
        host.wait(lambda: len(host.delivered) == 10)
        assert host.numbers == list(range(1, 11))
        assert node.metrics.acknowledgements_received == 4 and node.metrics.acknowledgements_stray == 0
        node.flush(neuron_ws.Level.APP_ACKED, timeout=5)
        assert host.messages == [] and node.metrics.oldest_message_us == 0


def test_what_is_not_acknowledged_comes_again_marked_and_in_order(server: Server) -> None:
    host = Host(server.port)
    with host.node as node:
        for value in range(6):
            node.send(json.dumps({"value": value}))
        first = server.messages(6)
        server.acknowledge({"ack": 2})
        server.acknowledge({"ack": [5]})
        host.wait(lambda: node.metrics.acknowledgements_received == 2)
        server.order({"close": 1012})
        host.wait(lambda: node.metrics.connections_opened == 2)
        node.send("{}")
        again = server.messages(4)
        assert [(one["seq"], one.get("resent")) for one in again] == [(3, True), (4, True), (6, True), (7, None)]
        assert {one["stream"] for one in again} == {first[0]["stream"]}
        server.acknowledge({"ack": 7})
        host.wait(lambda: len(host.delivered) == 7)
        assert host.numbers == list(range(1, 8))


STRAY = [
    {"ack": 0}, {"ack": 99}, {"ack": -1}, {"ack": 1.5}, {"ack": "1"}, {"ack": None}, {"ack": {"ack": 1}}, {"ack": [99]},
    {"ack": [1, "x"]}, {"ack": [1, 2, None]}, [{"ack": 1}, {"ack": "2"}],
    {"ack": 2, "stream": "another"}, '{"ack":1', '{"ack":[1,2', '{"ack":1}x', {"ack": 18446744073709551615},
]


@pytest.mark.parametrize("document", STRAY, ids=str)
def test_what_makes_no_sense_confirms_nothing_and_is_said(document: object) -> None:
    with running("websockets") as server:
        host = Host(server.port)
        with host.node as node:
            node.send("{}")
            node.send("{}")
            server.messages(2)
            server.acknowledge(document)
            host.wait(lambda: node.metrics.acknowledgements_stray == 1)
            host.wait(lambda: any("acknowledgement" in line for line in host.lines))
            assert host.delivered == []
            # Twice and again is harmless; and what is none is the host's message.
            for _ in range(3):
                server.acknowledge({"ack": 1})
            server.acknowledge({"other": 1})
            host.wait(lambda: host.messages and host.delivered)
            assert host.numbers == [1] and node.metrics.acknowledgements_stray == 1


def test_a_server_that_knows_from_before_says_so_first() -> None:
    """It acknowledges as soon as it is connected to: what it has does not come again."""
    with running("websockets") as server:
        host = Host(server.port)
        with host.node as node:
            for value in range(5):
                node.send(json.dumps({"value": value}))
            server.messages(5)
            server.order({"close": 1012})
            server.acknowledge({"ack": 5})
            host.wait(lambda: len(host.delivered) == 5 or node.metrics.connections_opened > 1)
            server.acknowledge({"ack": 5})
            host.wait(lambda: len(host.delivered) == 5)
            assert host.numbers == [1, 2, 3, 4, 5]


def test_a_million_in_one_message() -> None:
    """Numbers of messages that there are not, and of some that there are: in bounded memory, and the node lives on."""
    with running("websockets") as server:
        host = Host(server.port)
        with host.node as node:
            for value in range(1000):
                node.send(json.dumps({"value": value}))
            server.messages(1000)
            numbers = list(range(1_000_000, 0, -1))
            server.acknowledge({"ack": numbers})
            host.wait(lambda: len(host.delivered) == 1000, timeout=120)
            assert host.numbers == list(range(1, 1001))
            assert node.metrics.acknowledgements_stray == 999_000


def formats() -> list[dict[str, object]]:
    return [
        {"format": "values-format"}, {"format": "tags-format"}, {"format": "ECP-format"},
        {"format": "custom", "schema": {"n": "${node}", "t": "${tag_values}"}}, {"message-type": "binary"},
        {"compression": "on", "compress-threshold": 0}, {"fragment-size": 125},
    ]


@pytest.mark.parametrize("more", formats(), ids=str)
def test_each_format_has_its_place_for_the_number(more: dict[str, object]) -> None:
    with running("node-ws") as server:
        host = Host(server.port, **more)
        with host.node as node:
            node.subscribe("*", "*")
            for value in range(3):
                node.push("plc", "fast", {"t": value})
            # One so large that it has a chunk of its own, where blanks fill the room of the number.
            node.push("plc", "fast", {"t": "x" * 300_000})
            came = server.messages(4)
            assert [one["seq"] for one in came] == [1, 2, 3, 4]
            assert "x" * 300_000 in json.dumps(came[3])
            assert list(came[0])[:2] == ["seq", "stream"] and len(came[0]) > 3
            server.acknowledge({"ack": 4})
            host.wait(lambda: len(host.delivered) == 4)


def test_a_message_that_takes_no_number_is_refused_and_why() -> None:
    with neuron_ws.Node("acks", {"url": "ws://127.0.0.1:1/", "sequence": True}) as node:
        for message in ["text", "[1]", "", b"\x00\x01"]:
            with pytest.raises(neuron_ws.InvalidArgument, match="no JSON object, and has no place for its number"):
                node.send(message)
        assert node.send("{}") == 1 and node.metrics.messages_rejected == 4


def test_a_message_with_a_number_of_its_own_is_refused_and_why() -> None:
    """It would have two, and an ordinary reader acknowledge the other."""
    named = 'a member "{}" of its own, .*: give it another name'
    with neuron_ws.Node("acks", {"url": "ws://127.0.0.1:1/", "delivery": "app-acked"}) as node:
        for name, message in [
            ("seq", '{"seq":3,"plc":"p"}'), ("stream", ' {"a":{"b":"}"},"stream" : "q"}\n'),
            ("resent", '{"resent":{}}'), ("seq", b'{"a":"\\"","\\u0073e\\u0071":1}'),
        ]:
            with pytest.raises(neuron_ws.InvalidArgument, match=named.format(name)):
                node.send(message)
        assert node.metrics.messages_rejected == 4
        for message in ['{"a":{"seq":3,"stream":"q"},"b":[{"resent":true}]}', '{"a":"seq","sequence":1}']:
            node.send(message)
        node.configure({"url": "ws://127.0.0.1:1/"})
        node.send('{"seq":3}')
        # A template's names are checked with the settings, but for those that a group fills in.
        schema = {"${group}": "${tag_values}"}
        node.configure({"url": "ws://127.0.0.1:1/", "sequence": True, "format": "custom", "schema": schema})
        node.subscribe("*", "*")
        with pytest.raises(neuron_ws.InvalidArgument, match=named.format("seq")):
            node.push("plc", "seq", {"t": 1})
        node.push("plc", "fast", {"seq": 1})
        node.configure({"url": "ws://127.0.0.1:1/", "sequence": True})
        node.push("plc", "seq", {"seq": 1, "stream": 2})
        assert node.metrics.messages_rejected == 5 and node.metrics.messages_accepted == 5


def test_another_member_is_another_name() -> None:
    with running("websockets") as server:
        host = Host(server.port, **{"ack-member": "done"})
        with host.node as node:
            node.send("{}")
            server.messages(1)
            server.acknowledge({"ack": 1})
            server.acknowledge({"done": 1})
            host.wait(lambda: len(host.delivered) == 1)
            assert [json.loads(message) for message in host.messages] == [{"ack": 1}]


def test_what_was_pushed_without_a_number_waits_for_none() -> None:
    """Under best-effort, before the level was raised: no server can acknowledge it."""
    with running("websockets") as server:
        host = Host(foreign.free_port(), delivery="best-effort")
        with host.node as node:
            for value in range(5):
                node.send(json.dumps({"value": value}))
            node.configure({"url": f"ws://127.0.0.1:{server.port}/", "delivery": "app-acked"})
            assert [one.get("seq") for one in server.messages(5)] == [None] * 5
            host.wait(lambda: len(host.delivered) == 5)
            assert {level for _, level in host.delivered} == {neuron_ws.Level.WRITTEN}
            node.flush(neuron_ws.Level.APP_ACKED, timeout=10)


class Batches:
    """Acknowledges each tenth message with all before it, and breaks twice in the middle of the fourth ten."""

    breaks = 2

    def __call__(self, peer: bad.Peer) -> None:
        peer.open()
        while True:
            got = peer.read_frame()
            if got.opcode != bad.TEXT:
                continue
            number = json.loads(got.payload)["seq"]
            if number == 35 and self.breaks > 0:
                self.breaks -= 1
                return
            if number % 10 == 0:
                peer.send(bad.frame(bad.TEXT, json.dumps({"ack": number}).encode()))


def test_a_server_that_acknowledges_many_with_one_word_gets_them_behind_breaks_too() -> None:
    """After two breaks one goes out at a time, of which such a server says nothing: more go after a while."""
    with bad.BadServer(Batches()) as server:
        host = Host(server.port)
        with host.node as node:
            for value in range(200):
                node.send(json.dumps({"value": value}))
            host.wait(lambda: len(host.delivered) == 200, timeout=90)
            assert sorted(host.numbers) == list(range(1, 201))
            assert [line for line in host.lines if "acknowledged nothing of a message for 5 s" in line], host.lines


def test_what_is_not_sent_again_is_not_counted_so() -> None:
    with running("websockets") as server:
        host = Host(server.port)
        with host.node as node:
            for value in range(10):
                node.send(json.dumps({"value": value}))
            server.messages(10)
            node.stop(timeout=0)
            assert node.metrics.messages_resent == 0
            node.start()
            assert [one["resent"] for one in server.messages(10)] == [True] * 10
            server.acknowledge({"ack": 10})
            host.wait(lambda: len(host.delivered) == 10)
            assert node.metrics.messages_resent == 10


@pytest.mark.parametrize("level", ["peer-parsed", "app-acked"])
def test_a_stop_confirms_what_it_can(level: str) -> None:
    with running("websockets") as server:
        host = Host(server.port, delivery=level)
        with host.node as node:
            host.wait(lambda: node.state.link == 1)
            for value in range(2000):
                node.send(json.dumps({"value": value}))
            node.stop_begin(timeout=60)
            server.messages(2000)
            if level == "app-acked":
                assert node.metrics.messages_sent == 0
                server.acknowledge({"ack": 2000})
            host.wait(lambda: node.state.phase == neuron_ws.Phase.IDLE)
            assert node.metrics.queued_messages == 0
            host.wait(lambda: len(host.delivered) == 2000)
