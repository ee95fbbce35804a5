# SPDX-License-Identifier: Apache-2.0
"""TLS and HTTP servers as they are set up in the field, rightly and wrongly: nginx, and the openssl tool's own."""

from __future__ import annotations

import contextlib
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import neuron_ws
import proxy
import pytest
from neuron_ws import Reason, TLSFailure

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 10}


def failure(settings: dict[str, Any]) -> neuron_ws.State:
    """The state after the first attempt has failed."""
    with neuron_ws.Node("tls", {**QUICK, **settings}) as node:
        return foreign.failure(node)


def connects(settings: dict[str, Any]) -> neuron_ws.State:
    with neuron_ws.Node("tls", {**QUICK, **settings}) as node:
        foreign.wait_until(lambda: node.state.link, 15, f"a connection: {node.state.message}")
        return node.state


# ---- nginx that passes no WebSockets on ----------------------------------------------------------------------------

MENDING = ("proxy_http_version 1.1;", "proxy_set_header Upgrade $http_upgrade;",
           'proxy_set_header Connection "upgrade";')


@pytest.mark.parametrize("passing", ["", "proxy_http_version 1.1;"])
def test_an_nginx_that_does_not_pass_websockets_on_is_named_first(passing: str, tmp_path: Path) -> None:
    with foreign.Server() as server, proxy.nginx(server.port, tmp_path, passing=passing) as port:
        state = failure({"url": f"ws://127.0.0.1:{port}/"})
    assert state.http_status in (400, 426, 505)
    assert f"HTTP status {state.http_status}; expected 101. A proxy before it must pass" in state.message
    assert all(line in state.message for line in MENDING)


def test_the_application_behind_such_an_nginx_says_404(tmp_path: Path) -> None:
    class NotFound(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), NotFound) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with proxy.nginx(server.server_port, tmp_path, passing="") as port:
                state = failure({"url": f"ws://127.0.0.1:{port}/"})
        finally:
            server.shutdown()
            thread.join()
    assert state.http_status == 404
    assert all(line in state.message for line in MENDING)


def test_ones_own_host_reaches_the_server_once(tmp_path: Path) -> None:
    with foreign.Server() as server:
        settings = {"url": f"ws://127.0.0.1:{server.port}/", "headers": {"host": "line-7.plant.example"}}
        connects(settings)
        foreign.wait_until(lambda: server.requests)
    assert server.requests[0][1].get_all("Host") == ["line-7.plant.example"]


# ---- client certificates -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("verify", ["on", "optional"])
def test_an_nginx_that_wants_a_client_certificate_says_400(
    verify: str, authority: foreign.Authority, tmp_path: Path,
) -> None:
    options = f"ssl_client_certificate {authority.ca};\n        ssl_verify_client {verify}"
    passing = proxy.PASSING + 'if ($ssl_client_verify != SUCCESS) { return 403; }'
    with foreign.Server() as server, proxy.nginx(
            server.port, tmp_path, authority, passing=passing, tls_options=options) as port:
        settings = {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca)}
        state = failure(settings)
        assert state.http_status == (400 if verify == "on" else 403)
        assert state.message.startswith(f"The server answered with HTTP status {state.http_status}")
        assert "asked for a client certificate in TLS and got none: set cert and key" in state.message
        connects({**settings, "cert": str(authority.cert), "key": str(authority.key)})


# ---- openssl s_server: groups --------------------------------------------------------------------------------------

@contextlib.contextmanager
def s_server(cert: Path, key: Path, *options: str) -> Iterator[int]:
    """A TLS server that answers no HTTP: what counts is how the TLS handshake ends."""
    port = foreign.free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-cert", str(cert),
               "-key", str(key), *options]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        foreign.wait_until(lambda: foreign.listens(port) or process.poll() is not None, 10, "s_server")
        assert process.poll() is None, command
        yield port
    finally:
        process.kill()
        process.wait(10)
        assert process.stdin is not None
        process.stdin.close()


def reaches_the_handshake(port: int, ca: Path) -> bool:
    settings = {**QUICK, "url": f"wss://127.0.0.1:{port}/", "ca": str(ca)}
    with neuron_ws.Node("tls", settings) as node:
        foreign.wait_until(lambda: node.state.tls_version or node.state.reason is not Reason.NONE, 15)
        return node.state.tls_version != ""


@pytest.mark.parametrize("bits, taken", [(2048, True), (4096, True), (6144, False), (8192, False)])
def test_an_exchange_of_keys_of_unreasonable_size_is_refused(
    bits: int, taken: bool, tmp_path: Path,
) -> None:
    parameters = tmp_path / "dh.pem"
    subprocess.run(["openssl", "genpkey", "-genparam", "-algorithm", "DH", "-pkeyopt", f"group:ffdhe{bits}",
                    "-out", str(parameters)], check=True, capture_output=True)
    key, cert = tmp_path / "rsa.key", tmp_path / "rsa.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert)
    with s_server(cert, key, "-tls1_2", "-cipher", "DHE", "-dhparam", str(parameters)) as port:
        if taken:
            assert reaches_the_handshake(port, cert)
            return
        state = failure({"url": f"wss://127.0.0.1:{port}/", "ca": str(cert)})
    assert state.reason is Reason.TLS and state.tls_failure is TLSFailure.PROTOCOL
    assert f"Diffie-Hellman group of {bits} bits, at most 4096 are taken here" in state.message


