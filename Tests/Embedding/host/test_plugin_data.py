# SPDX-License-Identifier: Apache-2.0
"""What the host hands over, as the server gets it."""

from __future__ import annotations

import json
from typing import Any

from hosting import Host, foreign

Server = foreign.Server


def begin(host: Host, server: Server, name: str = "app", **settings: Any) -> None:
    host.do(f"create {name}")
    text = json.dumps({"params": {"url": server.url, "allow-requests": "all", **settings}})
    assert host.number(f"setting {text}") == 0 and host.number("start") == 0
    assert host.number("linked") == 1


def last(server: Server, count: int) -> Any:
    return json.loads(server.wait_for(count)[count - 1])


def test_every_type_arrives_and_a_future_one_as_an_error(host: Host, server: Server) -> None:
    begin(host, server, format=1)
    host.do("subscribe driver group")
    host.do("types driver group")
    message = last(server, 1)
    assert (message["node"], message["group"]) == ("driver", "group")
    tags = {tag["name"]: tag for tag in message["tags"]}
    values = {name: tag["value"] for name, tag in tags.items() if "value" in tag}
    integers = {f"type{number}": 1 for number in [*range(1, 9), 11, 16, 17, 18]}
    assert values.items() >= {**integers, "type9": 0.1, "type10": 2.5, "type12": True}.items()
    assert values["type13"] == "text" and values["type14"] == [1, 2, 3] and values["type19"] == "ptr"
    assert values["type20"] == values["type21"] == values["type22"] == "x" * 256
    assert values["type23"] == [1, 0] and values["type25"] == [1, 1] and values["type29"] == [65537, 2]
    assert values["type31"] == [0.1, 3.0] and values["type32"] == [1.5, -2.25]
    assert values["type33"] == [True, False] and values["type34"] == ["one", "two"]
    assert values["type40"] == {"a": [1, 2]}
    assert tags["type1"]["quality"] == 1 and tags["type1"]["extra"] == {"a": [1, 2]}
    assert tags["type15"]["error"] == 1011 and tags["future"]["error"] == 3019
    # Of the four at odds with themselves: NULL text, NULL array, NULL object, a name that fills its array.
    assert values["tag36"] == "" and values["tag37"] == [] and tags["tag38"]["error"] == 3019
    assert values["n" * 128] == 0


def test_each_message_carries_its_arrival_and_the_last_ones_come_first(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    host.do("burst driver group 200")
    messages = [json.loads(text) for text in server.wait_for(200)]
    order = [message["values"]["tag0"] for message in messages]
    assert sorted(order) == list(range(200)) and order[0] == 199
    times = [message["timestamp"] for message in messages]
    assert times == sorted(times) and times[0] > 1_600_000_000_000


def test_static_tags_come_go_and_change(host: Host, server: Server) -> None:
    begin(host, server)
    host.do('subscribe driver group {"static_tags":{"line":7}}')
    host.do("data driver group 1")
    assert last(server, 1)["values"] == {"tag0": 1, "line": 7}
    host.do('update driver group {"static_tags":{"line":"b","x":true}}')
    host.do("data driver group 1")
    assert last(server, 2)["values"] == {"tag0": 1, "line": "b", "x": True}
    host.do("update driver group")
    host.do("data driver group 1")
    assert last(server, 3)["values"] == {"tag0": 1}


def test_broken_static_tags_are_logged_and_left_out(host: Host, server: Server) -> None:
    begin(host, server)
    host.do('subscribe driver group {"static_tags":[1,')
    assert "static tags" in host.do("log 100")
    host.do("data driver group 1")
    assert last(server, 1)["values"] == {"tag0": 1}


def test_subscriptions_made_before_the_settings_hold(host: Host, server: Server) -> None:
    host.do("create early")
    host.do('subscribe driver group {"static_tags":{"s":1}}')
    assert host.number("start") != 0
    assert host.number(f'setting {{"params":{{"url":"{server.url}"}}}}') == 0 and host.number("start") == 0
    host.do("data driver group 1")
    assert last(server, 1)["values"] == {"tag0": 1, "s": 1}


def test_what_is_not_subscribed_is_not_sent(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    host.do("data driver other 1")
    host.do("data other group 1")
    host.do("data driver group 2")
    assert (last(server, 1)["node"], last(server, 1)["group"]) == ("driver", "group")
    host.do("unsubscribe driver group")
    host.do("data driver group 3")
    foreign.wait_until(lambda: host.number("delivered") == 4, 30, "all data taken")
    host.do("subscribe driver group")
    host.do("data driver group 4")
    assert len(last(server, 2)["values"]) == 4


def test_a_group_of_no_tags_is_skipped_and_one_of_ten_thousand_sent(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    host.do("data driver group 0")
    host.do("data driver group 10000")
    assert len(last(server, 1)["values"]) == 10000


def test_data_waits_while_the_server_is_away(host: Host) -> None:
    port = foreign.free_port()
    host.do("create offline")
    assert host.number(f'setting {{"params":{{"url":"ws://127.0.0.1:{port}/","reconnect-max":0.5}}}}') == 0
    host.do("subscribe driver group")
    assert host.number("start") == 0 and host.number("link") == 0
    for count in range(1, 6):
        host.do(f"data driver group {count}")
    with Server(port) as server:
        assert sorted(len(json.loads(text)["values"]) for text in server.wait_for(5)) == [1, 2, 3, 4, 5]
        assert host.number("link") == 1


def test_stop_ends_the_link_and_start_begins_again(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    assert host.number("stop") == 0 and host.number("link") == 0
    foreign.wait_until(lambda: server.close_codes, what="the connection's end")
    assert host.number("start") == 0 and host.number("linked") == 1
    host.do("data driver group 1")
    assert last(server, 1)["values"] == {"tag0": 1}
    assert server.connections == 2


def test_what_was_never_read_is_not_sent_right_after_a_subscription(host: Host, server: Server) -> None:
    begin(host, server)
    host.do("subscribe driver group")
    host.do("error driver group tag0 3011")
    # Data that waits is handed over last first.
    foreign.wait_until(lambda: host.number("metric last_5s_trans_data_msgs") == 1)
    host.do("error driver group tag0 3002")
    assert last(server, 1)["errors"] == {"tag0": 3002}
    # Later it is news: the device was readable, and is no more.
    host.do("error driver group tag0 3011")
    assert last(server, 2)["errors"] == {"tag0": 3011}
    host.do("subscribe driver other")
    host.do("error driver other tag0 3002")
    assert last(server, 3)["errors"] == {"tag0": 3002}
