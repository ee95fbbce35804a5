# SPDX-License-Identifier: Apache-2.0
"""Whom a node trusts and who it says it is, in TLS: pins, names, dates, renewed files, resumed sessions, PKCS #12."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import answering
import foreign
import neuron_ws
import proxy
import pytest
from neuron_ws import Reason, TLSFailure

pytestmark = pytest.mark.usefixtures("no_leaks")

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.1, "connect-timeout": 20}


def openssl(*words: object, stdin: bytes = b"") -> bytes:
    done = subprocess.run(["openssl", *map(str, words)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def failure(settings: dict[str, Any]) -> neuron_ws.State:
    with neuron_ws.Node("tls", {**QUICK, **settings}) as node:
        return foreign.failure(node)


class Watched:
    """A node and its log."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.lines: list[str] = []
        self.node = neuron_ws.Node(
            "tls", {**QUICK, **settings}, on_log=lambda event: self.lines.append(f"{event.level.name} {event.text}"))

    def __enter__(self) -> Watched:
        self.node.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.node.close()

    def opened(self, count: int = 1) -> neuron_ws.State:
        """The state of the connection of this number."""
        def is_there() -> bool:
            self.node.poll()
            return bool(self.node.state.link) and self.node.metrics.connections_opened >= count

        foreign.wait_until(is_there, 30, f"connection {count}: {self.node.state.message}")
        return self.node.state

    def told(self, words: str) -> list[str]:
        self.node.poll()
        return [line for line in self.lines if words in line]


# ---- pins ----------------------------------------------------------------------------------------------------------

def pin(cert: Path) -> bytes:
    public = openssl("x509", "-in", cert, "-noout", "-pubkey")
    return hashlib.sha256(openssl("pkey", "-pubin", "-outform", "der", stdin=public)).digest()


def test_one_of_the_pins_must_be_the_servers(authority: foreign.Authority) -> None:
    own, other = pin(authority.cert), hashlib.sha256(b"another").digest()
    with foreign.Server(tls=authority.server_context()) as server:
        settings = {"url": server.url, "ca": str(authority.ca)}
        for pins in ([base64.b64encode(own).decode()], [other.hex(), "sha256/" + own.hex()]):
            with Watched({**settings, "tls-pins": pins}) as watched:
                watched.opened()
        state = failure({**settings, "tls-pins": [other.hex()]})
    assert state.reason is Reason.TLS and state.tls_failure is TLSFailure.VERIFICATION
    assert f"none of the public keys in tls-pins: its key is sha256/{base64.b64encode(own).decode()}" in state.message
    # A pin does not take the place of the authority.
    with foreign.Server(tls=authority.server_context()) as server:
        state = failure({"url": server.url, "tls-pins": [own.hex()]})
    assert state.tls_failure is TLSFailure.UNKNOWN_CA


# ---- the key log ---------------------------------------------------------------------------------------------------

def test_the_key_log_is_wiresharks_and_nobody_elses(authority: foreign.Authority, tmp_path: Path) -> None:
    log = tmp_path / "keys.log"
    with foreign.Server(tls=authority.server_context()) as server:
        with Watched({"url": server.url, "ca": str(authority.ca), "tls-keylog": str(log)}) as watched:
            watched.opened()
            assert watched.told("WARN " + server.url + ": the connection's secrets are written to a file")
    lines = log.read_text().splitlines()
    assert any(line.startswith("CLIENT_TRAFFIC_SECRET_0 ") for line in lines), lines
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_key_log_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "no" / "where", tmp_path, link):
        with pytest.raises(neuron_ws.SettingsError, match='"tls-keylog": names the file .*, which cannot be written'):
            neuron_ws.Node("tls", {"url": "wss://127.0.0.1:9/", "tls-keylog": str(path)})
    assert not (tmp_path / "elsewhere").exists()


# ---- who we are ----------------------------------------------------------------------------------------------------

