# SPDX-License-Identifier: Apache-2.0
"""What a node says of connections that fail, and to whom it keeps one: the hop that is at fault, each server of a list,
and the words of the server itself."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Optional

import bad_servers as bad
import foreign
import neuron_ws
import pytest
from answering import Answering, Head, close_frame, redirect
from command_peer import CommandPeer, Message, ServerConnection
from neuron_ws import Reason

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 60}
PATIENT = {"reconnect-min": 300, "reconnect-max": 300, "connect-timeout": 60}


async def silence(connection: ServerConnection, message: Message) -> None:
    pass


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def failed(**settings: Any) -> neuron_ws.State:
    with neuron_ws.Node("n", {**PATIENT, **settings}) as node:
        foreign.wait_until(lambda: node.state.reason is not Reason.NONE and node.state.next_attempt_ms, 60)
        return node.state


# Several servers


def test_each_server_that_failed_is_named() -> None:
    dead = [dead_port() for _ in range(2)]
    with Answering(lambda head: b"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n") as last:
        message = failed(url=[f"ws://127.0.0.1:{port}/{port}" for port in dead] + [last.url]).message
    assert "HTTP status 404" in message
    for port in dead:
        assert f"ws://127.0.0.1:{port}/{port}: cannot connect to 127.0.0.1:{port}: connection refused" in message
    assert message.index("HTTP status 404") < message.index("Attempt 4") < message.index("connection refused")


def test_what_other_urls_become_ends_no_good_connection() -> None:
    with Answering() as first, Answering() as second, Answering() as third:
        with neuron_ws.Node("n", {"url": [first.url, second.url, third.url], **PATIENT}) as node:
            foreign.wait_until(lambda: node.state.link, 60)
            for urls in [[third.url, first.url], [first.url], [second.url, third.url, first.url]]:
                node.configure({"url": urls, **PATIENT})
                time.sleep(0.3)
                assert node.state.link and node.state.url == first.url
            assert (len(first.heads), len(second.heads), len(third.heads)) == (1, 0, 0)
            # The order that is in force now: behind the one that fails comes the first.
            first.drop()
            foreign.wait_until(lambda: second.heads or third.heads or len(first.heads) > 1, 60)
            # What belongs to the one in use counts.
            node.configure({"url": [second.url], **PATIENT})
            foreign.wait_until(lambda: node.state.link and node.state.url == second.url, 60, node.state.message)
            node.configure({"url": [{"url": second.url, "token": "another"}], **PATIENT})
            foreign.wait_until(lambda: second.heads[-1].get("Authorization") == "Bearer another", 60)
            node.close(timeout=0.2)


# Which hop


def test_a_redirect_to_a_dead_host_names_both() -> None:
    port = dead_port()
    with Answering(lambda head: redirect(f"http://127.0.0.1:{port}/gone")) as server:
        message = failed(url=server.url, redirects=1).message
        assert f"cannot connect to 127.0.0.1:{port}" in message
        assert f"{server.url} redirects to ws://127.0.0.1:{port}/gone." in message


def cutting_proxy(kind: str, cut: Callable[[socket.socket], None]) -> tuple[socket.socket, int]:
    """Opens the way, and cuts it when the opening handshake has come."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection:
                    if kind == "http":
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 200 Open\r\n\r\n")
                    else:
                        connection.recv(65536)
                        connection.sendall(b"\x05\x00")
                        connection.recv(65536)
                        connection.sendall(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
                    connection.recv(65536)
                    cut(connection)

    threading.Thread(target=serve, daemon=True).start()
    return listener, int(listener.getsockname()[1])


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize("kind", ["http", "socks5h"])
@pytest.mark.parametrize("cut", [resets, lambda connection: None])
def test_a_tunnel_that_is_cut_names_proxy_and_server(kind: str, cut: Callable[[socket.socket], None]) -> None:
    listener, port = cutting_proxy(kind, cut)
    with listener:
        message = failed(url="ws://plant.invalid/", proxy=f"{kind}://127.0.0.1:{port}").message
    if cut is resets:
        assert f"the proxy 127.0.0.1:{port}, on the way to plant.invalid:80, reset the connection" in message
    else:
        assert f"It went by the proxy {kind}://127.0.0.1:{port} (setting proxy), which may have cut it." in message


@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_a_proxy_that_resets_is_no_server(kind: str) -> None:
    def reset(peer: bad.Peer) -> None:
        peer.socket.recv(1)
        resets(peer.socket)

    with bad.BadServer(reset) as proxy:
        message = failed(url="ws://plant.invalid/", proxy=f"{kind}://127.0.0.1:{proxy.port}").message
    assert f"127.0.0.1:{proxy.port} reset the connection: the proxy, or a firewall on the way" in message
    assert "the server, or" not in message


class Plain:
    """An HTTP proxy that is taken for an https one: whatever comes, it does not understand it."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def __enter__(self) -> Plain:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()


def test_an_https_proxy_that_speaks_no_tls_is_told_by_its_own_scheme() -> None:
    with Plain() as plain:
        message = failed(url="ws://plant.invalid/", proxy=f"https://127.0.0.1:{plain.port}").message
    assert "does not speak TLS: use http:// in place of https://" in message and "ws://" not in message


def test_a_proxy_without_a_host_is_said_to_be_that() -> None:
    with pytest.raises(neuron_ws.SettingsError) as refused:
        neuron_ws.Node("n", {"url": "ws://h/", "proxy": "http://:3128"})
    assert 'has no host; it takes http://[user:password@]host:port' in refused.value.detail


# TLS


@pytest.mark.parametrize("more, warned", [
    ({}, True), ({"url": ["ws://127.0.0.1:1/", "wss://127.0.0.1:1/"]}, False), ({"redirects": 1}, False),
])
def test_settings_for_tls_that_nothing_uses_are_said_to_be_that(
    authority: foreign.Authority, more: dict[str, object], warned: bool
) -> None:
    lines: list[str] = []
    given = {"url": "ws://127.0.0.1:1/", "ca": authority.ca.read_text(), "tls-server-name": "plant", **PATIENT, **more}
    with neuron_ws.Node("n", given, on_log=lambda event: lines.append(event.text)) as node:
        foreign.wait_until(lambda: node.poll(0.05) >= 0 and node.state.reason is not Reason.NONE, 60)
        node.poll(0.1)
    assert [line.split(":")[0] for line in lines if "not used" in line] == (["ca, tls-server-name"] if warned else [])


def test_a_time_floor_that_makes_a_certificate_expire_is_named(authority: foreign.Authority) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        message = failed(url=server.url, ca=authority.ca.read_text(), **{"tls-time-floor": "2099-01-01"}).message
    assert "before the setting tls-time-floor (2099-01-01T00:00:00.000Z)" in message
    assert "set an earlier tls-time-floor" in message


# What the server says


@pytest.mark.parametrize("head, body, said", [
    ("Content-Type: text/plain", b"key revoked \x1b[31m\n", 'It says: "key revoked \\u{1b}[31m".'),
    ("Content-Type: application/json; charset=utf-8", b'{"error":"no such device"}', 'It says: "{"error":"no such'),
    ("Transfer-Encoding: chunked", b"5\r\nno.\r\n\r\n0\r\n\r\n", 'It says: "no.".'),
    ("Content-Type: text/plain", b"token s3cret-token-of-ours is over", 'It says: "token … is over".'),
    ("Content-Type: text/html", b"<html>", None), ("Content-Encoding: gzip", b"zzz", None), ("X: y", b"", None),
])
def test_the_text_of_a_refusal_is_told(head: str, body: bytes, said: Optional[str]) -> None:
    length = "" if "chunked" in head else f"Content-Length: {len(body)}\r\n"
    answer = f"HTTP/1.1 403 No\r\n{head}\r\n{length}\r\n".encode() + body
    with Answering(lambda head: answer) as server:
        state = failed(url=server.url, token="s3cret-token-of-ours")
    assert state.http_status == 403 and "s3cret" not in state.message
    assert said in state.message if said else "It says" not in state.message


@pytest.mark.parametrize("head, pieces, ends", [
    (b"Content-Length: 11\r\n", [b"key ", b"revoked"], False),
    (b"Transfer-Encoding: chunked\r\n", [b"b\r\nkey r", b"evoked\r\n"], False),
    # Less than it says, with the end of the connection and without.
    (b"Content-Length: 90\r\n", [b"key revoked"], True), (b"Content-Length: 90\r\n", [b"key revoked"], False),
])
def test_the_text_of_a_refusal_may_come_behind_its_head(head: bytes, pieces: list[bytes], ends: bool) -> None:
    def refuse(peer: bad.Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 403 No\r\n" + head + b"\r\n")
        for piece in pieces:
            time.sleep(0.1)
            peer.send(piece)
        if not ends:
            peer.drain()

    with bad.BadServer(refuse) as server:
        began = time.monotonic()
        state = failed(url=f"ws://127.0.0.1:{server.port}/")
        assert time.monotonic() - began < 10
    assert state.reason is Reason.HANDSHAKE_REJECTED and state.http_status == 403
    assert 'It says: "key revoked".' in state.message


def test_a_refusal_whose_text_never_comes_is_told_all_the_same() -> None:
    def refuse(peer: bad.Peer) -> None:
        peer.read_request()
        peer.send(b"HTTP/1.1 401 No\r\nContent-Length: 90\r\n\r\n")
        peer.drain()

    with bad.BadServer(refuse) as server:
        state = failed(url=f"ws://127.0.0.1:{server.port}/")
    assert state.http_status == 401 and "It says" not in state.message


def test_of_two_delays_the_longer_is_waited_for() -> None:
    with Answering(lambda head: b"HTTP/1.1 503 No\r\nRetry-After: 40\r\nRetry-After: 900\r\n\r\n") as server:
        state = failed(url=server.url, **{"reconnect-min": 0.01, "reconnect-max": 0.1})
    assert 800_000 < state.next_attempt_ms <= 901_000


def test_new_settings_do_not_show_a_refused_password_again_at_once() -> None:
    """Each begins with an attempt, and the next one comes behind reconnect-min, whatever was drawn."""
    times: list[float] = []

    def refuse(head: Head) -> bytes:
        times.append(time.monotonic())
        return b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n"

    waits = {"reconnect-min": 0.5, "reconnect-max": 0.5, "connect-timeout": 60}
    with Answering(refuse) as server, neuron_ws.Node("n", {"url": server.url, "token": "t0", **waits}) as node:
        for number in range(1, 9):
            foreign.wait_until(lambda: len(times) == 2 * number, 60)
            assert times[-1] - times[-2] >= 0.49, times
            node.configure({"url": server.url, "token": f"t{number}", **waits})


def test_a_delay_of_decades_is_no_number() -> None:
    with Answering(lambda head: b"HTTP/1.1 503 Busy\r\nRetry-After: 99999999999\r\n\r\n") as server:
        message = failed(url=server.url).message
    assert "it asks to wait more than a day" in message and "2147483647" not in message


@pytest.mark.parametrize("written", ["to\\u006ben \\/a\\\"b\\\\c", "token+%2Fa%22b%5Cc", "%74oken%20/a\"b\\c"])
def test_a_secret_that_is_escaped_is_masked(written: str) -> None:
    secret = 'token /a"b\\c'
    def turns_away(head: Head, connection: socket.socket) -> None:
        connection.sendall(close_frame(4000, f"got {written}!".encode()))

    with Answering(then=turns_away) as server:
        state = failed(url=[{"url": server.url, "headers": {"X-Key": secret}}])
    assert state.close_reason == "got …!" and "got …!" in state.message


@pytest.mark.parametrize("echo", ["s3cret/of ours+plänt", "s3cret%2Fof%20ours+pl%C3%A4nt", "s3cret/of ours plänt",
                                  "s3cret&#47;of ours+pl&auml;nt", "s3cret\\/of ours+pl\\u00e4nt"])
@pytest.mark.parametrize("where", ["close", "text", "location", "message", "request"])
def test_a_secret_of_the_url_is_masked_as_what_it_stands_for(echo: str, where: str) -> None:
    """Wherever the server says it again: in a Close, a refusal, a redirect, a message, a request."""
    if "&auml;" in echo:
        echo = echo.replace("&auml;", "&#xE4;")
    octets = echo.encode()

    def answer(head: Head) -> bytes:
        if where == "text":
            return b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(octets) + octets
        if where == "location":
            return b"HTTP/1.1 302 No\r\nLocation: ws://other.invalid/" + octets + b"/x\r\n\r\n"
        return head.accepted()

    def then(head: Head, connection: socket.socket) -> None:
        if where == "close":
            connection.sendall(close_frame(4000, b"bad key " + octets))
        elif where == "message":
            connection.sendall(bad.frame(bad.TEXT, b"bad key " + octets))
        elif where == "request":
            text = '{"uuid":"1","node":"%s","group":"g","tag":"%s","value":"%s"}' % (echo, echo, echo)
            connection.sendall(bad.frame(bad.TEXT, text.encode()))

    lines: list[str] = []
    with Answering(answer, then=then) as server:
        given = {"url": server.url + "data?key=s3cret%2Fof%20ours+pl%C3%A4nt", **PATIENT, "log-level": "debug"}
        with neuron_ws.Node("n", given, on_log=lambda event: lines.append(event.text),
                            **({"on_request": lambda request: None} if where == "request" else {})) as node:
            said = ("4000", "403", "302", "is no request", "Refused at")[
                ["close", "text", "location", "message", "request"].index(where)]
            foreign.wait_until(lambda: node.poll(0.05) >= 0 and any(said in line for line in lines), 60, said)
            told = [*lines, node.state.message, node.state.url, node.state.close_reason]
    assert not any("s3cret" in text or "ours" in text for text in told), told


# Commands


def test_a_command_that_never_went_out_is_told_from_one_without_a_response() -> None:
    lines: list[str] = []
    with CommandPeer(silence) as peer:
        with neuron_ws.Node("n", {"url": peer.url, **QUICK}, on_log=lambda event: lines.append(event.text)) as node:
            foreign.wait_until(lambda: node.state.link, 60)
            with pytest.raises(neuron_ws.Timeout) as timeout:
                node.request("asked", match="never", timeout=0.2)
            assert timeout.value.detail == "no response to the command came in time"
    there = {"url": f"ws://127.0.0.1:{dead_port()}/", **PATIENT}
    with neuron_ws.Node("n", there, on_log=lambda event: lines.append(event.text)) as node:
        with pytest.raises(neuron_ws.Timeout) as timeout:
            node.request("asked", match="never", timeout=0.2, retries=1)
        assert timeout.value.detail.startswith("the command never went out: no connection took it in time")
        foreign.wait_until(lambda: node.poll(0.05) >= 0 and any("Command 1 was never sent" in it for it in lines), 20)


ASKING = """
import sys, neuron_ws
with neuron_ws.Node("n", {"url": sys.argv[1], "ping-interval": 0}) as node:
    print(node.request('{"ask":1}', match="answer", timeout=2), flush=True)
"""


@pytest.mark.skipif(bool(foreign.emulator()), reason="an emulator is stopped in another way")
@pytest.mark.usefixtures("no_leaks")
def test_a_response_that_came_while_the_process_was_stopped_came_in_time() -> None:
    asked = threading.Event()
    go = threading.Event()

    async def answer(connection: ServerConnection, message: Message) -> None:
        asked.set()
        while not go.is_set():
            time.sleep(0.01)
        await connection.send('{"answer":1}')

    for _ in range(3):
        asked.clear()
        go.clear()
        with CommandPeer(answer) as peer:
            process = subprocess.Popen(
                [sys.executable, "-c", ASKING, peer.url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                start_new_session=True, env=dict(os.environ))
            assert asked.wait(60)
            time.sleep(0.2)
            process.send_signal(signal.SIGSTOP)
            go.set()
            time.sleep(3)
            process.send_signal(signal.SIGCONT)
            out, error = process.communicate(timeout=60)
            assert out.strip() == '{"answer":1}', error


@pytest.mark.parametrize("value", [17, 1.5, True, False, None, "17", ""])
def test_a_heartbeats_answer_may_be_any_scalar(value: object) -> None:
    answers = 0

    async def answer(connection: ServerConnection, message: Message) -> None:
        nonlocal answers
        answers += 1
        await connection.send(json.dumps({"n": "another"}))
        if answers <= 3:
            await connection.send(json.dumps({"n": value}))

    beat = {"message": "beat", "interval": 0.1, "timeout": 0.5, "match-member": "n", "match-value": value}
    with CommandPeer(answer) as peer, neuron_ws.Node("n", {"url": peer.url, "heartbeat": beat, **QUICK}) as node:
        foreign.wait_until(lambda: node.state.reason is Reason.HEARTBEAT_TIMEOUT, 60)
        assert peer.received[:3] == ["beat"] * 3 and answers >= 4


# Settings


@pytest.mark.parametrize("value", ["Bearer ${token", "${token and more"])
def test_a_variable_without_its_brace_is_refused(value: str) -> None:
    with pytest.raises(neuron_ws.SettingsError) as refused:
        neuron_ws.Node("n", {"url": "ws://h/", "token": "abc", "headers": {"X-Key": value}})
    assert "whose value has ${token without the } behind the name" in refused.value.detail


@pytest.mark.parametrize("value", ["${", "cost ${5", "${unknown-thing"])
def test_what_only_looks_like_a_variable_is_a_text(value: str) -> None:
    with Answering() as server:
        with neuron_ws.Node("n", {"url": server.url, "headers": {"X-Key": value}, **PATIENT}) as node:
            foreign.wait_until(lambda: node.state.link, 60)
            node.close(timeout=0.2)
        assert server.heads[0].get("X-Key") == value


# Pongs


def test_a_pong_that_is_no_echo_is_told_once_of_a_barrier_too() -> None:
    """With peer-parsed, and before the first keep-alive Ping."""
    def pongs(head: Head, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while connection.recv(4096):
                connection.sendall(b"\x8a\x05other")

    lines: list[tuple[neuron_ws.LogLevel, str]] = []
    with Answering(then=pongs) as server:
        given = {"url": server.url, "delivery": "peer-parsed", **PATIENT}
        with neuron_ws.Node("n", given, on_log=lambda event: lines.append((event.level, event.text))) as node:
            foreign.wait_until(lambda: node.state.link, 60)
            for _ in range(3):
                node.send("m")
                node.poll(0.2)
            foreign.wait_until(lambda: node.poll(0.05) >= 0 and any("not the echo" in text for _, text in lines), 20)
            node.close(timeout=0.2)
    told = [level for level, text in lines if "is not the echo of a Ping" in text]
    assert told == [neuron_ws.LogLevel.INFO]
