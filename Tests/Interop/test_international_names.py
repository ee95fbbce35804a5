# SPDX-License-Identifier: Apache-2.0
"""Hosts whose names are beyond ASCII, in every place that names one: the other end sees their ASCII form (RFC 5891),
the host who wrote them sees them as they were written."""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any, Optional

import foreign
import forward_proxies
import neuron_ws
import pytest
from answering import Answering, redirect
from namespaces import play
from neuron_ws import Reason, TLSFailure
from test_handshake import Watched

pytestmark = pytest.mark.usefixtures("no_leaks")

# All below localhost is this host itself.
WRITTEN, ASCII = "fabrik-münchen.localhost", "xn--fabrik-mnchen-3ob.localhost"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """For the name in its ASCII form, as authorities give them out; it signs itself."""
    folder = tmp_path_factory.mktemp("idn")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=x", "-addext", f"subjectAltName=DNS:{ASCII}", "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True)
    return cert, key


def test_the_server_is_asked_by_the_ascii_form_and_shown_as_written() -> None:
    with Answering() as server, Watched({"url": f"ws://Fabrik-München.localhost:{server.port}/p?key=1",
                                         "log-level": "debug"}) as watched:
        state = watched.opened()
        assert state.url == f"ws://Fabrik-München.localhost:{server.port}/p?key=…"
        assert watched.told(f"ws://Fabrik-München.localhost:{server.port}/p")
        assert server.heads[0].get("Host") == f"{ASCII}:{server.port}"


def test_the_dot_of_another_script_and_host_with_port_are_taken() -> None:
    with Answering() as server:
        for settings in ({"url": f"ws://fabrik-münchen。localhost:{server.port}"},
                         {"host": "ｌｏｃａｌｈｏｓｔ", "port": server.port, "path": "p"},
                         {"url": f"ws://{WRITTEN}.:{server.port}"}):
            with Watched(settings) as watched:
                watched.opened()
        assert [head.get("Host") for head in server.heads] == [
            f"{ASCII}:{server.port}", f"localhost:{server.port}", f"{ASCII}.:{server.port}"]


