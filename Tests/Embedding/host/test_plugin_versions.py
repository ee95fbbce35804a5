# SPDX-License-Identifier: Apache-2.0
"""Each Neuron from 2.12 to 2.15 has a binary interface of its own: a host of each walks through a node's life."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import hosting
from hosting import Host, foreign
from test_plugin_data import begin


@pytest.mark.parametrize("version", hosting.VERSIONS)
def test_a_host_of_each_version_walks_through(version: str, tmp_path: Path) -> None:
    program = hosting.build_host(tmp_path, version)
    with foreign.Server() as server, Host(program) as host:
        begin(host, server, **{"allow-requests": "all", "format": 1})
        host.do('subscribe driver group {"static_tags":{"line":7}}')
        host.do("types driver group")
        message = json.loads(server.wait_for(1)[0])
        assert message["node"] == "driver" and {"name": "line", "value": 7} in message["tags"]
        names = {tag["name"] for tag in message["tags"]}
        assert {f"type{number}" for number in (1, 10, 13, 34, 40)} <= names
        for request, answer in (
            ({"group": "group"}, "tags"),
            ({"group": "group", "tag": "a", "value": [1, 2]}, "error"),
            ({"group": "each", "tags": [{"tag": "a", "value": 1}, {"tag": "b", "value": "x"}]}, "tags"),
            ({"action": "reset"}, "error"),
        ):
            before = len(server.messages)
            server.send(json.dumps({"uuid": "1", "node": "driver", **request}))
            assert answer in json.loads(server.wait_for(before + 1)[before])
        host.do("update driver group")
        host.do("rename other name")
        assert host.number("stop") == 0 and host.number("start") == 0 and host.number("linked") == 1
        before = len(server.messages)
        host.do("data driver group 3")
        tags = json.loads(server.wait_for(before + 1)[before])["tags"]
        assert [tag["name"] for tag in tags] == ["tag0", "tag1", "tag2"]
        host.do("unsubscribe driver group")
        host.do("delete")
