# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws serve --web` seen from outside: http.client and raw sockets as browsers, websockets as the page, and
gateways of every kind at the other end."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Optional

import foreign
import pytest
import tool
import websockets
from test_serve_command import PATIENCE, Raw, Served, authority_of, line
from websockets.sync.client import ClientConnection, connect

LIVE = "/.neuron-ws/live"


class Page:
    """A browser's live socket: `take` reads on until what is wanted has come."""

    def __init__(self, served: Served, **changes: Any) -> None:
        host = changes.pop("host", f"127.0.0.1:{served.port}")
        token = changes.pop("token", None)
        token = token if token is not None else token_of(served)
        origin = changes.pop("origin", f"http://{host}")
        query = f"?token={token}" if token else ""
        self.heard: list[dict[str, Any]] = []
        self.opening = connect(
            f"ws://{host}{LIVE}{query}", origin=origin, max_size=None, compression=None, open_timeout=PATIENCE,
            **changes)
        self.socket: ClientConnection = self.opening.__enter__()

    def send(self, **members: Any) -> None:
        self.socket.send(json.dumps(members))

    def next(self) -> dict[str, Any]:
        message = json.loads(self.socket.recv(PATIENCE))
        self.heard.append(message)
        return message

    def take(self, kind: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        while True:
            message = self.next()
            if message["type"] == kind and wanted(message):
                return message

    def messages(self) -> Iterator[dict[str, Any]]:
        """What the gateways send, one by one."""
        while True:
            yield from self.take("messages")["list"]

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.opening.__exit__(None, None, None)


def get(
    served: Served, path: str = "/", method: str = "GET", headers: Optional[dict[str, str]] = None,
    context: Optional[ssl.SSLContext] = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    kind: Any = http.client.HTTPConnection if context is None else http.client.HTTPSConnection
    more = {} if context is None else {"context": context}
    with closing(kind("127.0.0.1", served.port, timeout=PATIENCE, **more)) as client:
        client.request(method, path, headers=headers or {})
        answer = client.getresponse()
        return answer, answer.read()


def token_of(served: Served, **more: Any) -> str:
    body = get(served, **more)[1].decode()
    found = re.search(r'<meta name="neuron-ws-token" content="([0-9a-f]{32})">', body)
    assert found, body[:500]
    return found[1]


# The page


def test_says_where_the_page_is() -> None:
    with Served("--web") as served:
        served.wait_for(rf"the page to watch: http://127\.0\.0\.1:{served.port}/\n")
        assert served.end()[0] == 0
    with Served("--web", "--json") as served:
        assert json.loads(served.output[0])["page"] == f"http://127.0.0.1:{served.port}/"
        assert served.end()[0] == 0


def test_the_page_is_one_answer_that_may_load_nothing() -> None:
    with Served("--web") as served:
        answer, body = get(served)
        assert answer.status == 200
        assert answer.getheader("Content-Type") == "text/html; charset=utf-8"
        assert answer.getheader("Content-Length") == str(len(body))
        assert answer.getheader("Cache-Control") == "no-store"
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        policy = answer.getheader("Content-Security-Policy") or ""
        nonce = re.search(r"script-src 'nonce-([0-9a-f]{32})'; style-src 'nonce-\1'", policy)
        assert nonce, policy
        for part in ("default-src 'none'", "connect-src 'self' ws://127.0.0.1", "base-uri 'none'", "img-src data:",
                     "form-action 'none'", "frame-ancestors 'none'"):
            assert part in policy
        text = body.decode()
        assert f'<script nonce="{nonce[1]}">' in text and f'<style nonce="{nonce[1]}">' in text
        assert not re.search(r"\{\{[A-Z]|<link(?! rel=\"icon\" href=\"data:)|<script src|src=\"http|@import", text)
        # Each has a nonce of its own, and the same token.
        assert nonce[1] not in (get(served, "/any/path?x=1")[0].getheader("Content-Security-Policy") or "")
        assert token_of(served) == token_of(served, path="/any/path?x=1", headers={"Host": "localhost"})
        assert served.end()[0] == 0


@pytest.mark.parametrize("method, path, headers, status", [
    ("HEAD", "/", {}, 200),
    ("GET", "/favicon.ico", {}, 204),
    ("GET", "/.neuron-ws/other", {}, 404),
    ("GET", LIVE, {}, 426),
    ("POST", "/", {}, 405),
    ("OPTIONS", "/", {}, 405),
    ("BREW", "/", {}, 405),
    ("GET", "http://localhost/", {}, 400),
    ("GET", "/", {"Host": "evil.example"}, 421),
    ("GET", "/", {"Host": "localhost.evil.example"}, 421),
    ("GET", "/", {"Host": "127.0.0.1:80@evil.example"}, 421),
    ("GET", "/", {"Host": "localhost:"}, 421),
    ("GET", "/", {"Host": "[::1]:7681"}, 200),
    ("GET", "/", {"X": "x" * 9000}, 431),
    ("GET", "/" + "x" * 2000, {}, 414),
    # A handshake that is not one is told so.
    ("GET", "/data", {"Upgrade": "websocket"}, 400),
])
def test_whatever_else_is_asked_gets_a_clear_answer(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with Served("--web") as served:
        answer, body = get(served, path, method, headers)
        assert answer.status == status
        assert bool(body) == (method != "HEAD" and status != 204)
        if status == 405:
            assert answer.getheader("Allow") == "GET, HEAD"
        if status >= 400:
            assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
            assert re.fullmatch(r"[A-Z].*\.\n", body.decode())


def raw(served: Served, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer


@pytest.mark.parametrize("request_, status", [
    (b"GET / HTTP/1.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
    (b"GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
    (b"GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 400),
    (b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
    (b"\x16\x03\x01\x02\x00\x01\x00\n", 400),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
    (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: %s\r\n" % (b"y" * 8000) * 10 + b"\r\n", 431),
])
def test_bytes_that_no_browser_sends(request_: bytes, status: int) -> None:
    with Served("--web") as served:
        assert raw(served, request_).startswith(b"HTTP/1.1 %d " % status)
        assert get(served)[0].status == 200


def test_without_web_there_is_no_page() -> None:
    with Served() as served:
        assert get(served)[0].status == 400


def test_half_open_requests_are_bounded_and_end() -> None:
    with Served("--web") as served:
        clients = []
        try:
            for _ in range(256):
                client = socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE)
                client.sendall(b"GET / HTTP/1.1\r\nHost: loc")
                clients.append(client)
            # The server may still be accepting them.
            foreign.wait_until(lambda: raw(served, b"").startswith(b"HTTP/1.1 503 "), 9, "a refusal")
            # They have ten seconds.
            foreign.wait_until(lambda: get_or_none(served) == 200, PATIENCE, "the end of the half-open ones")
        finally:
            for client in clients:
                client.close()
        assert served.end()[0] == 0


def get_or_none(served: Served) -> Optional[int]:
    try:
        return get(served)[0].status
    except (OSError, http.client.HTTPException):
        return None


# Who is let in


@pytest.mark.parametrize("changes", [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": None},
    {"origin": "https://127.0.0.1:{port}"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "http://localhost:{port}"},
    {"token": "0" * 32},
    {"token": ""},
    {"token": "{token}0"},
    {"additional_headers": {"Host": "evil.example"}, "origin": "http://evil.example"},
    {"additional_headers": {"Origin": "http://evil.example"}},
])
def test_only_the_servers_own_page_opens_the_live_socket(changes: dict[str, Any]) -> None:
    with Served("--web") as served, connect(served.url + "/gateway") as gateway:
        right = token_of(served)
        changes = {
            name: value.format(port=served.port, token=right) if isinstance(value, str) else value
            for name, value in changes.items()}
        with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
            Page(served, **changes)
        assert refused.value.response.status_code == 403
        # Nothing of it reached the gateway, and the right page is let in.
        with Page(served) as page:
            page.send(type="send", id=1, connection=None, text="mine")
            assert gateway.recv(PATIENCE) == "mine"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_the_page_may_be_opened_by_each_loopback_name(host: str) -> None:
    with Served("--web") as served, Page(served, host=f"{host}:{served.port}") as page:
        assert page.next()["type"] == "hello"


def test_over_tls() -> None:
    with Served("--web", "--tls") as served:
        ca = authority_of(served)
        context = ssl.create_default_context(cafile=str(ca))
        served.wait_for(rf"the page to watch: https://127\.0\.0\.1:{served.port}/\n")
        answer, _ = get(served, context=context)
        assert f"connect-src 'self' wss://127.0.0.1:{served.port};" in (
            answer.getheader("Content-Security-Policy") or "")
        url = f"wss://127.0.0.1:{served.port}{LIVE}?token={token_of(served, context=context)}"
        with pytest.raises(websockets.exceptions.InvalidStatus):
            foreign.SecureClient(url, context, origin=f"http://127.0.0.1:{served.port}")
        with foreign.SecureClient(url, context, origin=f"https://127.0.0.1:{served.port}") as page:
            hello = json.loads(page.recv(PATIENCE))
            assert hello["url"] == f"wss://127.0.0.1:{served.port}/"
            assert json.loads(hello["settings"]) == {"url": hello["url"], "ca": str(ca)}
            done = tool.run("push", served.url, "--ca", ca, text=line(1))
            assert done.returncode == 0, done.stderr
            while (message := json.loads(page.recv(PATIENCE)))["type"] != "messages":
                pass
            assert json.loads(message["list"][0]["text"])["values"] == {"n": 1}


# What the page is told


def test_hello_then_what_there_is() -> None:
    with Served("--web") as served, connect(served.url + "/x?y", subprotocols=None) as gateway:
        served.wait_for("opened")
        before = time.time() * 1000
        with Page(served) as page:
            hello, connection, plug = page.next(), page.next(), page.next()
        assert set(hello) == {"type", "version", "url", "settings", "codes", "now"}
        assert hello["type"] == "hello" and hello["url"] == served.url + "/"
        assert "neuron-ws " + hello["version"] in tool.run("version").stdout
        assert json.loads(hello["settings"]) == {"url": served.url + "/"}
        assert hello["codes"]["3002"] in tool.run("explain", "3002").stdout
        assert abs(hello["now"] - before) < PATIENCE * 1000
        port = gateway.socket.getsockname()[1]
        assert 0 <= before - connection.pop("at") < PATIENCE * 1000
        assert connection == {
            "type": "connection", "id": 1, "phase": "open", "address": f"127.0.0.1:{port}", "path": "/x?y",
            "subprotocol": "", "compression": "off"}
        assert plug == {"type": "plugged"}


def test_connections_messages_and_ends() -> None:
    with Served("--web") as served, Page(served) as page:
        with connect(served.url + "/ü".encode().decode("latin-1").replace("\xc3\xbc", "%C3%BC")) as gateway:
            opened = page.take("connection")
            assert opened["phase"] == "open" and opened["path"] == "/%C3%BC"
            gateway.send('{"node":"plc1"}')
            gateway.send(b"\x00\xff\x10")
            gateway.send(b"")
            messages = page.messages()
            first = next(messages)
            assert abs(first.pop("at") - time.time() * 1000) < PATIENCE * 1000
            assert first == {
                "connection": opened["id"], "kind": "text", "bytes": 15, "text": '{"node":"plc1"}'}
            assert {name: next_[name] for next_ in [next(messages)] for name in ("kind", "bytes", "base64")} == {
                "kind": "binary", "bytes": 3, "base64": "AP8Q"}
            assert next(messages)["base64"] == ""
            gateway.close(1008, "enough")
        closed = page.take("connection")
        assert (closed["id"], closed["phase"], closed["code"], closed["reason"]) == (
            opened["id"], "closed", 1008, "enough")
        with Raw(served.port):
            page.take("connection", lambda one: one["phase"] == "open")
        assert page.take("connection")["code"] == 1006
        assert [one["type"] for one in page.heard].count("hello") == 1


def test_every_byte_of_binary_messages_arrives() -> None:
    with Served("--web") as served, Page(served) as page, connect(served.url) as gateway:
        sent = [bytes(range(256)) * 4 + bytes(length) for length in range(4)]
        for one in sent:
            gateway.send(one)
        messages = page.messages()
        assert [base64.b64decode(next(messages)["base64"], validate=True) for _ in sent] == sent


def test_hostile_names_pass_as_data() -> None:
    names = ["</script><script>alert(1)</script>", "<!--", "{{TOKEN}}", "\u2028\u2029", "\u0000\u001b[31m\u007f\u009b",
             "مضخة", "水泵", "😀" * 100, "\\\"'`", "x" * 10_000, "__proto__", "\ufeff", "\u202e"]
    with Served("--web") as served, Page(served) as page, connect(served.url) as gateway:
        texts = [json.dumps({"node": name, "values": {name: name}}, ensure_ascii=ascii_)
                 for name in names for ascii_ in (True, False)]
        texts += ["not json \x00\x01\x1f\x7f", "\ud7ff\ue000\U0010ffff"]
        for text in texts:
            gateway.send(text)
        messages = page.messages()
        assert [next(messages)["text"] for _ in texts] == texts
        assert token_of(served) not in json.dumps(page.heard)


def test_a_message_beyond_a_mebibyte_is_left_out() -> None:
    with Served("--web") as served, Page(served) as page, connect(served.url) as gateway:
        gateway.send("x" * (1 << 20))
        gateway.send("x" * ((1 << 20) + 1))
        messages = page.messages()
        assert len(next(messages)["text"]) == 1 << 20
        left_out = next(messages)
        assert left_out["left_out"] is True and left_out["bytes"] == (1 << 20) + 1 and "text" not in left_out


# What the page says


def test_sends_to_one_and_to_all() -> None:
    with Served("--web") as served, Page(served) as page:
        with connect(served.url + "/1") as one, connect(served.url + "/2") as two:
            ids = {}
            while len(ids) < 2:
                message = page.take("connection")
                ids[message["path"]] = message["id"]
            page.send(type="send", id=7, connection=ids["/2"], text="to two ü\u0000")
            assert page.take("sent") == {"type": "sent", "id": 7, "connections": [ids["/2"]]}
            assert two.recv(PATIENCE) == "to two ü\u0000"
            page.send(type="send", id=-8, connection=None, text="all")
            assert page.take("sent") == {"type": "sent", "id": -8, "connections": sorted(ids.values())}
            assert (one.recv(PATIENCE), two.recv(PATIENCE)) == ("all", "all")
            page.send(type="send", id=9, text="")
            assert (one.recv(PATIENCE), two.recv(PATIENCE)) == ("", "")
            page.send(type="send", id=10, connection=4711, text="x")
            assert page.take("failed") == {"type": "failed", "id": 10, "why": "There is no open connection 4711."}
        for _ in ids:
            page.take("connection", lambda message: message["phase"] == "closed")
        page.send(type="send", id=11, connection=None, text="x")
        assert page.take("failed") == {"type": "failed", "id": 11, "why": "No gateway is connected."}


def test_a_gateway_that_does_not_read_is_told_of() -> None:
    with Served("--web") as served, Page(served) as page, Raw(served.port):
        connection = page.take("connection")["id"]
        for number in range(1000):
            page.send(type="send", id=number, connection=connection, text="x" * 60_000)
            answer = page.next()
            if answer["type"] == "failed":
                assert answer["why"].startswith(f"Connection {connection} has ended, or not read")
                break
            # Below the hundred messages a second that are allowed.
            time.sleep(0.012)
        else:
            pytest.fail("the server takes whatever the page sends")
        assert get(served)[0].status == 200


@pytest.mark.parametrize("text", [
    "", "no json", "1", "[]", "{}", '{"type":1}', '{"type":"sing"}', '{"type":"send"}', '{"type":"send","id":1}',
    '{"type":"send","id":"1","text":"x"}', '{"type":"send","id":1.5,"text":"x"}', '{"type":"send","id":1,"text":2}',
    '{"type":"send","id":1,"text":"x","connection":"1"}', '{"type":"unplug"}', '{"type":"unplug","seconds":0}',
    '{"type":"unplug","seconds":601}', '{"type":"unplug","seconds":1.5}', '{"type":"unplug","seconds":1e9}',
    "[" * 60_000, b"\x00",
])
def test_what_is_not_understood_is_said(text: Any) -> None:
    with Served("--web") as served, Page(served) as page:
        page.take("plugged")
        page.socket.send(text)
        assert re.fullmatch(r"[A-Za-z].+", page.take("error")["why"])
        page.send(type="send", id=1, connection=None, text="x")
        assert page.take("failed")["id"] == 1


def code_of(page: Page) -> Optional[int]:
    with pytest.raises(websockets.exceptions.ConnectionClosed) as closed:
        while True:
            page.next()
    return closed.value.rcvd.code if closed.value.rcvd else None


def test_a_page_that_says_too_much_is_closed() -> None:
    with Served("--web") as served:
        with Page(served) as page:
            page.socket.send("x" * 65_537)
            assert code_of(page) == 1009
        with Page(served) as page:
            page.socket.send("x" * 65_536)
            page.take("error")
        with Page(served) as page:
            with pytest.raises(websockets.exceptions.ConnectionClosed):
                while True:
                    for _ in range(1000):
                        page.send(type="plug")
                    page.next()
            assert page.socket.close_code == 1008
        assert get(served)[0].status == 200


def test_frames_that_no_browser_sends_end_a_page() -> None:
    with Served("--web") as served:
        token = token_of(served)
        for frame in (b"\x83\x80" + bytes(4), b"\x81\x01x", b"\x89\xfe\x01\x00" + bytes(260),
                      b"\x81\xff" + struct.pack(">Q", 1 << 62) + bytes(4), b"\x81\x82" + bytes(4) + b"\xff\xfe"):
            with socket.create_connection(("127.0.0.1", served.port), timeout=PATIENCE) as client:
                client.sendall(
                    f"GET {LIVE}?token={token} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
                    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode() + frame)
                answer = b""
                while piece := client.recv(65536):
                    answer += piece
                assert b"101 Switching" in answer and b"\x88" in answer
        assert get(served)[0].status == 200


# Unplugging


def test_unplugged_gateways_are_cut_off_and_refused_until_it_is_over() -> None:
    with Served("--web") as served, Page(served) as page, connect(served.url) as gateway:
        connection = page.take("connection")["id"]
        before = time.time() * 1000
        page.send(type="unplug", seconds=2)
        # When the page hears of it the gateways are cut off already.
        closed = page.take("connection")
        assert (closed["id"], closed["phase"], closed["code"]) == (connection, "closed", 1006)
        unplugged = page.take("unplugged")
        assert 1900 <= unplugged["until"] - before < PATIENCE * 1000
        with pytest.raises(websockets.exceptions.ConnectionClosed) as cut:
            gateway.recv(PATIENCE)
        assert cut.value.rcvd is None
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port))
        page.take("plugged")
        assert time.time() * 1000 >= unplugged["until"] - 1000
        with connect(served.url):
            assert page.take("connection")["phase"] == "open"


def test_plug_ends_it_at_once_and_every_page_is_told() -> None:
    with Served("--web") as served, Page(served) as page, Page(served) as other:
        page.take("plugged"), other.take("plugged")
        page.send(type="unplug", seconds=600)
        other.take("unplugged"), page.take("unplugged")
        other.send(type="plug")
        page.take("plugged"), other.take("plugged")
        with connect(served.url) as gateway:
            gateway.send("x")
            assert next(page.messages())["text"] == "x"
        assert served.end()[0] == 0


def test_a_page_that_leaves_does_not_leave_the_server_unplugged() -> None:
    with Served("--web") as served:
        with Page(served) as page:
            page.send(type="unplug", seconds=1)
            page.take("unplugged")
        foreign.wait_until(lambda: get_or_none(served) == 200, PATIENCE, "the server to be back")


def test_ends_while_it_is_unplugged() -> None:
    with Served("--web") as served, Page(served) as page:
        page.send(type="unplug", seconds=600)
        page.take("unplugged")
        assert served.end()[0] == 0


def test_a_node_is_back_after_an_unplugging_and_what_had_queued_arrives() -> None:
    with Served("--web") as served, Page(served) as page:
        with tool.start("push", served.url, "--set", "reconnect-max=0.3", stdin=-1) as push:
            assert push.stdin
            push.stdin.write(line(0))
            push.stdin.flush()
            messages = page.messages()
            assert json.loads(next(messages)["text"])["values"] == {"n": 0}
            page.send(type="unplug", seconds=1)
            page.take("unplugged")
            push.stdin.write("".join(map(line, range(1, 50))))
            push.stdin.flush()
            arrived = [json.loads(next(messages)["text"])["values"]["n"] for _ in range(49)]
            assert arrived == list(range(1, 50))
            push.stdin.close()
            assert push.wait(PATIENCE) == 0


# Many, slow, and gone


def test_sixteen_pages_at_a_time() -> None:
    with Served("--web") as served:
        token = token_of(served)
        pages, refused = [], 0
        for _ in range(100):
            try:
                pages.append(Page(served, token=token))
            except websockets.exceptions.InvalidStatus as error:
                assert error.response.status_code == 503
                assert error.response.body and b"16 pages are open already" in error.response.body
                refused += 1
        assert (len(pages), refused) == (16, 84)
        with connect(served.url) as gateway:
            gateway.send("x")
            for page in pages:
                assert next(page.messages())["text"] == "x"
        # They leave in the middle, without a word.
        for page in pages:
            page.socket.socket.shutdown(socket.SHUT_RDWR)
        foreign.wait_until(lambda: can_open(served, token), PATIENCE, "room for a page")
        assert served.end()[0] == 0


def can_open(served: Served, token: str) -> bool:
    try:
        with Page(served, token=token):
            return True
    except websockets.exceptions.InvalidStatus:
        return False


def test_a_page_that_does_not_read_costs_its_queue_and_nobody_elses_time() -> None:
    with Served("--web", "--filter", "none/none") as served:
        with Page(served, max_queue=1) as slow, Page(served) as quick:
            quick.take("plugged")
            with connect(served.url) as gateway:
                text = "x" * 100_000
                memory = resident(served)
                for number in range(1500):
                    gateway.send(text)
                gateway.send("last")
                assert heard_last(quick)
                # 150 MB have gone by. The page has 8 MiB of them, and what the kernel holds.
                assert resident(served) - memory < 80 << 20
                assert heard_last(slow)
                skipped = sum(one["count"] for one in slow.heard if one["type"] == "skipped")
                shown = sum(len(one["list"]) for one in slow.heard if one["type"] == "messages")
                assert skipped > 1000 and skipped + shown == 1501
        assert served.end()[0] == 0


def heard_last(page: Page) -> bool:
    return any(message.get("text") == "last" for message in page.messages())


def resident(served: Served) -> int:
    pages = Path(f"/proc/{served.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


def test_ten_thousand_tags_a_second_go_through() -> None:
    with Served("--web", "--filter", "none/none") as served, Page(served) as page, connect(served.url) as gateway:
        def push() -> None:
            for second in range(3):
                for group in range(100):
                    values = {f"tag{number:02}": second * 1000 + number for number in range(100)}
                    gateway.send(json.dumps({"node": f"plc{group // 10}", "group": f"g{group % 10}", "values": values}))
                time.sleep(0.2)

        pushing = threading.Thread(target=push)
        pushing.start()
        messages = page.messages()
        arrived = [json.loads(next(messages)["text"]) for _ in range(300)]
        pushing.join(PATIENCE)
        assert sum(len(one["values"]) for one in arrived) == 30_000
        assert not [one for one in page.heard if one["type"] == "skipped"]


def test_faults_are_for_gateways_alone() -> None:
    faults = ("--fault", "close=1008@1", "--fault", "no-pong", "--fault", "status=503,reject-first=1", "--echo")
    with Served("--web", *faults) as served, Page(served) as page:
        with pytest.raises(websockets.exceptions.InvalidStatus):
            connect(served.url)
        for _ in range(3):
            page.send(type="plug")
        page.socket.ping().wait(PATIENCE)
        with connect(served.url) as gateway:
            gateway.send("x")
            assert next(page.messages())["text"] == "x"
            closed = page.take("connection", lambda one: one["phase"] == "closed")
            assert closed["code"] == 1008
        page.send(type="send", id=1, connection=None, text="x")
        page.take("failed")


CLOCK = """
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long result = syscall(SYS_clock_gettime, clock, now);
    const char *file = getenv("CLOCK_JUMPS_WITH");
    if (result == 0 && clock == CLOCK_REALTIME && file != NULL && access(file, F_OK) == 0)
        now->tv_sec += atol(getenv("CLOCK_JUMPS_BY"));
    return (int)result;
}
"""


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_ages_do_not_jump_with_the_systems_clock(seconds: int, tmp_path: Path) -> None:
    """Each message would have come in the future, and no tag turn red for an hour; or an hour ago, and all be red."""
    (tmp_path / "clock.c").write_text(CLOCK)
    library, file = tmp_path / "clock.so", tmp_path / "jump"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "clock.c"], check=True)
    environment = tool.environment(
        LD_PRELOAD=str(library), CLOCK_JUMPS_WITH=str(file), CLOCK_JUMPS_BY=str(seconds))
    with Served("--web", env=environment) as served, Page(served) as page:
        begin = page.take("hello")["now"]
        with connect(served.url, open_timeout=PATIENCE) as gateway:
            messages = page.messages()
            gateway.send("before")
            before = next(messages)["at"]
            file.touch()
            gateway.send("after")
            after = next(messages)["at"]
        assert begin <= before <= after < before + 10 * PATIENCE * 1000
        with Page(served) as second:
            assert after <= second.take("hello")["now"] < after + 10 * PATIENCE * 1000
