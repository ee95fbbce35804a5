# SPDX-License-Identifier: Apache-2.0
"""The opening handshake as a host sets it up: credentials, headers, redirects, sockets of the file system."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import foreign
import neuron_ws
import pytest
from answering import Answering, Head, redirect
from neuron_ws import Reason

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 20}


class Watched:
    """A node and its log."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.node = neuron_ws.Node("line-1", {**QUICK, **settings}, on_log=lambda event: self.lines.append(event.text))

    def __enter__(self) -> Watched:
        self.node.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Most of these servers answer no Close frame.
        self.node.close(timeout=0.2)

    def until(self, condition: Callable[[], object], what: str = "") -> neuron_ws.State:
        def holds() -> object:
            self.node.poll()
            return condition()

        foreign.wait_until(holds, 30, what or self.node.state.message)
        return self.node.state

    def opened(self, count: int = 1) -> neuron_ws.State:
        return self.until(lambda: self.node.state.link and self.node.metrics.connections_opened >= count)

    def failed(self) -> neuron_ws.State:
        return foreign.failure(self.node)

    def told(self, words: str) -> list[str]:
        self.node.poll()
        return [line for line in self.lines if words in line]


def opens(settings: dict[str, Any]) -> neuron_ws.State:
    with Watched(settings) as watched:
        return watched.opened()


# ---- what is asked -------------------------------------------------------------------------------------------------

def test_each_url_has_credentials_of_its_own() -> None:
    def unwilling(head: Head) -> bytes:
        return b"HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n"

    with Answering(unwilling) as first, Answering(unwilling) as second, Answering() as third:
        settings = {
            "url": [first.url, {"url": second.url, "username": "operator", "password": "pass"},
                    {"url": third.url, "headers": {"Cookie": "plant=7", "X-All": "own"}}],
            "token": "for-all", "headers": {"X-All": "all", "X-Both": "1"}}
        opens(settings)
        heads = [server.heads[0] for server in (first, second, third)]
    assert [head.all("Authorization") for head in heads] == [
        ["Bearer for-all"], ["Basic b3BlcmF0b3I6cGFzcw=="], ["Bearer for-all"]]
    assert [head.all("X-All") for head in heads] == [["all"], ["all"], ["own"]]
    assert [head.get("Cookie") for head in heads] == [None, None, "plant=7"]
    assert {head.get("X-Both") for head in heads} == {"1"}


def test_a_header_takes_the_values_of_other_settings() -> None:
    with Answering() as server:
        opens({"url": server.url, "device-id": "press 7", "api-key": "k-e-y", "api-key-in": "header",
               "headers": {"X-Gateway": "${device-id}; ${message-type}", "X-Odd": "${this is none}"}})
    assert server.heads[0].all("X-Gateway") == ["press 7; text"]
    assert server.heads[0].all("X-Odd") == ["${this is none}"]
    assert server.heads[0].target == "/press%207"


@pytest.mark.parametrize("path, target", [("data", "/data"), ("/data", "/data"), ("d?a=%2f&b=%", "/d?a=%2f&b=%")])
def test_a_path_is_taken_with_or_without_its_first_slash(path: str, target: str) -> None:
    with Answering() as server:
        opens({"host": "127.0.0.1", "port": server.port, "path": path})
    assert server.heads[0].target == target


def test_of_several_subprotocols_the_chosen_one_is_told() -> None:
    with Answering(lambda head: head.accepted("Sec-WebSocket-Protocol: plant.v2\r\n")) as server:
        state = opens({"url": server.url, "subprotocols": ["plant.v3", "plant.v2"]})
        assert state.subprotocol == "plant.v2"
        with Watched({"url": server.url, "subprotocols": ["plant.v3"]}) as watched:
            assert 'chose the subprotocol "plant.v2", which was not offered' in watched.failed().message
    assert server.heads[0].all("Sec-WebSocket-Protocol") == ["plant.v3, plant.v2"]


