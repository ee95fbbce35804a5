# SPDX-License-Identifier: Apache-2.0
"""The log of what the server asked to be changed: each write and each action has its line, however it ends."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import foreign
import neuron_ws
import pytest
from neuron_ws import LogLevel

WRITE = '{"uuid":"w","node":"plc1","group":"fast","tag":"speed","value":7}'
ACTION = '{"uuid":"a","node":"plc1","action":"reset"}'
SUBJECTS = {WRITE: "write of plc1/fast (speed = 7), uuid w", ACTION: "action of plc1/reset, uuid a"}
# What the host may have done by then.
MAYBE = "it may have been carried out"

both = pytest.mark.parametrize("request_text", [WRITE, ACTION], ids=["write", "action"])


class Held:
    """A node whose host holds on to what it is asked."""

    def __init__(self, server: foreign.Server, **settings: Any) -> None:
        self.server = server
        self.requests: list[neuron_ws.Request] = []
        self.lines: list[tuple[LogLevel, str]] = []
        self.node = neuron_ws.Node(
            "n", {"url": server.url, "allow-requests": "all", **settings}, on_request=self.requests.append,
            on_log=lambda event: self.lines.append((event.level, event.text)))

    def ask(self, text: str) -> neuron_ws.Request:
        self.server.send(text)
        foreign.wait_until(lambda: self.node.poll(0.05) >= 0 and self.requests)
        return self.requests.pop(0)

    def audit(self, *beginnings: str) -> list[str]:
        """The lines that name the write or the action."""
        with contextlib.suppress(neuron_ws.NodeClosed):
            self.node.poll(0.2)
        found = [text for _, text in self.lines if "write of" in text or "action of" in text]
        assert len(found) == len(beginnings), found
        for text, beginning in zip(found, beginnings):
            assert text.startswith(f"{beginning} at 2"), text
            assert f"asked by {self.server.url} (127.0.0.1:{self.server.port}): " in text
        return found


@contextmanager
def held(server: foreign.Server, **settings: Any) -> Iterator[Held]:
    it = Held(server, **settings)
    with it.node:
        foreign.wait_until(lambda: it.node.state.link)
        yield it


@both
@pytest.mark.parametrize("code", [0, 3002])
def test_answered(server: foreign.Server, request_text: str, code: int) -> None:
    with held(server) as it:
        it.ask(request_text).reply_error(code)
        (line,) = it.audit("Answered")
        assert f" with error {code}, asked by" in line and line.endswith(f": {SUBJECTS[request_text]}.")
    it.audit("Answered")


@both
def test_dropped_by_the_host(server: foreign.Server, request_text: str) -> None:
    with held(server) as it:
        it.ask(request_text).drop()
        (line,) = it.audit("Dropped")
        assert "without an answer" in line and MAYBE in line and line.endswith(f": {SUBJECTS[request_text]}.")
        assert server.messages == []
    it.audit("Dropped")


@both
def test_not_answered_in_time_and_then_never(server: foreign.Server, request_text: str) -> None:
    with held(server, **{"request-timeout": 1}) as it:
        request = it.ask(request_text)
        assert json.loads(server.wait_for(1)[0])["error"] == 3015
        (line,) = it.audit("Not answered in time")
        assert "request-timeout" in line and "error 3015" in line and MAYBE in line
        assert line.endswith(f": {SUBJECTS[request_text]}.")
        request.drop()
        it.audit("Not answered in time")


@both
def test_not_answered_in_time_and_then_all_the_same(server: foreign.Server, request_text: str) -> None:
    """What came of it is told too: the server never hears it."""
    with held(server, **{"request-timeout": 1}) as it:
        request = it.ask(request_text)
        server.wait_for(1)
        with pytest.raises(neuron_ws.NotFound):
            request.reply_error(0)
        first, late = it.audit("Not answered in time", "Answered")
        assert " with error 0 (too late: the server was told error 3015), asked by" in late
        assert late.endswith(f": {SUBJECTS[request_text]}.") and MAYBE in first
        time.sleep(0.3)
        assert len(server.messages) == 1


@both
@pytest.mark.parametrize("ends", ["close", "finish"])
def test_the_node_ends_while_the_host_has_it(server: foreign.Server, request_text: str, ends: str) -> None:
    with held(server) as it:
        request = it.ask(request_text)
        if ends == "finish":
            it.node.finish()
            (line,) = it.audit("Not answered")
            with pytest.raises(neuron_ws.NotRunning):
                request.reply_error(0)
            it.audit("Not answered")
        else:
            it.node.close()
            (line,) = it.audit("Not answered")
        assert MAYBE in line and line.endswith(f": {SUBJECTS[request_text]}.")


def test_the_node_ends_before_the_host_took_it(server: foreign.Server) -> None:
    with held(server) as it:
        for text in (WRITE, ACTION, '{"uuid":"r","node":"plc1","group":"fast"}'):
            server.send(text)
        foreign.wait_until(lambda: it.node.metrics.requests_received == 3)
        it.node.finish()
        told = it.audit("Not carried out", "Not carried out")
        assert it.requests == []
    for line, subject in zip(told, SUBJECTS.values()):
        assert line.endswith(f": {subject}.")


@both
def test_refused_by_the_settings(server: foreign.Server, request_text: str) -> None:
    with held(server, **{"allow-requests": "read"}) as it:
        server.send(request_text)
        assert json.loads(server.wait_for(1)[0])["error"] == 1022
        (line,) = it.audit("Refused")
        assert SUBJECTS[request_text] in line and "allow-requests" in line


@pytest.mark.parametrize("fill", [
    lambda text: "[" + ",".join(['{"uuid":"r","node":"n","group":"g"}'] * 1024 + [text]) + "]",
    lambda text: text[:-1] + ',"pad":"' + "x" * 60_000 + '"}',
], ids=["requests", "memory"])
@both
def test_refused_because_the_host_holds_too_many(
    server: foreign.Server, request_text: str, fill: Callable[[str], str]
) -> None:
    fills_memory = "pad" in fill(request_text)
    with held(server, **{"requests-max-bytes": 1_048_576 if fills_memory else 16_777_216}) as it:
        if fills_memory:
            for _ in range(16):
                server.send('{"uuid":"r","node":"n","group":"g","pad":"' + "x" * 64_000 + '"}')
        server.send(fill(request_text))
        answers = [json.loads(text) for text in server.wait_for(1, 60)]
        assert [answer["error"] for answer in answers if answer["uuid"] in "wa"] == [1010]
        (line,) = it.audit("Refused")
        assert SUBJECTS[request_text] in line and "that it has not answered yet" in line
        for request in it.requests:
            request.drop()
        it.audit("Refused")


def test_a_read_is_counted_and_no_more(server: foreign.Server) -> None:
    """Reads change nothing."""
    with held(server, **{"request-timeout": 1, "log-level": "notice"}) as it:
        for _ in range(2):
            it.ask('{"uuid":"r","node":"plc1","group":"fast"}').drop()
        request = it.ask('{"uuid":"r","node":"plc1","group":"fast"}')
        server.wait_for(1)
        it.node.poll(0.2)
        assert [text for _, text in it.lines if "read" in text] == [
            "1 reads were not answered by the host in time (setting request-timeout)."]
        request.drop()


def test_no_name_forges_another(server: foreign.Server) -> None:
    names = {"uuid": "1. Answered", "node": "a/b", "group": "c (d = 1)", "tag": 'x = 1, "y', "value": "1), uuid 7"}
    with held(server) as it:
        it.ask(json.dumps(names)).reply_error(0)
        (line,) = it.audit("Answered")
        assert line.endswith(
            r'write of "a/b"/"c (d = 1)" ("x = 1, \"y" = "1), uuid 7"), uuid "1. Answered".'), line


def test_a_value_that_is_cut_says_how_long_it_is(server: foreign.Server) -> None:
    with held(server) as it:
        it.ask(json.dumps({"uuid": "1", "node": "n", "group": "g", "tag": "t", "value": "v" * 70_000})).reply_error(0)
        (line,) = it.audit("Answered")
        assert line.endswith('(t = "' + "v" * 63 + '…" (70002 bytes)), uuid 1.'), line
