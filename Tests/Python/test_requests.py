# SPDX-License-Identifier: Apache-2.0
"""Requests from the server, as Python objects."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import foreign
import neuron_ws
import pytest
from neuron_ws import EventKind, Request, RequestKind, RequestTag, Type

READ = {"uuid": "1", "node": "plc1", "group": "fast"}


@contextmanager
def asking(server: foreign.Server, *, on_request: Any = None, **settings: Any) -> Iterator[neuron_ws.Node]:
    """A connected node that takes requests."""
    events = EventKind.REQUEST if on_request is None else EventKind(0)
    settings = {"url": server.url, "allow-requests": "all", **settings}
    with neuron_ws.Node("n", settings, on_request=on_request, events=events) as node:
        foreign.wait_until(lambda: node.state.link)
        yield node


def next_request(node: neuron_ws.Node) -> Request:
    found: list[Request] = []

    def look() -> bool:
        event = node.next_event()
        if isinstance(event, Request):
            found.append(event)
        return bool(found)

    foreign.wait_until(look)
    return found[0]


def answers(server: foreign.Server, count: int) -> list[Any]:
    return [json.loads(message) for message in server.wait_for(count)]


def test_a_read_tells_what_is_wanted_and_is_answered_with_values(server: foreign.Server) -> None:
    with asking(server) as node:
        text = json.dumps({**READ, "tags": ["a", {"name": "b"}], "sync": True, "query": {"name": "x"}})
        server.send(text)
        request = next_request(node)
        assert (request.uuid, request.kind, request.driver, request.group) == ("1", RequestKind.READ, "plc1", "fast")
        assert request.tags == (RequestTag("a"), RequestTag("b"))
        assert (request.sync, request.query, request.action, request.json) == (True, ("x", ""), "", text)
        assert repr(request) == "<neuron_ws.Request READ '1' plc1/fast>"
        request.reply_values({"a": 1, "b": 2.5}, errors={"c": 3003}, precision={"b": 2})
        assert answers(server, 1) == [
            {"uuid": "1", "tags": [
                {"name": "a", "value": 1}, {"name": "b", "value": 2.5, "transferPrecision": 2},
                {"name": "c", "error": 3003},
            ]}
        ]
        with pytest.raises(neuron_ws.NotFound):
            request.reply("{}")


def test_a_write_has_values_of_every_type(server: foreign.Server) -> None:
    values = [7, 2**64 - 1, 2.5, True, "é", [1, 2], [1.5, 2], [True], ["a", "é"], [], {"a": [None]}]
    types = [
        Type.INT64, Type.UINT64, Type.DOUBLE, Type.BOOL, Type.STRING, Type.ARRAY_INT64, Type.ARRAY_DOUBLE,
        Type.ARRAY_BOOL, Type.ARRAY_STRING, Type.CUSTOM, Type.CUSTOM,
    ]
    with asking(server) as node:
        tags = [{"tag": f"t{index}", "value": value, "precision": index} for index, value in enumerate(values)]
        server.send(json.dumps({**READ, "tags": tags}).encode())
        request = next_request(node)
        assert request.kind is RequestKind.WRITE
        assert request.tags == tuple(
            RequestTag(f"t{index}", value, kind, index) for index, (value, kind) in enumerate(zip(values, types))
        )
        request.reply({"error": 0})
        assert answers(server, 1) == [{"uuid": "1", "error": 0}]


def test_the_callback_answers(server: foreign.Server) -> None:
    def answer(request: Request) -> None:
        request.reply_error(3023, f"no action {request.action}")

    with asking(server, on_request=answer) as node:
        server.send('{"uuid":"1","node":"plc1","action":"reset"}')
        foreign.wait_until(lambda: node.poll(0.1))
        assert answers(server, 1) == [{"uuid": "1", "error": 3023, "reason": "no action reset"}]


def test_a_thousand_are_answered_on_other_threads(server: foreign.Server) -> None:
    requests: list[Request] = []
    with asking(server, on_request=requests.append) as node:
        server.send(json.dumps([{**READ, "uuid": str(number)} for number in range(1000)]))
        foreign.wait_until(lambda: node.poll(0.1) >= 0 and len(requests) == 1000)

        def work(first: int) -> None:
            for request in requests[first::4]:
                request.reply({"error": 0})

        threads = [threading.Thread(target=work, args=(first,)) for first in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        uuids = {answer["uuid"] for answer in answers(server, 1000)}
        assert uuids == {str(number) for number in range(1000)}


def test_what_is_no_json_can_be_tried_again(server: foreign.Server) -> None:
    with asking(server) as node:
        server.send(json.dumps(READ))
        request = next_request(node)
        with pytest.raises(neuron_ws.InvalidJSON):
            request.reply("nonsense")
        with pytest.raises(ValueError):
            request.reply({"x": float("nan")})
        request.reply('{"mine":1}')
        assert answers(server, 1) == [{"mine": 1}]


def test_a_forgotten_request_is_answered_so(server: foreign.Server) -> None:
    with asking(server) as node:
        server.send(json.dumps(READ))
        request = next_request(node)
        del request
        gc.collect()
        assert answers(server, 1) == [{"uuid": "1", "error": 3015, "reason": "the program did not answer"}]


def test_a_late_answer_is_refused(server: foreign.Server) -> None:
    with asking(server, **{"request-timeout": 1}) as node:
        server.send(json.dumps(READ))
        request = next_request(node)
        assert answers(server, 1)[0]["error"] == 3015
        with pytest.raises(neuron_ws.NotFound):
            request.reply({"error": 0})


def test_drop_answers_nothing_and_close_drops(server: foreign.Server) -> None:
    with asking(server) as node:
        server.send(json.dumps([READ, READ]))
        first, second = next_request(node), next_request(node)
        first.drop()
        first.drop()
        with pytest.raises(neuron_ws.NotFound):
            first.reply("{}")
    with pytest.raises(neuron_ws.NotFound):
        second.reply("{}")
    assert server.messages == []


def test_a_request_outlives_its_node(server: foreign.Server) -> None:
    with asking(server) as node:
        server.send(json.dumps(READ))
        request = next_request(node)
        node._events._requests.clear()
    with pytest.raises(neuron_ws.NotRunning):
        request.reply("{}")


def test_without_on_request_they_are_messages(server: foreign.Server) -> None:
    messages: list[object] = []
    with neuron_ws.Node("n", {"url": server.url}, on_message=messages.append) as node:
        foreign.wait_until(lambda: node.state.link)
        server.send(json.dumps(READ))
        foreign.wait_until(lambda: node.poll(0.1))
        assert messages == [json.dumps(READ)]
        assert node.metrics.requests_received == 0


def test_driver_states_are_sent(server: foreign.Server) -> None:
    settings = {"url": server.url, "upload_drv_state": True, "upload_drv_state_interval": 5}
    with neuron_ws.Node("n", settings) as node:
        assert node.state.states_interval_s == 5
        assert node.push_states({"modbus": (1, 3), "é": (0, 4)}) == 1
        (message,) = answers(server, 1)
        assert message["states"] == [
            {"node": "modbus", "link": 1, "running": 3}, {"node": "é", "link": 0, "running": 4}
        ]
        assert message["timestamp"] > 1_600_000_000_000
        with pytest.raises(neuron_ws.Skipped):
            node.push_states({})
        with pytest.raises(neuron_ws.InvalidArgument):
            node.push_states({"": (1, 3)})