def test_folded_lines_are_taken() -> None:
    def folded(head: Head) -> bytes:
        answer = head.accepted("X-Long: one\r\n  two\r\n\tthree\r\n")
        return answer.replace(b"Connection: Upgrade", b"Connection:\r\n Upgrade")

    with Answering(folded) as server:
        opens({"url": server.url})


@pytest.mark.parametrize("name, advice", [
    ("Sec-WebSocket-Extensions", "the setting compression offers"),
    ("sec-websocket-protocol", "the setting subprotocols offers"),
    ("Proxy-Authorization", "user and password into the setting proxy")])
def test_what_has_a_setting_of_its_own_is_no_header(name: str, advice: str) -> None:
    with pytest.raises(neuron_ws.SettingsError, match=advice):
        neuron_ws.Node("line-1", {"url": "ws://127.0.0.1:9/", "headers": {name: "x"}})


# What a server says of when to come again, and the seconds that it gets; None: it said nothing of use.
@pytest.mark.parametrize("said, seconds", [
    ("-1", None), ("0", None), ("30", 30), ("31536000", 3600), ("99999999999999999999", 3600), ("soon", None),
    ("7; 8", None), ("", None), ("Wed, 01 Jan 1975 00:00:00 GMT", None), ("Fri, 31 Dec 9999 23:59:59 GMT", 3600)])
def test_whatever_a_server_says_of_when_to_come_again(said: str, seconds: Optional[int]) -> None:
    busy = f"HTTP/1.1 503 Busy\r\nRetry-After: {said}\r\nContent-Length: 0\r\n\r\n".encode()
    with Answering(lambda head: busy) as server, Watched({"url": server.url}) as watched:
        if seconds is None:
            watched.until(lambda: len(server.heads) > 2)
        else:
            waits = watched.until(lambda: watched.node.state.http_status == 503 and watched.node.state.next_attempt_ms)
            assert seconds - 20 < (waits.next_attempt_ms or 0) / 1000 <= seconds + 1, waits
            assert len(server.heads) == 1


# ---- redirects -----------------------------------------------------------------------------------------------------

SECRETS = {"token": "to-ken-of-one", "headers": {"X-Key": "key-of-one"}}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_where_it_may_be(status: int) -> None:
    def moves(head: Head) -> bytes:
        return head.accepted() if head.target == "/new?a=b" else redirect("/new?a=b", status)

    with Answering(moves) as server:
        with Watched({"url": server.url, "redirects": 1, **SECRETS}) as watched:
            state = watched.opened()
            assert watched.node.metrics.connection_attempts == 1
            assert watched.told(f"the server redirects to {server.url}new?a=… (HTTP status {status}); followed.")
        assert state.url == server.url + "new?a=…"
        # To its own host with what it knows us by.
        assert [head.get("X-Key") for head in server.heads] == ["key-of-one", "key-of-one"]
        assert [head.get("Authorization") for head in server.heads] == ["Bearer to-ken-of-one"] * 2
        with Watched({"url": server.url}) as watched:
            assert "set redirects" in watched.failed().message


@pytest.mark.parametrize("answer, says", [
    (redirect("/new", 300), "no redirect that can be followed"), (redirect("/new", 304), "no redirect that can be"),
    (redirect("/new", 305), "no redirect that can be followed"),
    (redirect("/new").replace(b"Location: /new\r\n", b""), "names no new address"),
], ids=["300", "304", "305", "302 without Location"])
@pytest.mark.parametrize("redirects", [0, 5])
def test_what_is_no_redirect_to_follow_has_no_advice_to_follow_it(answer: bytes, says: str, redirects: int) -> None:
    with Answering(lambda head: answer) as server, Watched({"url": server.url, "redirects": redirects}) as watched:
        message = watched.failed().message
    assert says in message and "set redirects" not in message, message


