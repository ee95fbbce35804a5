# SPDX-License-Identifier: Apache-2.0
"""A token that was replaced is as secret as the one that replaced it: a server may still say it."""

from __future__ import annotations

import json
from typing import Any

import foreign
import neuron_ws
import pytest

FAST = {"reconnect-min": 0.05, "reconnect-max": 0.2, "log-level": "debug"}


class Told:
    """A node, and all that it tells of what its server says."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.texts: list[str] = []
        self.node = neuron_ws.Node(
            "n", settings, on_log=lambda event: self.texts.append(event.text),
            on_state=lambda event: self.texts.append(str(event)), on_request=lambda request: request.drop())
        self.node.trace(600)

    def until(self, condition: Any) -> None:
        def polled() -> bool:
            self.node.poll(0.02)
            self.texts.append(str(self.node.state))
            return bool(condition())

        foreign.wait_until(polled, 20)

    def close_received(self, server: foreign.Server, reason: str, asks: bool = False) -> None:
        connections = server.connections
        server.send(f"you are {reason}")
        if asks:
            server.send(json.dumps({"uuid": reason, "node": "plc", "group": "g", "tag": reason, "value": reason}))
        server.close(1008, reason)
        self.until(lambda: self.node.state.link and server.connections > connections)


def settings(server: foreign.Server, token: str) -> dict[str, Any]:
    return {**FAST, "url": server.url, "token": token, "headers": {"X-Key": f"key-of-{token}"}}


@pytest.mark.parametrize("form", ["plain", "json", "twice"])
def test_the_last_eight_are_masked(server: foreign.Server, form: str) -> None:
    tokens = [f'token-{number}/"{number * 7919}"' for number in range(9)]
    written = list(tokens)
    for _ in range(["plain", "json", "twice"].index(form)):
        written = [json.dumps(token)[1:-1].replace("/", "\\/") for token in written]
    told = Told(settings(server, tokens[0]))
    with told.node:
        told.until(lambda: told.node.state.link)
        for number, token in enumerate(tokens[1:], 2):
            told.node.configure(settings(server, token))
            told.until(lambda: told.node.state.link and server.connections >= number)
        for token in written:
            # A Close frame has room for so much.
            # In a request it is escaped once more.
                told.close_received(server, f"revoked {token}", asks=form != "twice")
    assert any("revoked …" in text for text in told.texts)
    for token in [*tokens, *written]:
        digits = token.split('"')[1].strip("\\")
        assert [text for text in told.texts if digits in text and token.split("/")[0].strip("\\") in text] == []


def test_so_is_what_is_left_of_it(server: foreign.Server) -> None:
    """A reason is short."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl"
    told = Told(settings(server, token))
    with told.node:
        told.until(lambda: told.node.state.link)
        told.node.configure(settings(server, "another-token"))
        told.until(lambda: told.node.state.link and server.connections == 2)
        told.close_received(server, f"expired: {token[:40]}")
    assert any("expired: …" in text for text in told.texts)
    assert [text for text in told.texts if token[:16] in text] == []