def identity(folder: Path, name: str, authority: foreign.Authority) -> tuple[Path, Path]:
    """A client certificate that the authority has signed, and its key."""
    folder.mkdir(exist_ok=True)
    key, request, cert = (folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
            "-keyout", key, "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority.ca, "-CAkey", authority.ca.parent / "ca.key",
            "-CAcreateserial", "-days", 2, "-out", cert)
    key.chmod(0o600)
    return cert, key


NAMES = (proxy.PASSING + "proxy_set_header X-Client $ssl_client_s_dn;"
         "proxy_set_header X-Reused $ssl_session_reused; proxy_set_header X-Asked $ssl_server_name;")


@pytest.fixture
def asking(authority: foreign.Authority, tmp_path: Path) -> Iterator[tuple[int, foreign.Server]]:
    """An nginx that wants a client certificate, and tells the server behind it whom it has seen."""
    options = f"ssl_client_certificate {authority.ca};\n        ssl_verify_client on"
    with foreign.Server() as server, proxy.nginx(
            server.port, tmp_path, authority, passing=NAMES, tls_options=options) as port:
        yield port, server


@pytest.mark.parametrize("form", ["file", "base64"])
def test_pkcs12_holds_certificate_and_key(
    form: str, asking: tuple[int, foreign.Server], authority: foreign.Authority, tmp_path: Path,
) -> None:
    port, server = asking
    cert, key = identity(tmp_path, "press-7", authority)
    bundle = tmp_path / "press.p12"
    openssl("pkcs12", "-export", "-in", cert, "-inkey", key, "-certfile", authority.ca, "-passout", "pass:open me",
            "-out", bundle)
    bundle.chmod(0o600)
    given = str(bundle) if form == "file" else base64.b64encode(bundle.read_bytes()).decode()
    settings = {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca), "cert": given}
    with Watched({**settings, "keypass": "open me"}) as watched:
        watched.opened()
    assert server.requests[0][1]["X-Client"] == "CN=press-7"
    for more, words in (({}, '"keypass": is missing: cert is PKCS #12 with a password'),
                        ({"keypass": "wrong"}, '"keypass": is wrong: cert cannot be opened with it'),
                        ({"keypass": "open me", "key": str(key)}, '"key": stands beside cert, which is PKCS #12')):
        with pytest.raises(neuron_ws.SettingsError) as caught:
            neuron_ws.Node("tls", {**settings, **more})
        assert words in str(caught.value)


def test_pkcs12_without_a_mac_is_told_or_opened(authority: foreign.Authority, tmp_path: Path) -> None:
    """OpenSSL 3.0 does not open it with a password at all, a newer one does."""
    cert, key = identity(tmp_path, "press-7", authority)
    bundle = tmp_path / "press.p12"
    openssl("pkcs12", "-export", "-in", cert, "-inkey", key, "-nomac", "-passout", "pass:open me", "-out", bundle)
    bundle.chmod(0o600)
    settings = {"url": "wss://127.0.0.1:9/", "cert": str(bundle)}
    told = '"cert": is PKCS #12 without a MAC, which this OpenSSL cannot open|"keypass": is '
    for more in ({"keypass": "wrong"}, {}):
        with pytest.raises(neuron_ws.SettingsError, match=told):
            neuron_ws.Node("tls", {**settings, **more})
    try:
        neuron_ws.Node("tls", {**settings, "keypass": "open me"}).close()
    except neuron_ws.SettingsError as error:
        assert '"cert": is PKCS #12 without a MAC' in str(error)