def tls_server(certificate: tuple[Path, Path], names: list[Optional[str]]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.sni_callback = lambda connection, name, own: names.append(name)
    return context


def test_tls_asks_for_and_checks_the_ascii_form(certificate: tuple[Path, Path]) -> None:
    names: list[Optional[str]] = []
    trust = {"ca": str(certificate[0])}
    with Answering(tls=tls_server(certificate, names)) as server:
        with Watched({"url": f"wss://{WRITTEN}:{server.port}/", **trust}) as watched:
            assert watched.opened().tls_version
        for name in ("tls-server-name", "tls-verify-name"):
            with Watched({"url": server.url, name: WRITTEN, **trust}) as watched:
                watched.opened()
        with Watched({"url": f"wss://fabrik-köln.localhost:{server.port}/", **trust}) as watched:
            state = watched.failed()
            assert state.tls_failure is TLSFailure.WRONG_NAME
            assert "xn--fabrik-kln-lcb.localhost" in state.message, state.message
    assert names[:2] == [ASCII, ASCII] and names[-1] == "xn--fabrik-kln-lcb.localhost", names


@pytest.mark.parametrize("host", [WRITTEN, ASCII])
def test_a_redirect_leads_there_whichever_way_it_is_written(host: str) -> None:
    with Answering() as server:
        # Beyond ASCII a Location should not be (RFC 3986 section 3.2.2); browsers follow it.
        with Answering(lambda head: redirect(f"http://{host}:{server.port}/new")) as first:
            with Watched({"url": first.url, "redirects": 1, "token": "s3cret"}) as watched:
                assert watched.opened().url == f"ws://{host}:{server.port}/new"
    assert server.heads[0].get("Host") == f"{ASCII}:{server.port}"
    assert server.heads[0].get("Authorization") is None


def test_a_circle_of_redirects_is_seen_though_it_is_written_in_two_ways() -> None:
    hosts = iter([ASCII, WRITTEN, ASCII, WRITTEN, ASCII, WRITTEN])
    with Answering(lambda head: redirect(f"http://{next(hosts)}:{server.port}/")) as server:
        with Watched({"url": f"ws://{WRITTEN}:{server.port}/", "redirects": 5}) as watched:
            state = watched.failed()
            assert state.reason is Reason.HANDSHAKE_REJECTED and "in a circle" in state.message, state.message


def test_proxies_have_such_names_and_are_told_such_names(tmp_path: Path) -> None:
    with forward_proxies.tinyproxy(tmp_path, authenticates=False) as http, Answering() as server:
        url = f"ws://{WRITTEN}:{server.port}/"
        hosts = tmp_path / "tinyproxy.log"
        with Watched({"url": url, "proxy": f"http://{WRITTEN}:{http}", "connect-timeout": 5}) as watched:
            # tinyproxy asks the system, which knows the name only where something below localhost is known.
            watched.until(lambda: watched.node.state.link or watched.node.state.reason is Reason.PROXY)
            assert watched.node.state.proxy == f"http://{ASCII}:{http}"
        assert ASCII in hosts.read_text(errors="replace")
        with Watched({"url": url, "proxy": "http://127.0.0.1:1", "no-proxy": [WRITTEN]}) as watched:
            watched.opened()


@pytest.mark.parametrize("kind", ["http", "socks5h"])
def test_the_proxy_is_asked_for_the_ascii_form(kind: str) -> None:
    greeting = b"\5\0" if kind == "socks5h" else b"HTTP/1.1 502 No\r\n\r\n"
    heard = bytearray()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                heard.extend(connection.recv(65536))
                connection.sendall(greeting)
                heard.extend(connection.recv(65536))

        thread = threading.Thread(target=serve)
        thread.start()
        settings = {"url": "wss://fabrik-münchen.example/", "reconnect-min": 300, "reconnect-max": 300,
                    "proxy": f"{kind}://127.0.0.1:{listener.getsockname()[1]}"}
        with Watched(settings) as watched:
            watched.failed()
        thread.join(20)
    assert b"xn--fabrik-mnchen-3ob.example" in heard, bytes(heard)
    assert "fabrik-münchen".encode() not in heard


BAD = [
    ("☃.net", "cannot have"), ("-ä.de", "cannot have"), ("℀.example", "cannot have"), ("\u00ad", "cannot have"),
    ("ä..de", "cannot have"), ("ä" * 60, "longer than 63"), (".".join(["ä" * 40] * 6), "more than 253"),
    ("xn--ä.de", "begins with xn--"), ("אa.de", "RFC 5893"), ("a＠ä", "cannot have"), ("ä/ö", "percent-encoded"),
    ("ä:８０", "port"),
]


@pytest.mark.parametrize("host, says", BAD, ids=range(len(BAD)))
def test_what_idna_refuses_is_refused_with_a_reason(host: str, says: str) -> None:
    with pytest.raises(neuron_ws.SettingsError, match=re.escape(says)) as caught:
        neuron_ws.Node("line-1", {"url": f"ws://{host}/"}).close()
    assert '"url"' in str(caught.value)


@pytest.mark.parametrize("environment", [{}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "CHARSET": "ISO-8859-1"}])
def test_the_tool_takes_them_in_any_locale(environment: dict[str, str]) -> None:
    with foreign.Server(echo=True) as server:
        url = f"ws://{WRITTEN}:{server.port}/"
        done = subprocess.run([str(foreign.TOOL), "check", url], capture_output=True, timeout=60,
                              env={**os.environ, **environment})
        text = done.stdout.decode()
        assert done.returncode == 0, text + done.stderr.decode()
        assert server.requests[0][1]["Host"] == f"{ASCII}:{server.port}"


# ---- networks of their own -----------------------------------------------------------------------------------------

def test_hosts_file_and_name_server_are_asked_by_the_ascii_form() -> None:
    got: dict[str, Any] = play("name_scenes.py", "known_names")
    assert max(got["hosts"], got["dns"]) < 20
    assert "xn--r8jz45g.xn--zckzah" in got["questions"]
    assert not [name for name in got["questions"] if not name.isascii()]
    assert "xn--unbekannte-strae-ulb.example" in got["unknown"]["message"], got["unknown"]


def test_without_the_library_it_is_said_what_to_do() -> None:
    got: dict[str, Any] = play("name_scenes.py", "no_library")
    for name, text in got["refused"].items():
        assert f'"{name}"' in text, (name, text)
        assert "libidn2" in text, (name, text)
    assert got["plain"] < 20
