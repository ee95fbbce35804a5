# SPDX-License-Identifier: Apache-2.0
"""Several URLs: what one server says, or does, concerns that one; and where redirects lead between them."""

from __future__ import annotations

import email.utils
import time
from pathlib import Path
from typing import Any

import foreign
import forward_proxies
import neuron_ws
import pytest
from answering import Answering, close_frame, redirect

pytestmark = pytest.mark.usefixtures("no_leaks")

# A server that has failed is not tried again while a test runs, but by a wait that is drawn short.
PATIENT = {"reconnect-min": 300, "reconnect-max": 300, "connect-timeout": 60}


def opened(node: neuron_ws.Node, server: Answering) -> None:
    foreign.wait_until(lambda: node.state.link and node.state.url.startswith(server.url), 60, node.state.message)


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_a_retry_after_holds_for_the_server_that_said_it(kind: str) -> None:
    said = "600" if kind == "seconds" else email.utils.formatdate(time.time() + 600, usegmt=True)
    busy = f"HTTP/1.1 503 Busy\r\nRetry-After: {said}\r\n\r\n".encode()
    with Answering(lambda head: busy) as first, Answering() as second:
        quick = {"reconnect-min": 0.01, "reconnect-max": 0.01, "connect-timeout": 60}
        with neuron_ws.Node("n", {"url": [first.url, second.url], **quick}) as node:
            for count in range(1, 6):
                opened(node, second)
                foreign.wait_until(lambda: len(second.heads) == count, 60)
                second.drop()
                foreign.wait_until(lambda: len(second.heads) == count + 1, 60)
            assert len(first.heads) == 1
            node.close(timeout=0.2)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
def test_one_that_lets_us_in_and_turns_us_away_is_passed_over(code: int) -> None:
    with Answering(then=lambda head, connection: connection.sendall(close_frame(code))) as first:
        with Answering() as second, neuron_ws.Node("n", {"url": [first.url, second.url], **PATIENT}) as node:
            opened(node, second)
            assert len(first.heads) == 1
            node.close(timeout=0.2)


def test_a_reconnect_begins_with_the_first_again() -> None:
    up = False
    with Answering(lambda head: head.accepted() if up else b"HTTP/1.1 503 Not yet\r\n\r\n") as first:
        with Answering() as second, neuron_ws.Node("n", {"url": [first.url, second.url], **PATIENT}) as node:
            opened(node, second)
            up = True
            node.reconnect()
            opened(node, first)
            node.close(timeout=0.2)


def test_a_redirect_to_another_of_the_servers_has_the_credentials_of_neither() -> None:
    with Answering() as second:
        there = f"ws://localhost:{second.port}/there"
        with Answering(lambda head: redirect(there.replace("ws:", "http:"))) as first:
            urls = [{"url": first.url, "token": "of-first"}, {"url": there, "token": "of-second"}]
            with neuron_ws.Node("n", {"url": urls, "redirects": 1, **PATIENT}) as node:
                foreign.wait_until(lambda: node.state.link, 60, node.state.message)
                node.close(timeout=0.2)
            assert [head.get("Authorization") for head in first.heads] == ["Bearer of-first"]
        assert [head.get("Authorization") for head in second.heads] == [None]


def test_a_redirect_to_another_host_takes_no_token_among_the_subprotocols_along() -> None:
    offered = "bearer, t0ken, ocpp1.6, base64url.bearer.authorization.k8s.io.czNjcmV0LW9uZQ, the-setting-token"
    with Answering() as second:
        there = f"http://localhost:{second.port}/there"
        with Answering(lambda head: redirect(there)) as first:
            settings = {"url": first.url, "redirects": 1, "subprotocols": offered, "token": "the-setting-token"}
            with neuron_ws.Node("n", {**settings, **PATIENT}) as node:
                foreign.wait_until(lambda: node.state.link, 60, node.state.message)
                node.close(timeout=0.2)
            assert [head.get("Sec-WebSocket-Protocol") for head in first.heads] == [offered]
        assert [head.get("Sec-WebSocket-Protocol") for head in second.heads] == ["bearer, ocpp1.6"]


@pytest.mark.parametrize("around", ["localhost", "127.0.0.1"])
def test_where_a_redirect_leads_it_is_asked_anew_whether_by_the_proxy(around: str, tmp_path: Path) -> None:
    """The first server is 127.0.0.1, the second localhost; `around` goes without the proxy."""
    with forward_proxies.tinyproxy(tmp_path, authenticates=False) as port, Answering() as second:
        target = redirect(f"http://localhost:{second.port}/")
        with Answering(lambda head: target) as first:
            settings: dict[str, Any] = {"url": first.url, "redirects": 1, "no-proxy": [around],
                                        "proxy": f"http://127.0.0.1:{port}"}
            with neuron_ws.Node("n", {**settings, **PATIENT}) as node:
                foreign.wait_until(lambda: node.state.link, 60, node.state.message)
                assert bool(node.state.proxy) == (around == "127.0.0.1")
                node.close(timeout=0.2)
