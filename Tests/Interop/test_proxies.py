# SPDX-License-Identifier: Apache-2.0
"""The node through real proxies of each kind, and through some that misbehave."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import foreign
import forward_proxies
import neuron_ws
import pytest
from forward_proxies import PASSWORD, PASSWORD_IN_URL, PLAIN_PASSWORD, SQUID_PASSWORD_IN_URL, USER, Answering
from neuron_ws import Phase, Reason

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 60}
CREDENTIALS = f"{USER}:{PASSWORD_IN_URL}@"


def failure(proxy: str, **settings: Any) -> neuron_ws.State:
    """The state after the first attempt has failed; no server is needed for that."""
    with neuron_ws.Node("proxied", {"url": "ws://plant.invalid/", "proxy": proxy, **QUICK, **settings}) as node:
        state = foreign.failure(node)
    assert PASSWORD not in str(state) and PASSWORD_IN_URL not in str(state)
    return state


def passes(server: foreign.Server, proxy: Optional[str], **settings: Any) -> neuron_ws.State:
    """A large message there and back, and the state meanwhile."""
    text = "x" * 300_000
    ways = {} if proxy is None else {"proxy": proxy}
    url = server.url.replace("127.0.0.1", "localhost")
    received: list[Any] = []
    with neuron_ws.Node("proxied", {"url": url, **ways, **QUICK, **settings},
                        on_message=lambda message: received.append(message)) as node:
        foreign.wait_until(lambda: node.state.link, 60, f"a connection: {node.state.message}")
        # Counted before it is sent: it may be there at once.
        count = len(server.messages)
        node.send(text)
        assert server.wait_for(count + 1, 60)[-1] == text
        foreign.wait_until(lambda: (node.poll(), received)[1], 60, "the echo")
        state = node.state
    assert PASSWORD not in str(state) and PASSWORD_IN_URL not in str(state)
    return state


@pytest.fixture(params=["ws", "wss"])
def server(request: pytest.FixtureRequest, authority: foreign.Authority) -> Iterator[foreign.Server]:
    tls = authority.server_context() if request.param == "wss" else None
    with foreign.Server(tls=tls, echo=True) as server:
        yield server


def test_tinyproxy_with_basic(server: foreign.Server, authority: foreign.Authority, tmp_path: Path) -> None:
    with forward_proxies.tinyproxy(tmp_path) as port:
        state = passes(server, f"http://{USER}:{PLAIN_PASSWORD}@127.0.0.1:{port}", ca=str(authority.ca))
        assert state.proxy == f"http://127.0.0.1:{port}" and state.peer_address == f"127.0.0.1:{port}"
        assert state.tls is server.url.startswith("wss")
        assert server.connections == 1

        wrong = failure(f"http://{USER}:wrong@127.0.0.1:{port}")
        assert (wrong.reason, wrong.http_status) in ((Reason.PROXY, 401), (Reason.PROXY, 407))
        nobody = failure(f"http://127.0.0.1:{port}")
        assert nobody.reason is Reason.PROXY and nobody.http_status in (401, 407)


def test_squid_with_digest(server: foreign.Server, authority: foreign.Authority) -> None:
    with forward_proxies.squid(authority) as (port, tls_port):
        login = f"{USER}:{SQUID_PASSWORD_IN_URL}@"
        state = passes(server, f"http://{login}127.0.0.1:{port}", ca=str(authority.ca))
        assert state.proxy == f"http://127.0.0.1:{port}"
        # TLS to the proxy and, for wss, TLS to the server within it.
        state = passes(server, f"https://{login}localhost:{tls_port}", ca=str(authority.ca))
        assert state.proxy == f"https://localhost:{tls_port}" and state.tls is server.url.startswith("wss")

        wrong = failure(f"http://{USER}:wrong@127.0.0.1:{port}")
        assert wrong.reason is Reason.PROXY and wrong.http_status in (0, 407)
        assert "does not take the user and password of the setting proxy" in wrong.message
        nobody = failure(f"http://127.0.0.1:{port}")
        assert nobody.reason is Reason.PROXY and "there is none" in nobody.message
        stranger = failure(f"https://{login}localhost:{tls_port}")
        assert stranger.reason is Reason.PROXY and stranger.tls_failure is not neuron_ws.TLSFailure.NONE


def test_microsocks(server: foreign.Server, authority: foreign.Authority) -> None:
    with forward_proxies.microsocks() as port:
        state = passes(server, f"socks5h://{CREDENTIALS}127.0.0.1:{port}", ca=str(authority.ca))
        assert state.proxy == f"socks5h://127.0.0.1:{port}"
        assert "password" in failure(f"socks5h://127.0.0.1:{port}").message
        wrong = failure(f"socks5h://{USER}:wrong@127.0.0.1:{port}")
        assert wrong.reason is Reason.PROXY and "does not take the user and password" in wrong.message
        lost = failure(f"socks5h://{CREDENTIALS}127.0.0.1:{port}")
        assert lost.reason is Reason.PROXY and "The proxy socks5h://" in lost.message
        refused = failure(f"socks5h://{CREDENTIALS}127.0.0.1:{port}", url=f"ws://127.0.0.1:{foreign.free_port()}/")
        assert "the server refused the connection" in refused.message
    with forward_proxies.microsocks(authenticates=False) as port:
        passes(server, f"socks5h://127.0.0.1:{port}", ca=str(authority.ca))


def test_dante(server: foreign.Server, authority: foreign.Authority, tmp_path: Path) -> None:
    closed = foreign.free_port()
    with forward_proxies.dante(tmp_path, blocked=closed) as port:
        # It looks up the name, and offers no authentication though there is one to be shown.
        for login in ("", CREDENTIALS):
            state = passes(server, f"socks5h://{login}127.0.0.1:{port}", ca=str(authority.ca))
            assert state.proxy == f"socks5h://127.0.0.1:{port}" and state.tls is server.url.startswith("wss")
        ruled_out = failure(f"socks5h://127.0.0.1:{port}", url=f"ws://127.0.0.1:{closed}/")
        assert ruled_out.reason is Reason.PROXY and "its rules do not allow" in ruled_out.message
        refused = failure(f"socks5h://127.0.0.1:{port}", url=f"ws://127.0.0.1:{foreign.free_port()}/")
        assert refused.reason is Reason.PROXY and "the server refused the connection" in refused.message
        nobody = failure(f"socks5h://127.0.0.1:{port}")
        assert nobody.reason is Reason.PROXY and "The proxy socks5h://" in nobody.message


@pytest.mark.skipif(os.getuid() != 0, reason="dante asks the host who its users are: only root can")
def test_a_dante_that_asks_who_we_are(tmp_path: Path) -> None:
    with forward_proxies.dante(tmp_path, authenticates=True) as port:
        nobody = failure(f"socks5h://127.0.0.1:{port}")
        assert nobody.reason is Reason.PROXY and "asks for a user and a password" in nobody.message
        wrong = failure(f"socks5h://{CREDENTIALS}127.0.0.1:{port}")
        assert wrong.reason is Reason.PROXY and "does not take the user and password" in wrong.message


def test_no_proxy_leads_past_it(server: foreign.Server, authority: foreign.Authority) -> None:
    nowhere = f"http://127.0.0.1:{foreign.free_port()}"
    for member in ["localhost", "*", f"localhost:{server.port}"]:
        state = passes(server, nowhere, ca=str(authority.ca), **{"no-proxy": [member]})
        assert state.proxy == ""
    assert failure(nowhere, **{"no-proxy": ["localhost"]}).reason is Reason.PROXY


def test_the_environment_is_read_where_it_is_asked_for(
    server: foreign.Server, authority: foreign.Authority, monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, other = ("https_proxy", "http_proxy") if server.url.startswith("wss") else ("http_proxy", "https_proxy")
    for name in [own, other, own.upper(), other.upper(), "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]:
        monkeypatch.delenv(name, raising=False)
    with forward_proxies.microsocks(authenticates=False) as port:
        way = f"socks5://127.0.0.1:{port}"
        for name in [own, own.upper(), "all_proxy"]:
            with monkeypatch.context() as patch:
                patch.setenv(name, way)
                patch.setenv(other, "http://127.0.0.1:9")
                assert passes(server, None, ca=str(authority.ca)).proxy == "", "nobody asked"
                assert passes(server, "env", ca=str(authority.ca)).proxy == f"socks5h://127.0.0.1:{port}"
                patch.setenv("no_proxy", "example.org, localhost")
                assert passes(server, "env", ca=str(authority.ca)).proxy == ""
    monkeypatch.setenv(own, "ftp://secret@proxy")
    state = failure("env", url=server.url.replace("127.0.0.1", "localhost"))
    assert state.reason is Reason.PROXY and f"The environment variable {own} is no proxy" in state.message
    assert "secret" not in state.message


def test_the_environment_is_read_again_at_a_start_and_a_reconnect(
    server: foreign.Server, authority: foreign.Authority, monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = "https_proxy" if server.url.startswith("wss") else "http_proxy"
    for name in [own, own.upper(), "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"]:
        monkeypatch.delenv(name, raising=False)
    settings = QUICK | {"url": server.url, "ca": str(authority.ca), "proxy": "env"}
    node = neuron_ws.Node("n", settings)

    def way(opened: int) -> str:
        foreign.wait_until(lambda: node.metrics.connections_opened >= opened and node.state.link, 30)
        return node.state.proxy

    with forward_proxies.microsocks(authenticates=False) as port:
        monkeypatch.setenv(own, f"socks5://127.0.0.1:{port}")
        node.start()
        assert way(1) == f"socks5h://127.0.0.1:{port}"
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        node.reconnect()
        assert way(2) == ""
        monkeypatch.delenv("no_proxy")
        node.configure({**settings, "ping-interval": 7})
        node.reconnect()
        assert way(3) == f"socks5h://127.0.0.1:{port}"
    node.close()


@pytest.mark.parametrize(("answer", "words"), [
    (b"SSH-2.0-OpenSSH\r\n", "does not answer in HTTP"),
    (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\npage!", "HTTP status 403 (Forbidden)"),
    (b"HTTP/1.0 500 Unable to connect\r\n\r\n", "It could not reach the server"),
    (b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\n\r\n", "waits 7 s"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\n\r\n", "HTTP status 302"),
    (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: NTLM\r\n\r\n", "not spoken (ntlm)"),
    (b"HTTP/1.1 407 Who\r\n\r\n", "does not say of which kind (Proxy-Authenticate)"),
    (b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest nonce=n, algorithm=SHA-512-256\r\n\r\n",
     "Digest with MD5 or SHA-256 and qop auth"),
    (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "It does not take the user and password of the setting proxy"),
    (b"\x15\x03\x03\x00\x02\x02\x28", "or speaks TLS (https://)"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 9000, "longer than 8192 bytes"),
    (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 10_000, "more than 128 fields"),
    (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n", "HTTP status 404"),
])
def test_http_proxies_that_misbehave(answer: bytes, words: str) -> None:
    with Answering(answer) as proxy:
        state = failure(f"http://{CREDENTIALS}127.0.0.1:{proxy.port}")
    assert words in state.message
    expected = Reason.HANDSHAKE_REJECTED if "404" in words else Reason.PROXY
    assert state.reason is expected
    assert proxy.heard[0].startswith(b"CONNECT plant.invalid:80 HTTP/1.1\r\nHost: plant.invalid:80\r\n")
    assert b"Authorization" not in proxy.heard[0], "nobody has asked for it"


@pytest.mark.parametrize("number", range(1, 10))
def test_each_error_of_socks(number: int) -> None:
    with Answering(bytes([5, 0, 5, number, 0, 1, 0, 0, 0, 0, 0, 0])) as proxy:
        state = failure(f"socks5h://127.0.0.1:{proxy.port}")
    assert state.reason is Reason.PROXY
    assert f"The proxy socks5h://127.0.0.1:{proxy.port} answered: " in state.message


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_a_proxy_that_hangs_or_closes_or_is_not_there(scheme: str) -> None:
    with Answering(b"") as proxy:
        state = failure(f"{scheme}://127.0.0.1:{proxy.port}", **{"connect-timeout": 0.5})
        assert state.reason is Reason.CONNECT_TIMEOUT and f"{scheme}://127.0.0.1:{proxy.port}" in state.message
    with Answering(b"", ends=True) as proxy:
        state = failure(f"{scheme}://127.0.0.1:{proxy.port}")
        assert state.reason is Reason.PROXY and f"{scheme}://127.0.0.1:{proxy.port}" in state.message
    state = failure(f"{scheme}://127.0.0.1:{foreign.free_port()}")
    assert state.reason is Reason.PROXY and state.system_error != 0 and "connection refused" in state.message


def test_a_proxy_that_asks_for_ever_is_asked_a_few_times() -> None:
    with Answering(b'HTTP/1.1 407 W\r\nProxy-Authenticate: Digest nonce="n", stale=true\r\n\r\n', ends=True) as proxy:
        state = failure(f"http://{CREDENTIALS}127.0.0.1:{proxy.port}", **{"reconnect-min": 60, "reconnect-max": 60})
        assert 1 < len(proxy.heard) <= 5
    assert state.reason is Reason.PROXY and "does not take the user and password" in state.message


def test_the_phase_is_the_proxys_while_it_is_asked() -> None:
    with Answering(b"") as proxy:
        settings = {"url": "ws://plant.invalid/", "proxy": f"http://127.0.0.1:{proxy.port}"}
        with neuron_ws.Node("proxied", settings) as node:
            foreign.wait_until(lambda: node.state.phase is Phase.PROXY, 60, "the proxy's phase")
            assert f"by the proxy http://127.0.0.1:{proxy.port}" in node.state.message
            assert "waiting for the proxy's answer" in node.state.message


@pytest.mark.parametrize("asks", [False, True])
def test_check_says_which_proxy(asks: bool, tmp_path: Path) -> None:
    with foreign.Server(echo=True) as server, forward_proxies.tinyproxy(tmp_path, authenticates=asks) as port:
        settings = {"url": server.url, "proxy": f"http://{USER}:{PLAIN_PASSWORD}@127.0.0.1:{port}"}
        file = tmp_path / "settings.json"
        file.write_text(json.dumps(settings))
        done = subprocess.run(
            [foreign.TOOL, "check", "--settings", file, "--wait", "0"], capture_output=True, text=True,
            timeout=120)
    assert f"http://127.0.0.1:{port}" in done.stdout, done.stdout + done.stderr
    assert "the proxy leads to the server" in done.stdout
    assert PLAIN_PASSWORD not in done.stdout + done.stderr