def test_a_certificate_without_its_key_is_told(authority: foreign.Authority, tmp_path: Path) -> None:
    cert, key = identity(tmp_path, "press-7", authority)
    with pytest.raises(neuron_ws.SettingsError, match='"key": is missing: cert is set, and each needs the other'):
        neuron_ws.Node("tls", {"url": "wss://127.0.0.1:9/", "cert": str(cert)})
    for words, holds in (["-nokeys", "-in", str(cert)], "no key"), (["-nocerts", "-inkey", str(key)], "no certificate"):
        half = tmp_path / "half.p12"
        subprocess.run(["openssl", "pkcs12", "-export", *words, "-out", half, "-passout", "pass:"], check=True)
        with pytest.raises(neuron_ws.SettingsError, match=f'"cert": is PKCS #12 that holds {holds}'):
            neuron_ws.Node("tls", {"url": "wss://127.0.0.1:9/", "cert": str(half)})
    damaged = tmp_path / "damaged.p12"
    damaged.write_bytes(b"\x30\x82\x09\x00\x02\x01\x03" + bytes(200))
    with pytest.raises(neuron_ws.SettingsError, match='"cert": is damaged PKCS #12'):
        neuron_ws.Node("tls", {"url": "wss://127.0.0.1:9/", "cert": str(damaged)})


def test_files_that_are_replaced_are_used_at_the_next_connection(
    asking: tuple[int, foreign.Server], authority: foreign.Authority, tmp_path: Path,
) -> None:
    port, server = asking
    (old_cert, old_key), (new_cert, new_key) = (identity(tmp_path / "ids", name, authority) for name in ("old", "new"))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"

    def put(source: Path, target: Path) -> None:
        copy = target.with_suffix(".new")
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o600)
        os.replace(copy, target)

    put(old_cert, cert)
    put(old_key, key)
    settings = {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca), "cert": str(cert), "key": str(key)}
    with Watched(settings) as watched:
        watched.opened()
        # Half a pair: what is in use stays in use.
        put(new_cert, cert)
        watched.node.reconnect()
        watched.opened(2)
        assert watched.told("WARN The file " + str(cert) + " was replaced, and cannot be used: \"key\" does not belong")
        put(new_key, key)
        watched.node.reconnect()
        watched.opened(3)
        assert watched.told("NOTICE The file " + str(key) + " was replaced: what it holds now is in use.")
        watched.node.reconnect()
        watched.opened(4)
        assert len(watched.told("was replaced")) == 2
    assert [headers["X-Client"] for _, headers in server.requests] == ["CN=old", "CN=old", "CN=new", "CN=new"]


@pytest.mark.skipif(subprocess.run(["openssl", "list", "-providers", "-provider", "pkcs11"],
                                   capture_output=True).returncode == 0, reason="this OpenSSL has a pkcs11 provider")
def test_a_key_in_a_token_needs_a_provider(authority: foreign.Authority, tmp_path: Path) -> None:
    cert, _ = identity(tmp_path, "press-7", authority)
    with pytest.raises(neuron_ws.SettingsError) as caught:
        neuron_ws.Node("tls", {"url": "wss://127.0.0.1:9/", "cert": str(cert),
                               "key": "pkcs11:token=plant;object=press;pin-value=hunter2"})
    assert '"key": names a key that OpenSSL does not find' in str(caught.value)
    assert "pkcs11-provider" in str(caught.value) and "hunter2" not in str(caught.value)


PROVIDERS = """openssl_conf = here
[here]
providers = providers
[providers]
default = own
token = tokens
[own]
activate = 1
[tokens]
module = {module}
activate = 1
"""
BY_TOKEN = """
import json, sys, foreign
foreign.use_binding()
import neuron_ws
try:
    with neuron_ws.Node("token", json.loads(sys.argv[1])) as node:
        foreign.wait_until(lambda: node.state.link, 30, node.state.message)
        print("connected")
except neuron_ws.SettingsError as error:
    print(error)
"""


