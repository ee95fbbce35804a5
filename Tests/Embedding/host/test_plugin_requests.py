# SPDX-License-Identifier: Apache-2.0
"""Requests from the server: what the host is asked, and what the server is answered."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from hosting import Host, foreign
from test_plugin_data import Server, begin


def ask(server: Server, *requests: Any) -> list[Any]:
    """Sends each request by itself; the answers, in the order in which they came."""
    before = len(server.messages)
    for request in requests:
        server.send(request if isinstance(request, str) else json.dumps(request))
    return [json.loads(text) for text in server.wait_for(before + len(requests))[before:]]


def asked(host: Host, *commands: str) -> bool:
    """Whether the drivers were asked this and no more; the host's lines come on their own way."""
    foreign.wait_until(lambda: len(host.lines) >= len(commands), 5, "the host's lines")
    return host.lines == list(commands)


def one(server: Server, **request: Any) -> Any:
    (answer,) = ask(server, request)
    return answer


READ = {"uuid": "1", "node": "driver", "group": "group"}


def test_a_group_is_read(host: Host, server: Server) -> None:
    begin(host, server)
    tags = [{"name": "tag0", "value": 1}, {"name": "tag1", "value": 2.5, "transferPrecision": 2},
            {"name": "tag2", "value": 1}]
    assert one(server, **READ) == {"uuid": "1", "tags": tags}
    assert asked(host, "read driver group 0")


def test_some_tags_are_read_at_once(host: Host, server: Server) -> None:
    begin(host, server)
    answer = one(server, **READ, tags=["a", "b"], sync=True)
    assert [tag["name"] for tag in answer["tags"]] == ["a", "b"]
    assert asked(host, "read driver group 2 sync")


@pytest.mark.parametrize(
    "value, command",
    [
        (7, "type 7 7"),
        (-7, "type 7 -7"),
        (2**63, "type 8 9223372036854775808"),
        (7.5, "type 10 7.5"),
        (True, "type 12 1"),
        ("text", "type 13 text"),
        ([1, -2], "type 29 2 1 -2"),
        (["a", "b"], "type 34 2 a"),
        ([1.5], "type 32"),
        ([True], "type 33"),
        ({"a": [1]}, "type 40"),
        ([], "type 40"),
    ],
)
def test_the_values_type_decides_the_tags(value: Any, command: str, host: Host, server: Server) -> None:
    begin(host, server)
    assert one(server, **READ, tag="t", value=value) == {"uuid": "1", "error": 0}
    assert asked(host, f"write driver group t {command}")


def test_many_tags_are_written(host: Host, server: Server) -> None:
    begin(host, server)
    tags = [{"tag": "a", "value": 1}, {"name": "b", "value": 2.5}]
    assert one(server, **READ, tags=tags) == {"uuid": "1", "error": 0}
    assert one(server, **{**READ, "group": "each"}, tags=tags) == {
        "uuid": "1", "tags": [{"group": "each", "name": "a", "error": 0}, {"group": "each", "name": "b", "error": 2201}]
    }
    assert asked(host, "writes driver group 2 type 7 1", "writes driver each 2 type 7 1")


def test_a_name_that_the_host_has_cut_is_answered_all_the_same(host: Host, server: Server) -> None:
    begin(host, server)
    tags = [{"tag": "cut", "value": 1}, {"tag": "b\x01\"\\", "value": 2}]
    assert one(server, **{**READ, "group": "each"}, tags=tags) == {
        "uuid": "1", "tags": [{"group": "each", "name": "caf\ufffd", "error": 0},
                              {"group": "each", "name": "b\x01\"\\", "error": 2201}]
    }


def test_an_answer_has_room_for_the_longest_values(host: Host, server: Server) -> None:
    # It is encoded once: what does not fit would be refused.
    begin(host, server)
    for count in (1, 2, 1000):
        names = [f"{number:04}" + "\x01" * 120 for number in range(count)]
        values = ["\x01" * 255, -1.7976931348623157e308] * count
        answer = one(server, **{**READ, "group": "longest"}, tags=names)
        assert "error" not in answer, answer
        assert [tag["name"] for tag in answer["tags"]] == names
        assert [tag["value"] for tag in answer["tags"]] == values[:count]


def test_a_list_of_one_tag_stays_a_list(host: Host, server: Server) -> None:
    begin(host, server)
    assert one(server, **READ, tags=[{"tag": "a", "value": "x"}]) == {"uuid": "1", "error": 0}
    assert asked(host, "writes driver group 1 type 13 x")


