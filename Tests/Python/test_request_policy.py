# SPDX-License-Identifier: Apache-2.0
"""What the server may ask for, and the trace that everything that comes in leaves: an answer, a count, a line of log,
or the host's on_message."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional, Union

import foreign
import neuron_ws
import pytest
from neuron_ws import EventKind, LogLevel
from websockets.sync.server import serve

READ = '{"uuid":"r","node":"plc1","group":"fast"}'
WRITE = '{"uuid":"w","node":"plc1","group":"fast","tag":"speed","value":7}'
ACTION = '{"uuid":"a","node":"plc1","action":"reset"}'


class Asked:
    """A connected node that takes requests and log lines, and answers each request with error 0."""

    def __init__(self, server: foreign.Server, node: neuron_ws.Node) -> None:
        self.server = server
        self.node = node
        self.lines: list[tuple[LogLevel, str]] = []
        self.messages: list[Any] = []

    def send(self, message: Union[str, bytes]) -> None:
        """Sends it, and waits until it has been dealt with: a read behind it has been answered."""
        before = self.read_answers()
        self.server.send(message)
        self.server.send('{"uuid":"end","node":"n","group":"g"}')
        foreign.wait_until(lambda: self.node.poll(0.05) >= 0 and self.read_answers() > before)

    def read_answers(self) -> int:
        return sum('"uuid":"end"' in str(message) for message in self.server.messages)

    def answers(self) -> list[Any]:
        found = [json.loads(message) for message in self.server.messages]
        return [answer for answer in found if answer["uuid"] != "end"]

    def warned(self, *texts: str) -> list[str]:
        """The lines that hold all of these."""
        return [line for _, line in self.lines if all(text in line for text in texts)]


@contextmanager
def asked(server: foreign.Server, *, takes_messages: bool = False, **settings: Any) -> Iterator[Asked]:
    holder: list[Asked] = []

    def answer(request: neuron_ws.Request) -> None:
        request.reply({"uuid": request.uuid, "error": 0})

    more: dict[str, Any] = {}
    if takes_messages:
        more["on_message"] = lambda message: holder[0].messages.append(message)
    node = neuron_ws.Node(
        "n", {"url": server.url, "log-level": "debug", **settings}, on_request=answer,
        on_log=lambda event: holder[0].lines.append((event.level, event.text)), **more)
    holder.append(Asked(server, node))
    with node:
        foreign.wait_until(lambda: node.state.link)
        yield holder[0]


# allow-requests


@pytest.mark.parametrize(
    "allowed, refused",
    [(None, "wa"), ("none", "rwa"), ("read", "wa"), ("all", ""), (0, "rwa"), (1, "wa"), (2, "")],
)
def test_what_is_not_allowed_is_answered_counted_and_logged(
    server: foreign.Server, allowed: Optional[Union[str, int]], refused: str
) -> None:
    settings = {} if allowed is None else {"allow-requests": allowed}
    with asked(server, **settings) as it:
        for request in (READ, WRITE, ACTION):
            it.server.send(request)
        foreign.wait_until(lambda: it.node.poll(0.05) >= 0 and len(it.answers()) == 3)
        codes = {answer["uuid"]: answer["error"] for answer in it.answers()}
        assert codes == {uuid: 1022 if uuid in refused else 0 for uuid in "rwa"}
        for answer in it.answers():
            assert ("allow-requests" in answer.get("reason", "")) == (answer["uuid"] in refused)
        metrics = it.node.metrics
        assert (metrics.requests_received, metrics.requests_refused) == (3, len(refused))
        foreign.wait_until(lambda: it.node.poll(0.05) >= 0 and len(it.warned("asked by")) == 3)
        done = (("r", "read of plc1/fast"), ("w", "write of plc1/fast (speed = 7)"), ("a", "action of plc1/reset"))
        for uuid, what in done:
            begin = "Refused at 2" if uuid in refused else "Answered at 2"
            (line,) = it.warned(begin, server.url, what, f"uuid {uuid}")
            assert ("with error 0" in line) == (uuid not in refused)


def test_it_is_in_force_at_once(server: foreign.Server) -> None:
    with asked(server) as it:
        it.send(WRITE)
        it.node.configure({"url": server.url, "allow-requests": "all"})
        it.send(WRITE)
        assert [answer["error"] for answer in it.answers()] == [1022, 0]
        assert it.node.metrics.connections_opened == 1


def test_each_write_and_action_has_its_line(server: foreign.Server) -> None:
    """Who (URL and peer), node, group, tag, value, result, when: an audit has no gaps."""
    with asked(server, **{"allow-requests": "all"}) as it:
        for value in range(20):
            it.send(f'{{"uuid":"{value}","node":"plc1","group":"fast","tag":"speed","value":{value}}}')
            it.send(f'{{"uuid":"a{value}","node":"plc1","action":"reset"}}')
        lines = [text for level, text in it.lines if level is LogLevel.NOTICE and text.startswith("Answered at")]
        assert len(lines) == 40
        peer = f"asked by {server.url} (127.0.0.1:{server.port}): "
        for value in range(20):
            assert f"with error 0, {peer}write of plc1/fast (speed = {value}), uuid {value}." in lines[2 * value]
            assert f"with error 0, {peer}action of plc1/reset, uuid a{value}." in lines[2 * value + 1]


@pytest.mark.parametrize("allowed", ["read", "all"])
def test_a_write_of_many_tags_names_each_of_them(server: foreign.Server, allowed: str) -> None:
    """The server picks their order: none must stand behind what is shown."""
    tags = [{"tag": f"harmless{index}", "value": index} for index in range(30)]
    tags.append({"tag": "ESTOP_DISABLE", "value": True})
    with asked(server, **{"allow-requests": allowed}) as it:
        it.send(json.dumps({"uuid": "1", "node": "plc1", "group": "fast", "tags": tags}))
        (line,) = [text for _, text in it.lines if "write of plc1/fast" in text]
        assert "harmless29 = 29, ESTOP_DISABLE = true), uuid 1" in line


@pytest.mark.parametrize("count, name", [(64, "tag"), (150, "tag"), (100, "t" * 100)])
def test_each_tag_of_a_write_that_was_carried_out_stands_in_the_log(
    server: foreign.Server, count: int, name: str
) -> None:
    """However many: what one line has no room for stands in those that follow it."""
    tags = [{"tag": f"{index}{name}", "value": index} for index in range(count)]
    with asked(server, **{"allow-requests": "all"}) as it:
        it.send(json.dumps({"uuid": "1", "node": "plc1", "group": "fast", "tags": tags}))
        lines = [text for _, text in it.lines if "write of plc1/fast" in text]
        assert len(lines) == 1 if count == 64 else len(lines) > 1
        for index in range(count):
            # One that is cut stands in quotes.
            begin = ("" if len(name) < 60 else '"') + f"{index}{name[:60]}"
            (_,) = [line for line in lines if f" ({begin}" in line or f" {begin}" in line]
        for line in lines:
            assert line.startswith("Answered at 2") and "with error 0, asked by" in line and line.endswith("uuid 1.")
        if count == 150:
            assert "149tag = 149" in lines[-1] and "(continued, tags 129 to 150: 128tag = 128" in lines[-1]


def test_each_refused_write_and_action_has_its_line(server: foreign.Server) -> None:
    with asked(server) as it:
        for value in range(20):
            it.send(f'{{"uuid":"{value}","node":"plc1","group":"fast","tag":"valve{value}","value":{value}}}')
            it.send(f'{{"uuid":"a{value}","node":"plc1","action":"reset"}}')
        lines = [text for level, text in it.lines if text.startswith("Refused at")]
        assert len(lines) == 40 and not any("in a row" in line for line in lines)
        for value in range(20):
            assert f"write of plc1/fast (valve{value} = {value}), uuid {value}" in lines[2 * value]
            assert f"action of plc1/reset, uuid a{value}" in lines[2 * value + 1]


def test_a_flood_of_refused_requests_is_a_few_lines(server: foreign.Server) -> None:
    with asked(server) as it:
        for _ in range(20):
            it.send("[" + ",".join([WRITE] * 500) + "]")
        assert it.node.metrics.requests_refused == 10_000
        lines = it.warned("Refused at", "write of plc1/fast")
        # The first 64 each, then those at doubling counts.
        assert len(lines) == 64 + 7, len(lines)
        assert "8192 such in a row" in lines[-1]


# Everything leaves a trace


DEEP = '{"uuid":"x","node":"n","group":"g","tag":"t","value":' + "[" * 70 + "]" * 70 + "}"


@pytest.mark.parametrize(
    "message, reason",
    [
        ('{"uuid":"x","node":"n","group":"g",}', "not JSON"),
        ('{"uuid":"x","node":"n","group":"g"', "not JSON"),
        ('{"uuid":"x","node":"n","group":"g"}\0', "not JSON"),
        ('{"uuid":"x","node":"n\0","group":"g"}', "not JSON"),
        ('{"uuid":"x","node":"n","group":"g"} {}', "not JSON"),
        (b'{"uuid":"x","node":"n\xff","group":"g"}', "not JSON"),
        ('{"uuid":"x","node":"n"}', "missing"),
        ('{"uuid":"x","group":"g"}', "missing"),
        ('[{"uuid":"x","node":"n","group":"g"}', "array"),
        (DEEP, "nested"),
        ('{"uuid":"x","node":"n","group":"g"' + " " * 5_000_000 + "}", "bytes"),
        ('{"uuid":"x","node":"n","group":"g","tag":"t","value":' + "9" * 400 + "}", "too large"),
    ],
)
def test_what_makes_no_sense_is_answered_counted_and_logged(
    server: foreign.Server, message: Union[str, bytes], reason: str
) -> None:
    with asked(server, takes_messages=True, **{"allow-requests": "all"}) as it:
        it.send(message)
        (answer,) = it.answers()
        assert (answer["uuid"], answer["error"]) == ("x", 1002)
        assert reason in answer["reason"]
        assert it.node.metrics.requests_malformed == 1
        assert len(it.warned("makes no sense", reason)) == 1
        assert it.messages == []


@pytest.mark.parametrize("uuid", ["8", "-1.5", "true"])
def test_a_uuid_that_is_no_text_is_echoed(server: foreign.Server, uuid: str) -> None:
    with asked(server) as it:
        it.send('{"uuid":%s,"node":"n","group":"g"}' % uuid)
        (answer,) = it.answers()
        assert (answer["uuid"], answer["error"]) == (json.loads(uuid), 1002)
        assert len(it.warned("makes no sense")) == 1


def test_an_empty_uuid_is_one(server: foreign.Server) -> None:
    with asked(server) as it:
        it.send('{"uuid":"","node":"n","group":"g"}')
        assert it.answers() == [{"uuid": "", "error": 0}]


@pytest.mark.parametrize("takes_messages", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        '{"node":"n","group":"g"}', '{"uuid":null,"node":"n","group":"g"}', '{"uuid":[1],"node":"n","group":"g"}',
        '{"uuid":"%s","node":"n","group":"g"}' % ("u" * 5000), '{"node":"n","group":"g"', '{"node":"n","action":"a"}',
    ],
)
def test_without_a_uuid_it_is_counted_logged_and_the_hosts(
    server: foreign.Server, message: str, takes_messages: bool
) -> None:
    with asked(server, takes_messages=takes_messages) as it:
        it.send(message)
        assert it.answers() == []
        metrics = it.node.metrics
        assert metrics.requests_malformed == 1
        assert len(it.warned("makes no sense", "no uuid to answer to")) == 1
        assert it.messages == ([message] if takes_messages else [])
        assert metrics.messages_ignored == (0 if takes_messages else 1)


@pytest.mark.parametrize("takes_messages", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        "", "hello", "null", "[]", "{", "[" * 100_000, '{"uuid":"x","error":0}', b"\x00\x01\xff", b"\0" * 1000,
        READ.encode("utf-16"), READ.encode("utf-16-le"), READ.encode("utf-16-be"), b"\xef\xbb\xbf", b"\xef\xbb",
        "[" + ",".join([READ] * 5000) + "]",
    ],
)
def test_what_is_no_request_is_the_hosts_or_counted_and_logged(
    server: foreign.Server, message: Union[str, bytes], takes_messages: bool
) -> None:
    with asked(server, takes_messages=takes_messages) as it:
        it.send(message)
        assert it.answers() == []
        assert it.messages == ([message] if takes_messages else [])
        assert it.node.metrics.messages_ignored == (0 if takes_messages else 1)
        lines = it.warned("is no request")
        assert len(lines) == (0 if takes_messages else 1)
        if lines:
            assert all(character.isprintable() for character in lines[0])
            assert ("UTF-16" in lines[0]) == (isinstance(message, bytes) and b"u\0u" in message)


@pytest.mark.parametrize("kind", [str, bytes])
def test_a_byte_order_mark_is_taken(server: foreign.Server, kind: type) -> None:
    with asked(server) as it:
        text = "\ufeff" + READ
        it.send(text if kind is str else text.encode())
        assert it.answers() == [{"uuid": "r", "error": 0}]
        it.send("\ufeff[" + READ + "]")
        assert len(it.answers()) == 2


def test_requests_come_without_the_mark(server: foreign.Server) -> None:
    with neuron_ws.Node("n", {"url": server.url}, events=EventKind.REQUEST) as node:
        foreign.wait_until(lambda: node.state.link)
        server.send("\ufeff" + READ)
        found: list[Any] = []
        foreign.wait_until(lambda: found.append(node.next_event()) or found[-1])  # type: ignore[func-returns-value]
        assert found[-1].json == READ
        found[-1].reply("\ufeff" + '{"uuid":"r"}')
        assert server.wait_for(1) == ['{"uuid":"r"}']


# The peer's words in the log


def test_the_server_forges_no_log_line(server: foreign.Server) -> None:
    names = {"uuid": "1\n2026 NOTICE all is well", "node": "a\x1b[2K", "group": "\u202eg\u2028"}
    with asked(server) as it:
        it.send(json.dumps({**names, "tag": "t\r", "value": 1}))
        it.send(json.dumps({**names, "tags": [{"tag": "t\x00\x07", "value": None}]}))
        it.send(json.dumps(names))
        it.send("\x1b[31mred\n")
        assert len(it.lines) >= 4
        for _, line in it.lines:
            assert line.isprintable(), repr(line)


def test_a_close_reason_is_shown_harmless() -> None:
    with serve(lambda connection: connection.close(1008, "bye\n\x1b[31m\u202e"), "127.0.0.1", 0) as ending:
        threading.Thread(target=ending.serve_forever, daemon=True).start()
        lines: list[str] = []
        url = f"ws://127.0.0.1:{ending.socket.getsockname()[1]}/"
        with neuron_ws.Node("n", {"url": url}, on_log=lambda event: lines.append(event.text)) as node:
            foreign.wait_until(lambda: node.poll(0.05) >= 0 and any("1008" in line for line in lines))
            assert all(line.isprintable() for line in lines)
            assert node.state.close_reason == r"bye\u{a}\u{1b}[31m\u{202e}"
            assert node.state.message.isprintable()
        ending.shutdown()