def test_a_key_stays_with_its_provider(
    asking: tuple[int, foreign.Server], authority: foreign.Authority, tmp_path: Path,
) -> None:
    """Debian 12 has no pkcs11-provider: a small provider of the test's own stands for one, and a file for the token."""
    port, server = asking
    module, configuration, token = tmp_path / "token.so", tmp_path / "openssl.cnf", tmp_path / "token.der"
    source = Path(__file__).resolve().parent / "token_provider.c"
    subprocess.run(["gcc", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", source, "-o", module, "-lcrypto"],
                   check=True)
    configuration.write_text(PROVIDERS.format(module=module))
    cert, key = identity(tmp_path, "press-7", authority)
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "der", "-out", token)
    environment = {**os.environ, "OPENSSL_CONF": str(configuration), "NEURON_WS_TEST_TOKEN": str(token),
                   "NEURON_WS_TEST_PIN": "4711", "PYTHONPATH": f"{foreign.BINDING}:{source.parent}"}

    def told(**settings: str) -> str:
        given = QUICK | {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca), "cert": str(cert)} | settings
        done = subprocess.run([sys.executable, "-c", BY_TOKEN, json.dumps(given)], env=environment,
                              capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    uri = "pkcs11:token=plant;object=gateway"
    assert told(key=uri, keypass="4711") == "connected"
    assert server.requests[0][1]["X-Client"] == "CN=press-7"
    assert '"keypass": is missing: the token that key names asks for its PIN' in told(key=uri)
    assert '"keypass": is wrong, or the token that key names is locked' in told(key=uri, keypass="0815")
    assert '"key": names a key that OpenSSL does not find' in told(key="pkcs11:object=other", keypass="4711")


# ---- sessions ------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", ["TLSv1.2", "TLSv1.3"])
def test_a_session_goes_on_with_the_next_connection(
    version: str, authority: foreign.Authority, tmp_path: Path,
) -> None:
    options = f"ssl_protocols {version};\n        ssl_session_cache shared:S:1m"
    with foreign.Server() as server, proxy.nginx(
            server.port, tmp_path, authority, passing=NAMES, tls_options=options) as port:
        with Watched({"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca)}) as watched:
            assert "resumed" not in watched.opened().message
            subjects = set()
            for number in (2, 3):
                watched.node.reconnect()
                state = watched.opened(number)
                assert state.message.endswith(f"over {version}, an earlier session resumed."), state.message
                assert state.tls_verified
                subjects.add((state.tls_peer, state.tls_not_after_s))
            assert len(subjects) == 1 and state.tls_peer == "CN=localhost"
    assert [headers["X-Reused"] for _, headers in server.requests] == [".", "r", "r"]


def test_other_settings_begin_another_session(authority: foreign.Authority, tmp_path: Path) -> None:
    with foreign.Server() as server, proxy.nginx(server.port, tmp_path, authority, passing=NAMES) as port:
        settings = {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca)}
        with Watched(settings) as watched:
            watched.opened()
            watched.node.configure({**QUICK, **settings, "origin": "plant"})
            watched.opened(2)
    assert [headers["X-Reused"] for _, headers in server.requests] == [".", "."]


# ---- names and dates -----------------------------------------------------------------------------------------------

def test_the_name_asked_for_and_the_name_verified_are_two(authority: foreign.Authority, tmp_path: Path) -> None:
    with foreign.Server() as server, proxy.nginx(server.port, tmp_path, authority, passing=NAMES) as port:
        settings = {"url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca), "tls-server-name": "line-7.example"}
        state = failure(settings)
        assert state.tls_failure is TLSFailure.WRONG_NAME and "or set tls-server-name" in state.message
        for name in ("localhost", "127.0.0.1"):
            with Watched({**settings, "tls-verify-name": name}) as watched:
                watched.opened()
        state = failure({**settings, "tls-verify-name": "10.0.0.1"})
        assert state.tls_failure is TLSFailure.WRONG_NAME and "10.0.0.1" in state.message
        # That name has no say here.
        assert "set tls-verify-name to such a name" in state.message and "tls-server-name" not in state.message
    assert {headers["X-Asked"] for _, headers in server.requests} == {"line-7.example"}


CA_CONFIGURATION = """
[ca]
default_ca = here
[here]
database = {folder}/index
serial = {folder}/serial
new_certs_dir = {folder}
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[server]
subjectAltName = DNS:localhost,IP:127.0.0.1
"""


def dated(folder: Path, begin: str, end: str) -> tuple[Path, Path]:
    """A certificate that signs itself, valid between two days, YYYYMMDD."""
    folder.mkdir()
    (folder / "index").touch()
    (folder / "serial").write_text("01\n")
    (folder / "ca.cnf").write_text(CA_CONFIGURATION.format(folder=folder))
    key, request, cert = folder / "key", folder / "csr", folder / "cert.pem"
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
            "-keyout", key, "-out", request)
    openssl("ca", "-batch", "-selfsign", "-config", folder / "ca.cnf", "-keyfile", key, "-in", request, "-out", cert,
            "-notext", "-startdate", begin + "000000Z", "-enddate", end + "000000Z")
    return cert, key


def test_a_host_without_a_clock_has_a_floor(tmp_path: Path) -> None:
    cert, key = dated(tmp_path / "later", "20770101", "20780101")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with foreign.Server(tls=context) as server:
        settings = {"url": server.url, "ca": str(cert)}
        assert failure(settings).tls_failure is TLSFailure.NOT_YET_VALID
        # A clock that is behind the floor is right.
        assert failure({**settings, "tls-time-floor": "2020-01-01"}).tls_failure is TLSFailure.NOT_YET_VALID
        with Watched({**settings, "tls-time-floor": "2077-06-01"}) as watched:
            watched.opened()
        assert failure({**settings, "tls-time-floor": "2079-01-01"}).tls_failure is TLSFailure.EXPIRED


# ---- servers that ask later ----------------------------------------------------------------------------------------

def asks_later(context: ssl.SSLContext, seen: list[object]) -> Callable[[answering.Head, object], object]:
    def then(_: answering.Head, connection: object) -> None:
        assert isinstance(connection, ssl.SSLSocket)
        connection.verify_client_post_handshake()
        # A Ping, which makes the client answer: its certificate comes before that.
        connection.sendall(b"\x89\x00")
        connection.recv(64)
        seen.append(connection.getpeercert())
    return then


def test_a_server_that_asks_after_the_handshake_gets_the_certificate(
    authority: foreign.Authority, tmp_path: Path,
) -> None:
    context = authority.server_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(authority.ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.post_handshake_auth = True
    cert, key = identity(tmp_path, "press-7", authority)
    seen: list[Any] = []
    with answering.Answering(tls=context, then=asks_later(context, seen)) as server:
        settings = {"url": server.url, "ca": str(authority.ca)}
        with Watched({**settings, "cert": str(cert), "key": str(key)}) as watched:
            watched.opened()
            foreign.wait_until(lambda: seen, 30, "the certificate")
            assert watched.node.state.link
        assert seen[0]["subject"] == ((("commonName", "press-7"),),)
        state = failure(settings)
    assert state.reason is Reason.TLS and state.tls_failure is TLSFailure.CLIENT_CERTIFICATE, state.message
    assert "set cert and key" in state.message


def test_a_renegotiation_is_told_from_a_failure(authority: foreign.Authority) -> None:
    """openssl's own server of TLS 1.2 says hello, and then wants another handshake with a certificate."""
    port = foreign.free_port()
    command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_2", "-cert", str(authority.cert),
               "-key", str(authority.key), "-CAfile", str(authority.ca), "-legacy_renegotiation"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdin is not None and process.stdout is not None
    try:
        foreign.wait_until(lambda: foreign.listens(port) or process.poll() is not None, 10, "s_server")
        with neuron_ws.Node("tls", {**QUICK, "url": f"wss://127.0.0.1:{port}/", "ca": str(authority.ca)}) as node:
            while b"Sec-WebSocket-Key" not in process.stdout.readline():
                pass
            process.stdin.write(b"R\n")
            process.stdin.flush()
            foreign.wait_until(lambda: node.state.reason is not Reason.NONE, 30, node.state.message)
            state = node.state
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()
    assert state.tls_failure is TLSFailure.CLIENT_CERTIFICATE, state.message
    assert "TLS 1.2 renegotiation" in state.message and "tls-min-version 1.3" in state.message
