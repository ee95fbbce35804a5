# SPDX-License-Identifier: Apache-2.0
"""What a host changes of an attempt in before_connect, as its server gets it."""

from __future__ import annotations

from typing import Any, Callable

import foreign
import hosted
import neuron_ws
import pytest
from answering import Answering, Head, redirect
from hosted import Attempt
from neuron_ws import Reason, Status

pytestmark = pytest.mark.usefixtures("no_leaks")

SETTINGS = {"reconnect-min": 60, "reconnect-max": 60, "connect-timeout": 60, "token": "to-ken", "origin": "plant",
            "headers": {"X-Plant": "7"}}


def asked(change: Callable[[Attempt], object], server: Answering, **settings: Any) -> list[Head]:
    """What the server gets of a node whose host changes its first attempt so."""
    def before_connect(attempt: Attempt) -> Status:
        change(attempt)
        return Status.OK

    with hosted.nodes(before_connect), neuron_ws.Node("n", {"url": server.url, **SETTINGS, **settings}) as node:
        foreign.wait_until(lambda: node.state.link or node.state.reason is not Reason.NONE, 60, "an end")
        node.close(timeout=0.2)
    return server.heads


@pytest.mark.parametrize("name", ["Authorization", "X-Plant", "User-Agent", "Origin", "x-plant", "user-agent"])
def test_a_header_that_is_taken_away_is_not_sent(name: str) -> None:
    with Answering() as server:
        head, = asked(lambda attempt: attempt.set_header(name, None), server)
    assert head.get(name) is None
    others = {"Authorization", "X-Plant", "User-Agent", "Origin"} - {name.title()}
    assert all(head.get(other) is not None for other in others)


@pytest.mark.parametrize("name", ["Authorization", "X-Plant", "User-Agent", "Origin", "Host"])
def test_a_header_that_is_set_takes_the_place_of_the_settings_own(name: str) -> None:
    with Answering() as server:
        head, = asked(lambda attempt: attempt.set_header(name, "mine"), server)
    assert head.all(name) == ["mine"]


def test_host_that_is_taken_away_is_the_urls_again() -> None:
    with Answering() as server:
        head, = asked(lambda attempt: (attempt.set_header("Host", "virtual"), attempt.set_header("Host", None)), server)
    assert head.all("Host") == [f"127.0.0.1:{server.port}"]


def test_of_64_headers_each_can_still_be_replaced() -> None:
    answers: list[Status] = []

    def change(attempt: Attempt) -> None:
        answers.extend(attempt.set_header(f"X-{number}", "old") for number in range(65))
        answers.append(attempt.set_header("x-7", "new"))

    with Answering() as server:
        head, = asked(change, server)
    assert answers == [Status.OK] * 64 + [Status.INVALID_ARGUMENT, Status.OK]
    assert head.all("X-7") == ["new"] and head.all("X-63") == ["old"] and head.all("X-64") == []


@pytest.mark.parametrize("name", ["Proxy-Authorization", "Connection", "Sec-WebSocket-Key", "X Y", ""])
def test_what_is_not_a_header_of_the_hosts_is_refused(name: str) -> None:
    answers: list[Status] = []
    with Answering() as server:
        head, = asked(lambda attempt: answers.append(attempt.set_header(name, "x")), server)
    assert answers == [Status.INVALID_ARGUMENT]
    assert "x" not in [value for _, value in head.fields]


def test_a_token_of_the_attempts_own_stays_with_its_server() -> None:
    with Answering() as other:
        target = f"http://localhost:{other.port}/there"
        with Answering(lambda head: redirect(target)) as server:
            asked(lambda attempt: attempt.set_token("fresh"), server, redirects=1)
            assert [head.get("Authorization") for head in server.heads] == ["Bearer fresh"]
        assert [head.get("Authorization") for head in other.heads] == [None]


def test_another_url_gets_what_the_settings_have() -> None:
    with Answering() as other, Answering() as server:
        assert asked(lambda attempt: attempt.set_url(f"{other.url}there?a=b"), server) == []
    assert [(head.target, head.get("Authorization")) for head in other.heads] == [("/there?a=b", "Bearer to-ken")]