def test_an_action_reaches_the_driver(host: Host, server: Server) -> None:
    begin(host, server)
    assert one(server, uuid="5", node="driver", action="reset now") == {"uuid": "5", "error": 0}
    assert asked(host, "action driver reset now")


def test_an_unknown_node_is_answered_with_its_error(host: Host, server: Server) -> None:
    begin(host, server)
    for more in ({}, {"tag": "a", "value": 1}, {"tags": [{"tag": "a", "value": 1}]}):
        assert one(server, **{**READ, "node": "nodriver"}, **more) == {"uuid": "1", "error": 2003}


@pytest.mark.parametrize(
    "more, error, reason",
    [
        ({"tag": "t", "value": "x" * 256}, 4100, "256 bytes"),
        ({"tag": "t", "value": "a\0b"}, 1002, "NUL"),
        ({"tag": "t" * 128, "value": 1}, 2206, "tag"),
        ({"node": "n" * 128}, 2010, "node"),
        ({"group": "g" * 128}, 2107, "group"),
        ({"tag": "t", "value": None}, 1002, "value"),
        ({"tags": [{"tag": "t"}]}, 1002, "value"),
        ({"tags": [{"tag": "a", "value": 1}, {"tag": "b", "value": "x" * 300}]}, 4100, "300 bytes"),
    ],
)
def test_what_the_gateway_cannot_take_is_answered_with_a_reason(
    more: dict[str, Any], error: int, reason: str, host: Host, server: Server
) -> None:
    begin(host, server)
    answer = one(server, **{**READ, **more})
    assert (answer["uuid"], answer["error"]) == ("1", error) and reason in answer["reason"]
    assert asked(host)


def test_a_uuid_comes_back_as_it_is(host: Host, server: Server) -> None:
    begin(host, server)
    for uuid in ('"\\ \n/', "é中", "x" * 200):
        assert one(server, **{**READ, "uuid": uuid})["uuid"] == uuid
        assert one(server, **{**READ, "uuid": uuid}, tag="a", value=1) == {"uuid": uuid, "error": 0}
        assert one(server, **{**READ, "uuid": uuid}, tag="a", value="x" * 300)["uuid"] == uuid


def test_what_is_no_request_does_no_harm(host: Host, server: Server) -> None:
    begin(host, server)
    for message in ("", "not json", "[]", '"x"', "[" * 100000, '{"a":' * 5000, "{" + '"k":1,' * 100000 + '"z":2}'):
        server.send(message)
    server.send(b"\xff\xfe\x00")
    server.send(b'{"uuid":"\xff","node":"driver","group":"group"}')
    server.send(json.dumps({"node": "driver", "group": "group"}))
    assert one(server, **READ)["uuid"] == "1"
    assert host.number("link") == 1 and server.connections == 1


def test_a_thousand_requests_at_once_are_all_answered(host: Host, server: Server) -> None:
    begin(host, server)
    requests = [{**READ, "uuid": f"u{number}"} for number in range(1000)]
    server.send(json.dumps(requests))
    answers = [json.loads(text) for text in server.wait_for(1000)]
    assert {answer["uuid"] for answer in answers} == {request["uuid"] for request in requests}
    assert all("tags" in answer for answer in answers)


def test_a_request_that_the_host_forgets_is_answered_in_time(host: Host, server: Server) -> None:
    begin(host, server, **{"request-timeout": 1})
    answer = one(server, **{**READ, "node": "silent"})
    assert (answer["uuid"], answer["error"]) == ("1", 3015)


def test_requests_under_way_when_the_node_goes(program: Path) -> None:
    # A host that is slow, refuses some, forgets some, and answers some twice, also after the node is gone.
    with Server() as server, Host(program) as host:
        for _ in range(5):
            connections = server.connections
            begin(host, server)
            host.do("polite 0")
            foreign.wait_until(lambda: server.connections == connections + 1)
            server.send(json.dumps([{**READ, "uuid": str(number)} for number in range(200)]))
            tags = [{"tag": "a", "value": [1]}, {"tag": "b", "value": {"c": 1}}]
            writes = [{**READ, "uuid": str(number), "group": "each", "tags": tags} for number in range(200)]
            server.send(json.dumps(writes))
            foreign.wait_until(lambda: host.number("commands") > 5)
            host.do("delete")