@pytest.mark.parametrize("bits, taken", [(4096, True), (6144, False), (8192, False)])
def test_large_groups_are_not_offered_in_tls_1_3(bits: int, taken: bool, authority: foreign.Authority) -> None:
    with s_server(authority.cert, authority.key, "-tls1_3", "-groups", f"ffdhe{bits}") as port:
        if taken:
            assert reaches_the_handshake(port, authority.ca)
        else:
            state = failure({"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca)})
            assert state.reason is Reason.TLS


# ---- certificates and keys in every form ---------------------------------------------------------------------------

def refusal(settings: dict[str, Any]) -> str:
    with pytest.raises(neuron_ws.NeuronWSError) as caught:
        neuron_ws.Node("pem", {"url": "wss://127.0.0.1:1/", **settings}).close()
    return str(caught.value)


def openssl(*words: object, stdin: bytes = b"") -> None:
    subprocess.run(["openssl", *map(str, words)], input=stdin, check=True, capture_output=True)


def test_each_form_of_a_key_is_taken(authority: foreign.Authority, tmp_path: Path) -> None:
    def taken(key: Path, **more: str) -> None:
        settings = {"url": "wss://127.0.0.1:1/", "cert": str(authority.cert), "key": str(key), **more}
        neuron_ws.Node("pem", settings).close()

    forms = {
        "sec1": ["ec", "-in", authority.key], "pkcs8": ["pkey", "-in", authority.key],
        "sec1-encrypted": ["ec", "-aes256", "-passout", "pass:s3cret", "-in", authority.key],
        "pbes2": ["pkcs8", "-topk8", "-v2", "aes256", "-passout", "pass:s3cret", "-in", authority.key],
    }
    for name, words in forms.items():
        path = tmp_path / name
        openssl(*words, "-out", path)
        taken(path, keypass="s3cret")
        windows, marked = tmp_path / (name + "-crlf"), tmp_path / (name + "-bom")
        windows.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        taken(windows, keypass="s3cret")
        marked.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        taken(marked, keypass="s3cret")
    parameters = tmp_path / "with-parameters"
    openssl("ecparam", "-name", "prime256v1", "-out", parameters)
    parameters.write_bytes(parameters.read_bytes() + (tmp_path / "sec1").read_bytes())
    taken(parameters)
    one_line = tmp_path / "one-line"
    one_line.write_text(authority.key.read_text().replace("\n", " "))
    taken(one_line)
    both = tmp_path / "both"
    both.write_bytes(authority.key.read_bytes() + authority.cert.read_bytes())
    neuron_ws.Node("pem", {"url": "wss://127.0.0.1:1/", "cert": str(both), "key": str(both)}).close()


def test_each_thing_that_is_no_ca_is_told(authority: foreign.Authority, tmp_path: Path) -> None:
    def told(name: str, *words: object) -> str:
        openssl(*words, "-out", tmp_path / name)
        return refusal({"ca": str(tmp_path / name)})

    assert "holds PKCS #7, not a certificate: take the certificates out with openssl pkcs7" in told(
        "p7", "crl2pkcs7", "-nocrl", "-certfile", authority.ca)
    assert "holds DER (binary) of PKCS #7" in told(
        "p7.der", "crl2pkcs7", "-nocrl", "-certfile", authority.ca, "-outform", "der")
    assert "holds DER (binary) of a certificate" in told("der", "x509", "-in", authority.ca, "-outform", "der")
    assert "holds DER (binary) of PKCS #12" in told(
        "p12", "pkcs12", "-export", "-in", authority.cert, "-inkey", authority.key, "-passout", "pass:x")
    assert "holds a public key, not a certificate" in told("pub", "pkey", "-in", authority.key, "-pubout")
    assert "holds the parameters of a curve" in told("ecparam", "ecparam", "-name", "prime256v1")
    assert "holds a certificate request" in told(
        "csr", "req", "-new", "-key", authority.key, "-subj", "/CN=x")
    utf16 = tmp_path / "utf16"
    utf16.write_bytes(authority.ca.read_text().encode("utf-16"))
    assert "holds UTF-16 text" in refusal({"ca": str(utf16)})
    trusted = tmp_path / "trusted"
    openssl("x509", "-trustout", "-in", authority.ca, "-out", trusted)
    assert b"BEGIN TRUSTED CERTIFICATE" in trusted.read_bytes()
    neuron_ws.Node("pem", {"url": "wss://127.0.0.1:1/", "ca": str(trusted)}).close()


def test_each_thing_that_is_no_key_is_told(authority: foreign.Authority, tmp_path: Path) -> None:
    def told(path: Path, **more: str) -> str:
        return refusal({"cert": str(authority.cert), "key": str(path), **more})

    path = tmp_path / "key"
    openssl("pkey", "-in", authority.key, "-outform", "der", "-out", path)
    assert "holds DER (binary) of a key" in told(path)
    openssl("pkcs8", "-topk8", "-outform", "der", "-passout", "pass:x", "-in", authority.key, "-out", path)
    assert "holds DER (binary) of a key" in told(path)
    # What Windows and old tools still write; OpenSSL 3 knows it only with its legacy provider.
    openssl("pkcs8", "-topk8", "-v1", "PBE-MD5-DES", "-provider", "legacy", "-provider", "default",
            "-passout", "pass:x", "-in", authority.key, "-out", path)
    assert "is encrypted in a way that this OpenSSL does not know" in told(path, keypass="x")