def test_another_host_hears_no_secret(authority: foreign.Authority) -> None:
    with Answering() as other:
        target = f"http://localhost:{other.port}/data"
        with Answering(lambda head: redirect(target)) as server:
            with Watched({"url": server.url, "redirects": 3, "origin": "plant", **SECRETS}) as watched:
                watched.opened()
                assert watched.told("followed, without credentials, which are for another host.")
    head = other.heads[0]
    assert head.get("Authorization") is None and head.get("X-Key") is None
    assert head.get("Origin") == "plant" and head.get("Host") == f"localhost:{other.port}"
    assert server.heads[0].get("X-Key") == "key-of-one"


def test_another_host_sees_no_certificate(authority: foreign.Authority, tmp_path: Path) -> None:
    def context() -> ssl.SSLContext:
        made = authority.server_context()
        made.load_verify_locations(authority.ca)
        made.verify_mode = ssl.CERT_OPTIONAL
        return made

    seen: list[Optional[object]] = []

    def look(_: Head, connection: object) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        seen.append(connection.getpeercert())

    settings = {"ca": str(authority.ca), "cert": str(authority.cert), "key": str(authority.key), "redirects": 3}
    with Answering(tls=context(), then=look) as other:
        opens({"url": other.url, **settings})
        with Answering(lambda head: redirect(f"wss://localhost:{other.port}/"), tls=context()) as server:
            opens({"url": server.url, **settings})
    assert len(seen) == 2 and seen[0] and not seen[1]


def test_from_wss_to_ws_nobody_is_led(authority: foreign.Authority) -> None:
    with Answering() as plain:
        target = f"ws://127.0.0.1:{plain.port}/to-ken-of-one"
        with Answering(lambda head: redirect(target), tls=authority.server_context()) as server:
            with Watched({"url": server.url, "ca": str(authority.ca), "redirects": 20, **SECRETS}) as watched:
                state = watched.failed()
    assert state.reason is Reason.HANDSHAKE_REJECTED and state.http_status == 302
    assert "from wss:// to ws://" in state.message and "never followed" in state.message
    assert "to-ken-of-one" not in state.message and not plain.heads


def test_circles_end() -> None:
    with Answering(lambda head: redirect("/b" if head.target == "/a" else "/a")) as server:
        with Watched({"url": server.url + "a", "redirects": 20, "reconnect-min": 60, "reconnect-max": 60}) as watched:
            assert "in a circle: it has led to /a before" in watched.failed().message
        assert [head.target for head in server.heads] == ["/a", "/b"]


def test_a_path_at_a_socket_of_the_file_system_stays_there(short_path: str) -> None:
    def moves(head: Head) -> bytes:
        return head.accepted() if head.target == "/new" else redirect("/new")

    with Answering(moves, path=short_path) as server:
        with Watched({"url": f"ws+unix://{short_path}:/old", "redirects": 1, **SECRETS}) as watched:
            assert watched.opened().url == f"ws+unix://{short_path}:/new"
        assert [head.get("X-Key") for head in server.heads] == ["key-of-one", "key-of-one"]


@pytest.mark.parametrize("location", ["", "#part", "?key=k-of-old"])
def test_a_location_that_leads_to_where_it_stands_is_a_circle(location: str) -> None:
    with Answering(lambda head: redirect(location)) as server:
        settings = {"url": server.url + "a?key=k-of-old", "redirects": 20, "reconnect-min": 60, "reconnect-max": 60}
        with Watched(settings) as watched:
            text = watched.failed().message
        # It has no query of its own: that of the URL stays (RFC 3986 §5.2.2).
        assert [head.target for head in server.heads] == ["/a?key=k-of-old"]
    assert "in a circle: it has led to " in text and "to  before" not in text and "k-of-old" not in text, text
    with Answering(lambda head: redirect(location)) as server, Watched({"url": server.url}) as watched:
        assert "it points to ." not in watched.failed().message


