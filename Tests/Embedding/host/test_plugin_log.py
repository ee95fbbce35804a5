# SPDX-License-Identifier: Apache-2.0
"""What a server can make the plugin write into the gateway's log, and what it may ask for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hosting import Host, foreign
from test_plugin_data import Server, begin
from test_plugin_requests import READ, asked, one

WRITE = {**READ, "tag": "t", "value": 7}


@pytest.mark.parametrize("allowed", [None, 0, 1, 2])
def test_what_the_server_may_ask_is_a_setting(allowed: Any, host: Host, server: Server) -> None:
    text = {"params": {"url": server.url, **({} if allowed is None else {"allow-requests": allowed})}}
    host.do("create app")
    assert host.number("setting " + json.dumps(text)) == 0 and host.number("start") == 0
    assert host.number("linked") == 1
    reads, writes = allowed != 0, allowed == 2
    assert ("tags" in one(server, **READ)) == reads
    assert one(server, **WRITE)["error"] == (0 if writes else 1022)
    assert one(server, uuid="2", node="driver", action="reset")["error"] == (0 if writes else 1022)
    expected = ["read"] * reads + ["write", "action"] * writes
    foreign.wait_until(lambda: len(host.lines) >= len(expected), 10, "the host's lines")
    assert [line.split()[0] for line in host.lines] == expected


# More than the gateway takes: the plugin itself refuses it.
TOO_LONG = {**READ, "tag": "t", "value": "x" * 300}


def test_a_forged_uuid_makes_no_line_of_its_own(host: Host, server: Server) -> None:
    begin(host, server)
    assert one(server, **{**TOO_LONG, "uuid": "1\n2026 NOTICE all is well\x1b[2K\u202e"})["error"] != 0
    line = host.do("log 80")
    assert "is refused" in line and line.isprintable()
    assert r"1\u{a}2026 NOTICE all is well\u{1b}[2K\u{202e}" in line


def test_a_flood_of_refused_requests_is_a_few_lines(host: Host, server: Server) -> None:
    begin(host, server)
    count = 2000
    for start in range(0, count, 500):
        server.send(json.dumps([{**TOO_LONG, "uuid": str(number)} for number in range(start, start + 500)]))
    foreign.wait_until(lambda: len(server.messages) >= count, 30)
    assert "1024 such in a row" in host.do("log 80")


@pytest.mark.parametrize("text", ['{"uuid":', "[1", '{"node":"driver"}', "hello"])
def test_what_is_no_request_leaves_a_line_at_the_gateways_level(text: str, host: Host, server: Server) -> None:
    begin(host, server)
    server.send(text)
    foreign.wait_until(lambda: "is no request" in host.do("log 60"), 30)
    assert server.messages == []


def test_broken_json_with_a_uuid_is_answered_and_logged(host: Host, server: Server) -> None:
    begin(host, server)
    server.send('{"uuid":"7","node":"driver","group":"gr')
    assert json.loads(server.wait_for(1)[0]).items() >= {"uuid": "7", "error": 1002}.items()
    assert "makes no sense" in host.do("log 80")


def test_a_request_without_a_uuid_makes_one_line(host: Host, server: Server) -> None:
    begin(host, server)
    server.send('{"node":"driver","group":"group"}')
    # Answered when the other has been dealt with.
    assert "tags" in one(server, **READ)
    assert "has no uuid to answer to" in host.do("log 80")
    assert "is no request" not in host.do("logged 60")


# What each write and each action leaves in the log, however it ends: those of the library's lines that the plugin
# brings about.

ACTION = {"uuid": "2", "node": "driver", "action": "reset"}
SUBJECTS = {
    "write": (WRITE, "write of {node}/group (t = 7), uuid 1."),
    "action": (ACTION, "action of {node}/reset, uuid 2."),
}


def says(host: Host, level: int, beginning: str, subject: str) -> str:
    """The newest line of this level, once it begins so."""
    foreign.wait_until(lambda: host.do(f"logged {level}").startswith(beginning), 30, beginning)
    line = host.do(f"logged {level}")
    assert ", asked by ws://127.0.0.1" in line and line.endswith(": " + subject), line
    return line


@pytest.mark.parametrize("what", SUBJECTS)
def test_what_is_done_has_its_line(what: str, host: Host, server: Server) -> None:
    begin(host, server)
    request, subject = SUBJECTS[what]
    assert one(server, **request)["error"] == 0
    assert " with error 0, asked by" in says(host, 60, "Answered at 2", subject.format(node="driver"))


@pytest.mark.parametrize("what", SUBJECTS)
def test_what_a_driver_never_answers_has_its_line(what: str, host: Host, server: Server) -> None:
    begin(host, server, **{"request-timeout": 1})
    request, subject = SUBJECTS[what]
    assert one(server, **{**request, "node": "silent"})["error"] == 3015
    line = says(host, 80, "Not answered in time at 2", subject.format(node="silent"))
    assert "it may have been carried out" in line


@pytest.mark.parametrize("what", SUBJECTS)
def test_what_a_stop_leaves_behind_has_its_line(what: str, host: Host, server: Server) -> None:
    begin(host, server, **{"request-timeout": 1})
    request, subject = SUBJECTS[what]
    asked_before = host.number("commands")
    server.send(json.dumps({**request, "node": "silent"}))
    foreign.wait_until(lambda: host.number("commands") > asked_before)
    assert host.number("stop") == 0 and host.number("start") == 0
    line = says(host, 80, "Not answered in time at 2", subject.format(node="silent"))
    assert "it may have been carried out" in line


@pytest.mark.parametrize("what", SUBJECTS)
def test_what_is_refused_has_its_line(what: str, host: Host, server: Server) -> None:
    begin(host, server, **{"allow-requests": 1})
    request, subject = SUBJECTS[what]
    assert one(server, **request)["error"] == 1022
    line = host.do("logged 80")
    assert line.startswith("Refused at 2") and subject.format(node="driver")[:-1] in line
