# SPDX-License-Identifier: Apache-2.0
"""Each reason for which a connection ends, by a server that ends it so: in the state, in one event for each transition,
in the metrics and in the log."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, ContextManager, Optional

import answering
import bad_servers as bad
import foreign
import neuron_ws
import pytest
from neuron_ws import Phase, Reason, TLSFailure

pytestmark = pytest.mark.usefixtures("no_leaks")

Setting = ContextManager[dict[str, Any]]


@dataclass
class Row:
    """One way to end."""

    reason: Reason
    # The server; it gives the node's settings.
    server: Callable[[foreign.Authority], Setting]
    name: str
    # What the sentence says, as a pattern.
    says: str
    close_code: int = 0
    http_status: Optional[int] = None
    tls_failure: TLSFailure = TLSFailure.NONE
    has_errno: bool = False
    # What the host does about it once the link is there.
    act: Optional[Callable[[neuron_ws.Node], None]] = None


def closes(code: int) -> Callable[[foreign.Authority], Setting]:
    @contextlib.contextmanager
    def server(_: foreign.Authority) -> Iterator[dict[str, Any]]:
        def then(head: answering.Head, connection: socket.socket) -> None:
            connection.sendall(answering.close_frame(code, b"as said"))

        with answering.Answering(then=then) as running:
            yield {"url": running.url}
    return server


def behaves(behaviour: bad.Behaviour, **settings: Any) -> Callable[[foreign.Authority], Setting]:
    @contextlib.contextmanager
    def server(_: foreign.Authority) -> Iterator[dict[str, Any]]:
        with bad.BadServer(behaviour) as running:
            yield {"url": f"ws://127.0.0.1:{running.port}/", **settings}
    return server


def at(url: str, **settings: Any) -> Callable[[foreign.Authority], Setting]:
    @contextlib.contextmanager
    def nowhere(_: foreign.Authority) -> Iterator[dict[str, Any]]:
        yield {"url": url, **settings}
    return nowhere


def secure(**settings: Any) -> Callable[[foreign.Authority], Setting]:
    @contextlib.contextmanager
    def server(authority: foreign.Authority) -> Iterator[dict[str, Any]]:
        with foreign.Server(tls=authority.server_context()) as running:
            yield {"url": running.url, **({"ca": str(authority.ca)} | settings)}
    return server


def certified(extensions: str = "", days: tuple[str, str] = ("", ""), revoked: bool = False,
              **settings: Any) -> Callable[[foreign.Authority], Setting]:
    """A server whose certificate the authority gave for other days than these, or took back."""
    @contextlib.contextmanager
    def server(authority: foreign.Authority) -> Iterator[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as name:
            home = Path(name)
            for file in ("index", "index.attr"):
                (home / file).write_text("")
            for file in ("serial", "crlnumber"):
                (home / file).write_text("01")
            (home / "config").write_text(
                f"[ca]\ndefault_ca=x\n[x]\ndatabase={home}/index\nserial={home}/serial\n"
                f"crlnumber={home}/crlnumber\n"
                f"new_certs_dir={home}\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
                f"certificate={authority.ca}\n"
                f"private_key={authority.ca.parent}/ca.key\n[p]\ncommonName=supplied\n"
                "[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")

            def openssl(*words: object) -> None:
                subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)

            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                    "/CN=localhost", "-keyout", home / "key", "-out", home / "csr")
            dates = ["-startdate", days[0], "-enddate", days[1]] if days[0] else ["-days", "2"]
            openssl("ca", "-config", home / "config", "-batch", "-notext", *dates, "-in", home / "csr",
                    "-out", home / "cert")
            trusted = authority.ca.read_text()
            if revoked:
                openssl("ca", "-config", home / "config", "-revoke", home / "cert")
                openssl("ca", "-config", home / "config", "-gencrl", "-crldays", "2", "-out", home / "crl")
                trusted += (home / "crl").read_text()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(home / "cert", home / "key")
            with foreign.Server(tls=context) as running:
                yield {"url": running.url, "ca": trusted, **settings}
    return server


@contextlib.contextmanager
def self_signed(authority: foreign.Authority) -> Iterator[dict[str, Any]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as name:
        cert, key = Path(name) / "cert", Path(name) / "key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(cert)],
                       check=True, capture_output=True)
        context.load_cert_chain(cert, key)
    with foreign.Server(tls=context) as running:
        yield {"url": running.url, "ca": str(authority.ca)}


def asks(change: Callable[[ssl.SSLContext], object], **settings: Any) -> Callable[[foreign.Authority], Setting]:
    """A server that asks for more of TLS than the node has."""
    @contextlib.contextmanager
    def server(authority: foreign.Authority) -> Iterator[dict[str, Any]]:
        context = authority.server_context()
        change(context)
        with foreign.Server(tls=context) as running:
            yield {"url": running.url, "ca": str(authority.ca), **settings}
    return server


def wants_a_certificate(context: ssl.SSLContext) -> None:
    context.verify_mode = ssl.CERT_REQUIRED


def has_tls_1_2_only(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


@contextlib.contextmanager
def no_tls(_: foreign.Authority) -> Iterator[dict[str, Any]]:
    with bad.BadServer(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as running:
        yield {"url": f"wss://127.0.0.1:{running.port}/"}


@contextlib.contextmanager
def good(_: foreign.Authority) -> Iterator[dict[str, Any]]:
    with foreign.Server() as running:
        yield {"url": running.url}


def closed(code: int, reason: Reason, name: str) -> Row:
    return Row(reason, closes(code), name, rf"closed the connection with code {code}: as said\. \S", close_code=code)


ROWS = [
    closed(1000, Reason.NORMAL, "normal"),
    closed(1001, Reason.ENDPOINT_SHUTDOWN, "endpoint-shutdown"),
    *(closed(code, Reason.PROTOCOL_ERROR, "protocol-error") for code in (1002, 1003, 1007, 1010)),
    closed(1008, Reason.POLICY_VIOLATION, "policy-violation"),
    closed(1009, Reason.MESSAGE_TOO_BIG, "message-too-big"),
    closed(1011, Reason.SERVER_ERROR, "server-error"),
    closed(1012, Reason.TRY_LATER, "try-later"),
    closed(1013, Reason.TRY_LATER, "try-later"),
    closed(4000, Reason.APPLICATION, "application"),
    Row(Reason.ABNORMAL, behaves(bad.ends), "abnormal", "without a Close frame"),
    Row(Reason.PING_TIMEOUT, behaves(bad.reads_but_answers_nothing, **{"ping-interval": 0.5, "ping-timeout": 0.5}),
        "ping-timeout", r"\(setting ping-timeout\)"),
    Row(Reason.NETWORK_ERROR, at("ws://127.0.0.1:1/"), "network-error", "connection refused", has_errno=True),
    Row(Reason.DNS, at("ws://nowhere.invalid/"), "dns", "nowhere.invalid"),
    Row(Reason.CONNECT_TIMEOUT, behaves(bad.silent, **{"connect-timeout": 0.5}), "connect-timeout",
        r"\(setting connect-timeout\)"),
    Row(Reason.PROXY, behaves(bad.http("403 Forbidden")), "proxy", "HTTP status 403|answered .*403", http_status=403),
    Row(Reason.TLS, secure(ca=""), "tls", "comes from no authority", tls_failure=TLSFailure.UNKNOWN_CA),
    Row(Reason.TLS, secure(**{"tls-server-name": "other.example"}), "tls", "other.example",
        tls_failure=TLSFailure.WRONG_NAME),
    Row(Reason.TLS, certified(days=("20200101000000Z", "20200201000000Z")), "tls", "expired",
        tls_failure=TLSFailure.EXPIRED),
    Row(Reason.TLS, certified(days=("20900101000000Z", "20910101000000Z")), "tls", "is valid only from",
        tls_failure=TLSFailure.NOT_YET_VALID),
    Row(Reason.TLS, certified(revoked=True), "tls", "revoked", tls_failure=TLSFailure.REVOKED),
    Row(Reason.TLS, self_signed, "tls", "is signed by itself", tls_failure=TLSFailure.SELF_SIGNED),
    Row(Reason.TLS, secure(**{"tls-pins": ["sha256//" + "A" * 43 + "="]}), "tls", "tls-pins",
        tls_failure=TLSFailure.VERIFICATION),
    Row(Reason.TLS, asks(wants_a_certificate), "tls", "set cert and key", tls_failure=TLSFailure.CLIENT_CERTIFICATE),
    Row(Reason.TLS, asks(has_tls_1_2_only, **{"tls-min-version": "1.3"}), "tls", "TLS version",
        tls_failure=TLSFailure.PROTOCOL),
    Row(Reason.TLS, no_tls, "tls", "does not speak TLS", tls_failure=TLSFailure.NOT_TLS),
    Row(Reason.HANDSHAKE_REJECTED, behaves(bad.http("404 Not Found")), "handshake-rejected", "HTTP status 404",
        http_status=404),
    Row(Reason.HEARTBEAT_TIMEOUT, behaves(bad.reads_but_answers_nothing, **{
        "ping-interval": 0, "heartbeat": {"message": "beat", "interval": 0.5, "expect": True, "timeout": 0.5}}),
        "heartbeat-timeout", "heartbeat was not answered|setting heartbeat"),
    Row(Reason.STOPPED, good, "stopped", "was stopped", act=lambda node: node.stop(timeout=10)),
    Row(Reason.RECONFIGURED, good, "reconfigured", "asked for a new connection", act=lambda node: node.reconnect()),
]


def test_there_is_a_row_for_each_reason_and_each_failure_of_tls() -> None:
    # What the host refuses is told where a host refuses: test_slow_token.py.
    assert {row.reason for row in ROWS} == set(Reason) - {Reason.NONE, Reason.REFUSED_BY_HOST}
    assert {row.tls_failure for row in ROWS} == set(TLSFailure)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name}-{row.close_code or row.tls_failure.name.lower()}")
def test_each_end_is_told_everywhere(row: Row, authority: foreign.Authority) -> None:
    events: list[neuron_ws.StateEvent] = []
    lines: list[str] = []
    with row.server(authority) as given:
        # After the end nothing more happens: what is told is of this one.
        settings = {"reconnect-min": 300, "reconnect-max": 300, "connect-timeout": 20, **given}
        if row.reason is Reason.PROXY:
            settings |= {"proxy": settings["url"].replace("ws:", "http:").rstrip("/"), "url": "ws://plant.example/"}
        if settings.get("ca") == "":
            del settings["ca"]
        with neuron_ws.Node("row", settings, on_state=events.append,
                            on_log=lambda event: lines.append(event.text)) as node:
            def ended() -> bool:
                node.poll()
                return node.state.reason is row.reason and node.state.phase in (Phase.WAITING, Phase.IDLE, Phase.OPEN)

            if row.act is not None:
                foreign.wait_until(lambda: node.poll() or node.state.link, 30, node.state.message)
                row.act(node)
            if row.reason not in (Reason.STOPPED, Reason.RECONFIGURED):
                # The first wait is random, from nothing on: it may be over at once.
                foreign.wait_until(lambda: node.poll() or node.state.reason is row.reason, 40, node.state.message)
            foreign.wait_until(ended, 40, node.state.message)
            state = node.state
            text = node.metrics_text(neuron_ws.MetricsFormat.OPENMETRICS)
            ends = json.loads(node.metrics_text(neuron_ws.MetricsFormat.JSON))["endings"]
            node.poll()
            # One event for each transition: no two in a row say the same.
            told = [(event.phase, event.reason) for event in events]
            assert all(first != second for first, second in zip(told, told[1:])), told
            assert row.reason in [reason for _, reason in told]
    # What the host ends the server answers with a Close frame of its own, unless it is late.
    assert state.close_code == row.close_code or row.act and state.close_code == 1001
    assert state.http_status == row.http_status or row.http_status is None
    assert state.tls_failure is row.tls_failure
    assert (state.system_error not in (None, 0)) == row.has_errno
    assert re.search(row.says, state.message) or row.act, state.message
    assert any(re.search(row.says, line) for line in lines), lines
    assert ends[row.name] >= 1 and set(ends) <= {row.name, "stopped"}, ends
    assert re.search(rf'neuron_ws_endings_total{{node="row",reason="{row.name}"}} [1-9]', text), text
