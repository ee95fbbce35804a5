# SPDX-License-Identifier: Apache-2.0
"""An answer goes to the server that asked, and to no other, whatever becomes of the connection meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Optional

import foreign
import neuron_ws
import pytest
from answering import Answering
from neuron_ws import LogCategory, Outcome

FAST = {"reconnect-min": 0.05, "reconnect-max": 0.2, "allow-requests": "all"}
ELSEWHERE = "(not told: another server is connected than the one that asked)"


def write(tag: str, value: int = 1, uuid: str = "1") -> str:
    return json.dumps({"uuid": uuid, "node": "plc", "group": "g", "tag": tag, "value": value})


class Host:
    """A node whose host holds on to what it is asked, and writes its audit down."""

    def __init__(self, *urls: str, name: str = "n", **settings: Any) -> None:
        self.requests: list[neuron_ws.Request] = []
        self.lines: list[str] = []
        self.outcomes: list[Outcome] = []
        self.node = neuron_ws.Node(
            name, {"url": list(urls), **FAST, **settings}, on_request=self.requests.append, on_log=self._note,
            on_delivery=lambda event: self.outcomes.extend([event.outcome] * event.count))

    def _note(self, event: neuron_ws.LogEvent) -> None:
        if event.category is LogCategory.REQUESTS:
            self.lines.append(event.text)

    def until(self, condition: Any, what: str = "") -> None:
        foreign.wait_until(lambda: self.node.poll(0.02) >= 0 and condition(), 20, what)

    def connected(self, server: foreign.Server) -> None:
        self.until(lambda: self.node.state.link and f":{server.port}/" in self.node.state.url, "a connection")

    def asked(self, server: foreign.Server, text: str) -> neuron_ws.Request:
        count = len(self.requests)
        server.send(text)
        self.until(lambda: len(self.requests) > count, "the request")
        return self.requests[-1]


@contextmanager
def two_servers(**settings: Any) -> Iterator[tuple[Host, foreign.Server, foreign.Server]]:
    with ExitStack() as stack:
        one, two = (stack.enter_context(foreign.Server()) for _ in range(2))
        host = Host(one.url, two.url, **settings)
        with host.node:
            host.connected(one)
            yield host, one, two


def nobody_hears(host: Host, request: neuron_ws.Request, asked_by: foreign.Server, other: foreign.Server) -> None:
    """Of the answer to what one server asked, while the other is connected."""
    with pytest.raises(neuron_ws.NotFound, match="another server is connected"):
        request.reply_error(0)
    host.node.poll(0.3)
    assert other.messages == []
    (line,) = host.lines
    assert line.startswith("Answered at ") and f" with error 0 {ELSEWHERE}, asked by {asked_by.url} " in line
    assert line.endswith("write of plc/g (valve = 1), uuid 1.")


def test_after_a_failover_nobody_hears_it() -> None:
    with two_servers() as (host, one, two):
        request = host.asked(one, write("valve"))
        one.stop(abort=True)
        host.connected(two)
        nobody_hears(host, request, one, two)


def test_the_uuid_of_another_servers_request_is_another() -> None:
    """Both number what they ask from 1 on."""
    with two_servers() as (host, one, two):
        first = host.asked(one, write("valve"))
        one.stop(abort=True)
        host.connected(two)
        second = host.asked(two, write("pump"))
        with pytest.raises(neuron_ws.NotFound):
            first.reply_error(0)
        host.node.poll(0.3)
        assert two.messages == []
        second.reply_error(3004, "not writable")
        (answer,) = map(json.loads, two.wait_for(1))
        assert (answer["uuid"], answer["error"]) == ("1", 3004)


def test_what_is_queued_for_it_is_left_out_and_told() -> None:
    port = foreign.free_port()
    with foreign.Server() as one:
        host = Host(one.url, f"ws://127.0.0.1:{port}/")
        with host.node:
            host.connected(one)
            request = host.asked(one, write("valve"))
            one.stop(abort=True)
            host.until(lambda: not host.node.state.link)
            request.reply_error(0)
            host.node.send("before it")
            with foreign.Server(port) as two:
                host.connected(two)
                two.wait_for(1)
                host.until(lambda: len(host.outcomes) == 2)
                assert two.messages == ["before it"]
            assert host.outcomes == [Outcome.DROPPED_OTHER_SERVER, Outcome.DELIVERED]
            answered, untold = host.lines
            assert answered.startswith("Answered at ") and "not told" not in answered
            assert untold.startswith("Not told at ") and two.url in untold and '"uuid":' in untold


@pytest.mark.parametrize("query", [False, True])
def test_a_connection_that_came_back_gets_it(query: bool) -> None:
    """To the same server, which may be given another token in its URL."""
    port = foreign.free_port()
    with foreign.Server(port) as before:
        host = Host(before.url + "?token=1")
        with host.node:
            host.until(lambda: host.node.state.link)
            first, second = (host.asked(before, write("valve", uuid=uuid)) for uuid in "12")
            before.stop(abort=True)
            host.until(lambda: not host.node.state.link)
            # While there is none, and when there is one again.
            first.reply_error(0)
            if query:
                host.node.configure({"url": [f"{before.url}?token=2"], **FAST})
            with foreign.Server(port) as after:
                host.until(lambda: host.node.state.link)
                second.reply_error(0)
                assert [json.loads(text)["uuid"] for text in after.wait_for(2)] == ["1", "2"]
            assert all(line.startswith("Answered at ") and "not told" not in line for line in host.lines)


@pytest.mark.parametrize("again", ["valve", "pump"])
def test_a_server_that_numbers_anew_gets_no_old_answer(again: str) -> None:
    """What it asks for again, word for word, it may be told twice."""
    port = foreign.free_port()
    with foreign.Server(port) as before:
        host = Host(before.url)
        with host.node:
            host.until(lambda: host.node.state.link)
            first = host.asked(before, write("valve"))
            before.stop(abort=True)
            host.until(lambda: not host.node.state.link)
            with foreign.Server(port) as after:
                host.until(lambda: host.node.state.link)
                second = host.asked(after, write(again))
                if again == "valve":
                    first.reply_error(0)
                    after.wait_for(1)
                else:
                    with pytest.raises(neuron_ws.NotFound):
                        first.reply_error(0)
                    host.node.poll(0.3)
                    assert after.messages == []
                    superseded, late = host.lines
                    assert superseded.startswith("Superseded at ") and "uuid to something else" in superseded
                    assert superseded.endswith("write of plc/g (valve = 1), uuid 1.")
                    assert " with error 0 (too late: the server is not told), asked by " in late
                second.reply_error(3004)
                assert json.loads(after.wait_for(1 + (again == "valve"))[-1])["error"] == 3004


def test_what_is_not_answered_in_time_is_told_its_server_alone() -> None:
    with two_servers(**{"request-timeout": 1}) as (host, one, two):
        host.asked(one, write("valve"))
        one.stop(abort=True)
        host.connected(two)
        host.until(lambda: host.lines)
        host.node.poll(0.3)
        assert two.messages == []
        (line,) = host.lines
        assert line.startswith("Not answered in time at ") and "not told: another server is connected" in line
        with pytest.raises(neuron_ws.NotFound):
            host.requests[0].reply_error(0)
        host.node.poll(0.2)
        assert "(too late: the server is not told)" in host.lines[-1]


@pytest.mark.parametrize("is_other", [False, True])
def test_what_lay_on_disk_finds_its_server(tmp_path: Path, is_other: bool) -> None:
    """Through a restart of the process's node."""
    settings = {"offline-cache": True, "cache-disk-size": 1_048_576, "data-dir": str(tmp_path)}
    port = foreign.free_port()
    with foreign.Server(port) as before:
        host = Host(before.url, **settings)
        with host.node:
            host.until(lambda: host.node.state.link)
            request = host.asked(before, write("valve"))
            before.stop(abort=True)
            host.until(lambda: not host.node.state.link)
            request.reply_error(0)
            host.node.send("a value")
    with foreign.Server(0 if is_other else port) as after:
        host = Host(after.url, **settings)
        with host.node:
            texts = [str(text) for text in after.wait_for(1 if is_other else 2)]
            host.node.poll(0.3)
        assert ["uuid" in text for text in texts] == ([False] if is_other else [True, False])
        assert [line[:12] for line in host.lines] == (["Not told at "] if is_other else [])