def test_requests_come_while_data_flows_and_the_node_is_stopped_and_started(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    for round in range(5):
        server.send(json.dumps([{**READ, "uuid": f"{round}-{number}"} for number in range(50)]))
        host.do("burst driver group 100")
        assert host.number("stop") == 0 and host.number("start") == 0 and host.number("linked") == 1
    server.send(json.dumps({**READ, "uuid": "last"}))
    foreign.wait_until(lambda: any('"uuid":"last"' in str(text) for text in server.messages))


def test_driver_states_come_at_their_interval(host: Host, server: Server) -> None:
    begin(host, server, upload_drv_state=True, upload_drv_state_interval=1)
    messages = [json.loads(text) for text in server.wait_for(3)]
    for message in messages:
        assert message["states"] == [{"node": "modbus", "link": 1, "running": 3}]
    times = [message["timestamp"] for message in messages]
    assert times == sorted(times) and times[2] - times[0] >= 1000


def test_no_driver_states_come_unless_they_are_wanted(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    foreign.wait_until(lambda: host.number("metric send_msgs_total") == 0)
    host.do("data driver group 1")
    foreign.wait_until(lambda: host.number("metric send_msgs_total") == 1)
    assert host.number("commands") == 0


def test_the_gateways_own_cases(host: Host, server: Server) -> None:
    # Every request of the reference that Neuron answers is answered, and every other one that has a uuid is too.
    begin(host, server)
    reference = (Path(__file__).resolve().parents[2] / "Data" / "neuron-requests.txt").read_text(encoding="utf-8")
    cases = re.findall(r"^   > (.*)\n   < (.*)$", reference, re.MULTILINE)
    assert len(cases) >= 40
    for request, reply in cases:
        if "(no response)" in reply and '"uuid":"' not in request:
            server.send(request)
            continue
        # An answer to one of those may still come, before this one's or behind it.
        before, uuid = len(server.messages), json.loads(request)["uuid"]
        server.send(request)

        def answers() -> list[Any]:
            return [each for each in map(json.loads, server.messages[before:]) if each["uuid"] == uuid]

        foreign.wait_until(lambda: bool(answers()), 20, f"the answer to {request}")
        (answer,) = answers()
        # By its shape alone, without MQTT's topic, a request of no tags is a read of them all.
        if "(no response)" in reply and json.loads(request).get("tags") != []:
            assert answer.get("error") == 1002 and answer["reason"], request
        else:
            # It was put to the drivers, which here take all.
            assert "tags" in answer or answer["error"] == 0


def test_what_waits_too_long_for_its_turn_is_refused_and_not_done_late(host: Host, server: Server) -> None:
    begin(host, server)
    # A silent device holds up what is asked of it, and the write behind it must not come after its answer.
    for number in range(12):
        server.send(json.dumps({**READ, "uuid": f"s{number}", "node": "silent"}))
    server.send(json.dumps({**READ, "uuid": "late", "node": "silent", "tag": "t", "value": 1}))
    foreign.wait_until(lambda: any('"uuid":"late"' in str(text) for text in server.messages), 20)
    (answer,) = [json.loads(text) for text in server.messages if '"uuid":"late"' in str(text)]
    assert answer["error"] == 1010 and "busy" in answer["reason"]
    assert not any(line.startswith("write") for line in host.lines)


def test_what_expires_while_it_waits_for_its_turn_is_not_done(host: Host, server: Server) -> None:
    begin(host, server, **{"request-timeout": 1})
    for number in range(4):
        server.send(json.dumps({**READ, "uuid": f"s{number}", "node": "silent"}))
    server.send(json.dumps({**READ, "uuid": "late", "node": "silent", "tag": "t", "value": 1}))
    foreign.wait_until(lambda: any('"uuid":"late"' in str(text) for text in server.messages))
    (answer,) = [json.loads(text) for text in server.messages if '"uuid":"late"' in str(text)]
    assert answer["error"] == 3015
    # Once the device is asked what came later, the write's turn is over.
    asked = host.number("commands")

    def is_asked_again() -> bool:
        server.send(json.dumps({**READ, "uuid": "after", "node": "silent"}))
        time.sleep(0.2)
        return host.number("commands") > asked

    foreign.wait_until(is_asked_again)
    assert not any(line.startswith("write") for line in host.lines)


def test_silent_drivers_do_not_hold_up_others_for_good(host: Host, server: Server) -> None:
    begin(host, server)
    for number in range(4):
        server.send(json.dumps({**READ, "uuid": f"s{number}", "node": "silent"}))
    assert "tags" in one(server, **READ)
