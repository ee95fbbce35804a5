# SPDX-License-Identifier: Apache-2.0
"""Certificates that somebody forged, cut or issued wrongly, from `openssl` and before Python's own TLS server."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import foreign
import neuron_ws
import pytest
from neuron_ws import Reason

P256 = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"


def openssl(*words: object) -> None:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


class Issuer:
    """An authority: roots sign themselves, the others are signed by one."""

    def __init__(self, folder: Path, name: str, extensions: str = CA, above: Issuer | None = None) -> None:
        self.folder, self.name, self.above = folder, name, above
        self.key, self.cert = folder / f"{name}.key", folder / f"{name}.pem"
        self.revoked: list[Path] = []
        openssl("req", "-new", "-newkey", *P256, "-nodes", "-subj", f"/CN={name}", "-keyout", self.key, "-out",
                folder / f"{name}.csr")
        self.sign(name, extensions, by=above or self)

    def sign(self, name: str, extensions: str, by: Issuer | None = None, digest: str = "sha256", days: int = 2) -> Path:
        issuer = by or self
        cert = self.folder / f"{name}.pem"
        (self.folder / "ext").write_text(extensions or "subjectKeyIdentifier=hash\n")
        signer = ["-signkey", issuer.key] if issuer is self and name == self.name else [
            "-CA", issuer.cert, "-CAkey", issuer.key, "-CAcreateserial"]
        openssl("x509", "-req", "-in", self.folder / f"{name}.csr", *signer, "-days", days, f"-{digest}", "-extfile",
                self.folder / "ext", "-out", cert)
        return cert

    def leaf(
            self, name: str, subject: str, extensions: str, kind: Sequence[str] = P256, digest: str = "sha256") -> Leaf:
        key = self.folder / f"{name}.key"
        openssl("req", "-new", "-newkey", *kind, "-nodes", "-subj", subject, "-keyout", key, "-out",
                self.folder / f"{name}.csr")
        return Leaf(key, self.sign(name, extensions, digest=digest))

    def list(self, *revoked: Path, days: str = "1", update: tuple[str, str] | None = None) -> Path:
        """Its revocation list."""
        home = self.folder / f"{self.name}.ca"
        home.mkdir(exist_ok=True)
        (home / "index").write_text("")
        (home / "crlnumber").write_text("01")
        (home / "config").write_text(
            f"[ca]\ndefault_ca=x\n[x]\ndatabase={home}/index\ncrlnumber={home}/crlnumber\ndefault_md=sha256\n"
            f"certificate={self.cert}\nprivate_key={self.key}\n")
        for cert in revoked:
            openssl("ca", "-config", home / "config", "-revoke", cert)
        when = ["-crl_lastupdate", update[0], "-crl_nextupdate", update[1]] if update else ["-crldays", days]
        openssl("ca", "-config", home / "config", "-gencrl", *when, "-out", home / "crl.pem")
        return home / "crl.pem"


@dataclass
class Leaf:
    key: Path
    cert: Path


@contextlib.contextmanager
def served(leaf: Leaf, *chain: Path) -> Iterator[int]:
    """A TLS server that shakes hands and reads, and that nobody needs to speak WebSocket to."""
    whole = leaf.cert.parent / "chain.pem"
    whole.write_text("".join(path.read_text() for path in (leaf.cert, *chain)))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(whole, leaf.key)

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(20)
                with context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(4096)
                    secured.sendall(b"HTTP/1.1 418 I am a teapot\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])


def told(port: int, ca: str, host: str = "localhost", **settings: Any) -> neuron_ws.State:
    """What comes of an attempt; a teapot is a server whose certificate was taken."""
    wanted = {"url": f"wss://{host}:{port}/", "ca": ca, "reconnect-min": 0.05, "reconnect-max": 0.1, **settings}
    with neuron_ws.Node("certificates", wanted) as node:
        return foreign.failure(node)


def is_taken(state: neuron_ws.State) -> bool:
    if state.reason == Reason.HANDSHAKE_REJECTED and state.http_status == 418:
        return True
    assert state.reason == Reason.TLS, state.message
    return False


NAMED = "subjectAltName=DNS:localhost,IP:127.0.0.1\n"


@dataclass
class Case:
    name: str
    subject: str = "/CN=plant"
    extensions: str = NAMED
    taken: bool = False
    host: str = "localhost"
    authority: str = CA
    kind: Sequence[str] = field(default_factory=lambda: P256)
    digest: str = "sha256"
    settings: dict[str, Any] = field(default_factory=dict)


LIMITS = CA + "nameConstraints=critical,"
ALLOWING = {"tls-allow-cn": True}
CASES = [
    Case("the right name", taken=True),
    Case("the common name alone", "/CN=localhost", ""),
    Case("the common name alone, allowed", "/CN=localhost", "", settings=ALLOWING, taken=True),
    Case("beside an address", "/CN=localhost", "subjectAltName=IP:127.0.0.1\n"),
    Case("beside an address, allowed", "/CN=localhost", "subjectAltName=IP:127.0.0.1\n", settings=ALLOWING),
    Case("beside a mail address, allowed", "/CN=localhost", "subjectAltName=email:a@b.example\n", settings=ALLOWING),
    Case("an address as common name, allowed, beside a DNS name", "/CN=127.0.0.1", "subjectAltName=DNS:localhost\n",
         host="127.0.0.1", settings=ALLOWING),
    Case("an address as a DNS name", "/CN=plant", "subjectAltName=DNS:127.0.0.1\n", host="127.0.0.1"),
    Case("a star as common name, allowed", "/CN=*", "", settings=ALLOWING),
    Case("a star alone", extensions="subjectAltName=DNS:*\n"),
    Case("a star in a label", extensions="subjectAltName=DNS:local*\n"),
    Case("a second common name, allowed", "/CN=plant/CN=localhost", "", settings=ALLOWING, taken=True),
    Case("a name of other case", extensions="subjectAltName=DNS:LOCALHOST\n", taken=True),
    Case("the name of a host and more", extensions="subjectAltName=DNS:localhost.plant.example\n"),
    Case("another server's, named so in tls-server-name", extensions="subjectAltName=DNS:plc.example\n",
         settings={"tls-server-name": "plc.example"}, taken=True),
    Case("names outside of the authority's limits", authority=LIMITS + "permitted;DNS:plant.example\n"),
    Case("an excluded address", host="127.0.0.1", authority=LIMITS + "excluded;IP:127.0.0.0/255.0.0.0\n"),
    Case("a common name under limits, allowed", "/CN=localhost", "", authority=LIMITS + "permitted;DNS:plant.example\n",
         settings=ALLOWING),
    Case("a common name under limits that hold it, allowed", "/CN=localhost", "",
         authority=LIMITS + "permitted;DNS:localhost\n", settings=ALLOWING),
    Case("for clients only", extensions=NAMED + "extendedKeyUsage=clientAuth\n"),
    Case("an unknown critical extension", extensions=NAMED + "1.2.3.4=critical,ASN1:NULL\n"),
    Case("an authority that is none", authority="basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n"),
    Case("a key of 1,024 bits", kind=["rsa:1024"]),
    Case("a signature by SHA-1", digest="sha1"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_certificate_is_taken_where_its_name_and_chain_are_right(case: Case, tmp_path: Path) -> None:
    root = Issuer(tmp_path, "root", case.authority)
    leaf = root.leaf("leaf", case.subject, case.extensions, case.kind, case.digest)
    with served(leaf) as port:
        state = told(port, root.cert.read_text(), case.host, **case.settings)
    assert is_taken(state) == case.taken, state.message


def test_an_intermediate_that_may_sign_nothing_is_no_authority(tmp_path: Path) -> None:
    root = Issuer(tmp_path, "root")
    thief = Issuer(tmp_path, "thief", "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n", above=root)
    leaf = thief.leaf("leaf", "/CN=x", NAMED)
    with served(leaf, thief.cert) as port:
        assert not is_taken(told(port, root.cert.read_text()))


def test_a_list_that_names_the_certificate_ends_it_and_another_does_not(tmp_path: Path) -> None:
    root, other = Issuer(tmp_path, "root"), Issuer(tmp_path, "other")
    leaf, sound = root.leaf("leaf", "/CN=x", NAMED), root.leaf("sound", "/CN=y", NAMED)
    ca = root.cert.read_text()
    revoking = ca + root.list(leaf.cert).read_text()
    with served(leaf) as port:
        assert is_taken(told(port, ca))
        state = told(port, revoking)
        assert not is_taken(state) and "revoked" in state.message
        # In any order; with what another authority says beside it; by address too.
        assert not is_taken(told(port, root.list(leaf.cert).read_text() + ca))
        both = revoking + other.cert.read_text() + other.list().read_text()
        assert not is_taken(told(port, both, "127.0.0.1"))
        assert not is_taken(told(port, revoking, **ALLOWING))
    with served(sound) as port:
        assert is_taken(told(port, revoking))


def test_lists_that_say_nothing_are_no_leave(tmp_path: Path) -> None:
    root, other = Issuer(tmp_path, "root"), Issuer(tmp_path, "other")
    leaf = root.leaf("leaf", "/CN=x", NAMED)
    ca = root.cert.read_text()
    with served(leaf) as port:
        # Of another authority alone: there is none for this one.
        assert not is_taken(told(port, ca + other.cert.read_text() + other.list().read_text()))
        # Out of date; not yet; and signed by somebody else in the authority's name.
        old = root.list(update=("20200101000000Z", "20200102000000Z")).read_text()
        assert not is_taken(told(port, ca + old))
        early = root.list(update=("20990101000000Z", "20990102000000Z")).read_text()
        assert not is_taken(told(port, ca + early))
        (tmp_path / "forged").mkdir()
        forger = Issuer(tmp_path / "forged", "root")
        assert not is_taken(told(port, ca + forger.list().read_text()))


def test_a_revoked_intermediate_ends_what_it_signed(tmp_path: Path) -> None:
    root = Issuer(tmp_path, "root")
    middle = Issuer(tmp_path, "middle", above=root)
    leaf = middle.leaf("leaf", "/CN=x", NAMED)
    ca = root.cert.read_text()
    with served(leaf, middle.cert) as port:
        assert is_taken(told(port, ca))
        lists = middle.list().read_text() + root.list(middle.cert).read_text()
        assert not is_taken(told(port, ca + lists))
        assert is_taken(told(port, ca + middle.list().read_text() + root.list().read_text()))
        # The root's list alone says nothing of the server's certificate.
        assert not is_taken(told(port, ca + root.list().read_text()))


def test_a_server_of_tls_1_3_with_a_key_of_today_is_taken(tmp_path: Path) -> None:
    root = Issuer(tmp_path, "root")
    leaf = root.leaf("leaf", "/CN=x", NAMED, kind=["ed25519"])
    with served(leaf) as port:
        assert is_taken(told(port, root.cert.read_text(), **{"tls-min-version": "1.3"}))