def operation(more: Optional[str] = None) -> str:
    request = {"id": "1", "deviceId": "gw", "name": "REBOOT_EQUIPMENT", "parameters": [more] if more else []}
    return json.dumps({"operation": {"request": request}})


@pytest.mark.parametrize("is_same", [False, True])
def test_a_platform_with_two_servers_asks_once(is_same: bool) -> None:
    """What both ask for, byte for byte, is done once, and told whoever asked last; else one id is two operations."""
    settings = {"format": "opengate", "device-id": "gw", "api-key": "key"}
    with two_servers(**settings) as (host, one, two):
        first = host.asked(one, operation())
        one.stop(abort=True)
        host.connected(two)
        if is_same:
            two.send(operation())
            host.until(lambda: any("asked for again" in line for line in host.lines))
            assert len(host.requests) == 1
            first.reply_error(0)
        else:
            second = host.asked(two, operation("now"))
            with pytest.raises(neuron_ws.NotFound):
                first.reply_error(0)
            second.reply_error(0)
        (answer,) = map(json.loads, two.wait_for(1))
        assert answer["operation"]["response"]["id"] == "1"


def test_where_a_redirect_led_is_the_server_that_asked() -> None:
    with ExitStack() as stack:
        one, two = (stack.enter_context(foreign.Server()) for _ in range(2))
        places = [one.url]
        redirecting = stack.enter_context(Answering(lambda head: (
            f"HTTP/1.1 302 Found\r\nLocation: {places[-1]}\r\nContent-Length: 0\r\n\r\n".encode())))
        host = Host(redirecting.url, redirects=1)
        with host.node:
            host.connected(one)
            request = host.asked(one, write("valve"))
            places.append(two.url)
            one.stop(abort=True)
            host.connected(two)
            nobody_hears(host, request, one, two)


def test_several_hosts_at_one_address_are_several_servers() -> None:
    with foreign.Server() as server:
        entries: list[Any] = [{"url": server.url, "headers": {"Host": name}} for name in ("a.plant", "b.plant")]
        host = Host(*entries)
        with host.node:
            host.connected(server)
            request = host.asked(server, write("valve"))
            server.close(1012, "restarts")
            host.until(lambda: server.connections == 2 and host.node.state.link)
            assert [headers["Host"] for _, headers in server.requests] == ["a.plant", "b.plant"]
            with pytest.raises(neuron_ws.NotFound, match="another server is connected"):
                request.reply_error(0)