def test_long_ways_end() -> None:
    with Answering(lambda head: redirect(head.target + "x")) as server:
        with Watched({"url": server.url, "redirects": 4, "reconnect-min": 60, "reconnect-max": 60}) as watched:
            assert "once more, to /xxxxx, after 4 (setting redirects)" in watched.failed().message
        assert len(server.heads) == 5


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/", "//user:pass@127.0.0.1/", "/a b", "http://[::1/", "x:y"])
def test_what_is_no_address_is_not_followed(location: str) -> None:
    with Answering(lambda head: redirect(location)) as server:
        with Watched({"url": server.url, "redirects": 5}) as watched:
            state = watched.failed()
    assert ("with a user name in it" in state.message) == ("user" in location)
    assert "to what is no address of a WebSocket" in state.message and "pass" not in state.message.split("WebSocket")[1]


# ---- a new connection, when the host wants it ----------------------------------------------------------------------

def test_reconnect_makes_a_connection_anew_and_loses_nothing() -> None:
    with foreign.Server() as server:
        with Watched({"url": server.url, "delivery": "peer-parsed"}) as watched:
            watched.opened()
            for number in range(200):
                watched.node.send(str(number))
                if number == 100:
                    watched.node.reconnect()
            watched.opened(2)
            watched.node.flush(timeout=30, level=neuron_ws.Level.PEER_PARSED)
            assert watched.node.state.reason is Reason.RECONFIGURED
            assert watched.told("The host asked for a new connection")
        assert sorted({int(message) for message in server.wait_for(200)}) == list(range(200))
        foreign.wait_until(lambda: 1001 in server.close_codes, 20)


def test_reconnect_cuts_a_wait_short_that_a_server_asked_for() -> None:
    willing: list[int] = []

    def later(head: Head) -> bytes:
        return head.accepted() if willing else b"HTTP/1.1 503 Later\r\nRetry-After: 3000\r\nContent-Length: 0\r\n\r\n"

    with Answering(later) as server, Watched({"url": server.url}) as watched:
        watched.until(lambda: (watched.node.state.next_attempt_ms or 0) > 1_000_000)
        willing.append(1)
        watched.node.reconnect()
        watched.opened()
    node = neuron_ws.Node("line-1", {"url": "ws://127.0.0.1:9/"})
    with pytest.raises(neuron_ws.NotRunning):
        node.reconnect()
    node.close()


# ---- sockets of the file system ------------------------------------------------------------------------------------

@pytest.fixture
def short_path() -> Iterator[str]:
    """The state's peer_address has room for 63 bytes."""
    with tempfile.TemporaryDirectory(prefix="ws-", dir="/tmp") as folder:
        yield f"{folder}/server.sock"


def test_a_socket_of_the_file_system(short_path: str) -> None:
    path = short_path
    with Answering(path=path) as server:
        for url, target in ((f"ws+unix://{path}", "/"), (f"ws+unix://{path}:/data?a=b", "/data?a=b")):
            # Neither a proxy nor an interface has anything to do with it.
            settings = {"url": url, "proxy": "http://127.0.0.1:9", "bind-interface": "none0", "user-timeout": 5}
            with Watched(settings) as watched:
                state = watched.opened()
                assert watched.node.send("hello") > 0
                watched.node.flush(timeout=20)
            assert state.message == f"Connected to {path}." and state.peer_address == path
            assert server.heads[-1].target == target and server.heads[-1].all("Host") == ["localhost"]
        assert state.url == f"ws+unix://{path}:/data?a=…"
    # Its server has ended and left it behind.
    with Watched({"url": f"ws+unix://{path}"}) as watched:
        assert f"cannot connect to {path}: nothing listens at it" in watched.failed().message
    Path(path).unlink()
    with Watched({"url": f"ws+unix://{path}"}) as watched:
        state = watched.failed()
    assert f"cannot connect to {path}: there is no such file" in state.message
