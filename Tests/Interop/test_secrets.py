# SPDX-License-Identifier: Apache-2.0
"""Keys, passwords and tokens are in memory while a node needs them, and no longer."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
import re
import secrets
import socket
import ssl
import struct
import subprocess
import threading
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import foreign
import neuron_ws
import pytest

HERE = Path(__file__).resolve().parent
MASK = 0x5A

RSA = ["rsa:2048"]
P256 = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
P521 = ["ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"]
ED25519 = ["ed25519"]
# How openssl writes a key: its words; "PASS" takes the password.
PLAIN = ["pkcs8", "-topk8", "-nocrypt"]
ENCRYPTED = ["pkcs8", "-topk8", "-v2", "aes256", "-passout", "PASS"]
OLD_RSA, OLD_EC = ["rsa", "-traditional"], ["ec"]
OLD_RSA_ENCRYPTED = ["rsa", "-traditional", "-aes256", "-passout", "PASS"]
OLD_EC_ENCRYPTED = ["ec", "-aes128", "-passout", "PASS"]


def openssl(*words: object) -> str:
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def masked(data: bytes) -> bytes:
    return bytes(byte ^ MASK for byte in data)


def secret() -> str:
    return secrets.token_hex(16)


@dataclass
class Identity:
    """A client certificate that signs itself, and what must not be found of its key."""

    folder: Path
    kind: list[str]
    form: list[str]
    password: str = field(default_factory=secret)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        raw, self.key, self.cert = (self.folder / name for name in ("raw.pem", "key.pem", "cert.pem"))
        openssl("req", "-x509", "-newkey", *self.kind, "-nodes", "-days", 2, "-subj", "/CN=gateway", "-keyout", raw,
                "-out", self.cert)
        form = [f"pass:{self.password}" if word == "PASS" else word for word in self.form]
        openssl(*form, "-in", raw, "-out", self.key)
        self.key.chmod(0o600)
        self.is_encrypted = "PASS" in self.form
        self.numbers = self._numbers(openssl("pkey", "-in", raw, "-noout", "-text"))

    @staticmethod
    def _numbers(text: str) -> list[bytes]:
        """The private numbers: all that `openssl pkey -text` shows but for what is public."""
        numbers = []
        for name, digits in re.findall(r"^(\w+):.*\n((?: +[0-9a-f:]+\n)+)", text, re.M):
            if name in ("prime1", "prime2", "privateExponent", "exponent1", "coefficient", "priv"):
                numbers.append(bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0"))
        assert numbers, text
        return numbers

    @property
    def needles(self) -> list[bytes]:
        found = [number[:24] for number in self.numbers]
        # As the machine has them: the least significant byte first.
        found += [number[::-1][:24] for number in self.numbers]
        lines = [line for line in self.key.read_text().splitlines() if re.fullmatch(r"[A-Za-z0-9+/=]{40,}", line)]
        found.append(lines[-1][:32].encode())
        if self.is_encrypted:
            found.append(self.password.encode())
        return found


def wss_server(authority: foreign.Authority, *identities: Identity) -> foreign.Server:
    context = authority.server_context()
    context.verify_mode = ssl.CERT_REQUIRED
    for identity in identities:
        context.load_verify_locations(identity.cert)
    return foreign.Server(tls=context)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("secrets")
    (folder / "libneuron_ws.so.1").symlink_to(foreign.LIBRARY)
    built = folder / "secrets"
    subprocess.run(
        ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O2", f"-I{foreign.HEADER.parent}",
         str(HERE / "secrets.c"), str(folder / "libneuron_ws.so.1"), f"-Wl,-rpath,{folder}", "-o", str(built)],
        check=True)
    return built


@dataclass
class Memory:
    """What the program found at each stage, by needle."""

    needles: list[bytes]
    stages: dict[str, list[int]]

    def found(self, stage: str, needles: list[bytes]) -> dict[bytes, int]:
        counts = dict(zip(self.needles, self.stages[stage]))
        return {needle: counts[needle] for needle in needles if counts[needle]}


def searched(
    program: Path, folder: Path, first: dict[str, Any], second: dict[str, Any], refused: dict[str, Any],
    needles: list[bytes], *more: str,
) -> Memory:
    assert all(len(needle) <= 64 for needle in needles) and len(needles) < 64
    files = []
    quiet = {"url": "ws://127.0.0.1:9/", "reconnect-min": 60, "reconnect-max": 60}
    for name, settings in (("first", first), ("second", second), ("quiet", quiet), ("refused", refused)):
        files.append(folder / name)
        files[-1].write_bytes(masked(json.dumps(settings).encode()))
    table = folder / "needles"
    table.write_bytes(masked(b"".join(bytes([len(needle)]) + needle for needle in needles)))
    words = [program, files[0], files[1], table, files[2], files[3], *more]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    stages = {line.split()[0]: list(map(int, line.split()[1:])) for line in done.stdout.splitlines()}
    return Memory(needles, stages)


def basic(user: str, password: str) -> list[bytes]:
    """A password, and its part of the header field that carries it."""
    encoded = base64.b64encode(f"{user}:{password}".encode())
    return [password.encode(), encoded[12:48]]


KEYS = [
    pytest.param((RSA, ENCRYPTED), (P256, OLD_EC), id="rsa encrypted, ec"),
    pytest.param((RSA, OLD_RSA_ENCRYPTED), (P521, PLAIN), id="old rsa encrypted, ec of 521 bits"),
    pytest.param((P256, OLD_EC_ENCRYPTED), (RSA, PLAIN), id="old ec encrypted, rsa"),
    pytest.param((P256, ENCRYPTED), (RSA, OLD_RSA), id="ec encrypted, old rsa"),
    pytest.param((ED25519, ENCRYPTED), (ED25519, PLAIN), id="ed25519"),
]


@pytest.mark.parametrize("first, second", KEYS)
def test_nothing_secret_is_left_when_no_node_needs_it(
    first: tuple[list[str], list[str]], second: tuple[list[str], list[str]], program: Path,
    authority: foreign.Authority, tmp_path: Path,
) -> None:
    one, two = Identity(tmp_path / "one", *first), Identity(tmp_path / "two", *second)
    attempt, token, header, password, other_header, slip = (secret() for _ in range(6))
    base64_pem = base64.b64encode(two.key.read_bytes())
    needles_one = [token.encode(), header.encode(), *one.needles]
    needles_two = [*basic("operator", password), other_header.encode(), base64_pem[40:80], *two.needles]
    needles = [attempt.encode(), *needles_one, *needles_two, slip.encode()]
    with wss_server(authority, one, two) as server:
        common = {"url": server.url, "ca": str(authority.ca), "reconnect-min": 0.05, "reconnect-max": 0.2}
        settings_one = common | {
            "token": token, "headers": {"X-Key": header}, "cert": one.cert.read_text(), "key": one.key.read_text()}
        settings_two = common | {
            "username": "operator", "password": password, "headers": json.dumps({"X-Key": other_header}),
            "cert": two.cert.read_text(), "key": base64_pem.decode()}
        for settings, identity in ((settings_one, one), (settings_two, two)):
            if identity.is_encrypted:
                settings["keypass"] = identity.password
        misspelt = common | {"pasword": slip, "nested": [{"tokn": slip}]}
        memory = searched(program, tmp_path, settings_one, settings_two, misspelt, needles)
        assert [headers["X-Attempt"] for _, headers in server.requests] == [attempt, attempt]
        assert [headers["X-Key"] for _, headers in server.requests] == [header, other_header]
    assert memory.found("before", needles) == {}
    assert memory.found("refused", needles) == {}
    # The search finds what is there: else the rest would show nothing.
    assert memory.found("connected", [token.encode(), header.encode()]).keys() == {token.encode(), header.encode()}
    assert memory.found("connected", one.needles), "the key in use is not found"
    assert memory.found("configured", needles_one) == {}
    assert memory.found("configured", needles_two), "the key in use is not found"
    assert memory.found("destroyed", needles) == {}


def test_a_key_file_and_plain_tcp_leave_nothing_either(
    program: Path, authority: foreign.Authority, tmp_path: Path,
) -> None:
    identity = Identity(tmp_path / "one", RSA, ENCRYPTED)
    password, token, wrong = secret(), secret(), secret()
    attempt = secret()
    needles = [attempt.encode(), *identity.needles, *basic("operator", password), token.encode(), wrong.encode()]
    with wss_server(authority, identity) as secure, foreign.Server() as plain:
        quick = {"reconnect-min": 0.05, "reconnect-max": 0.2}
        first = quick | {
            "url": secure.url, "ca": str(authority.ca), "username": "operator", "password": password,
            "cert": str(identity.cert), "key": str(identity.key), "keypass": identity.password}
        second = quick | {"url": plain.url, "token": token}
        refused = first | {"key": identity.key.read_text(), "keypass": wrong}
        memory = searched(program, tmp_path, first, second, refused, needles)
    assert memory.found("refused", needles) == {}
    assert memory.found("connected", identity.needles)
    # What before_connect set is kept as long as the connection: the server may say it again.
    assert memory.found("configured", needles).keys() == {token.encode(), attempt.encode()}
    assert memory.found("destroyed", needles) == {}


def test_an_api_key_leaves_nothing_either(program: Path, tmp_path: Path) -> None:
    """In the query, where some of it is percent-encoded, and as a header."""
    in_query, in_header, slip = secret(), secret(), secret()
    attempt = secret()
    needles = [attempt.encode(), *(key.encode() for key in (in_query, in_header, slip))]
    with foreign.Server() as server:
        common = {"url": server.url, "reconnect-min": 0.05, "reconnect-max": 0.2, "format": "opengate",
                  "device-id": "gateway1"}
        first = common | {"api-key": in_query + "+&="}
        second = common | {"api-key": in_header, "api-key-in": "header"}
        memory = searched(program, tmp_path, first, second, common | {"apikey": slip}, needles)
        assert server.requests[0][0].endswith(f"/gateway1?X-ApiKey={in_query}%2B%26%3D")
        assert server.requests[1][1]["X-ApiKey"] == in_header
    assert memory.found("refused", needles) == {}
    assert memory.found("connected", [in_query.encode()])
    assert memory.found("configured", needles).keys() == {in_header.encode(), attempt.encode()}
    assert memory.found("destroyed", needles) == {}


def test_a_node_that_is_destroyed_while_it_connects_leaves_nothing(
    program: Path, authority: foreign.Authority, tmp_path: Path,
) -> None:
    one, two = Identity(tmp_path / "one", P256, OLD_EC), Identity(tmp_path / "two", RSA, ENCRYPTED)
    token = secret()
    needles = [secret().encode(), *one.needles, *two.needles, token.encode()]
    with wss_server(authority, one) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        quick = {"ca": str(authority.ca), "reconnect-min": 0.05, "reconnect-max": 0.2, "token": token}
        first = quick | {"url": server.url, "cert": one.cert.read_text(), "key": one.key.read_text()}
        second = quick | {
            "url": f"wss://127.0.0.1:{silent.getsockname()[1]}/", "cert": two.cert.read_text(),
            "key": two.key.read_text(), "keypass": two.password}
        memory = searched(program, tmp_path, first, second, {"url": 1}, needles, "silent")
    assert memory.found("configured", two.needles) and memory.found("configured", one.needles) == {}
    assert memory.found("destroyed", needles) == {}


def test_a_trace_leaves_nothing_either(program: Path, tmp_path: Path) -> None:
    """It reads along what goes out: the lines that are told hold no secret, and those that were read are gone."""
    attempt, token, header, password, echoed = (secret() for _ in range(5))
    needles = [attempt.encode(), token.encode(), header.encode(), *basic("operator", password), echoed.encode()]
    with foreign.Server() as server:
        common = {"url": server.url, "reconnect-min": 0.05, "reconnect-max": 0.2}
        first = common | {"token": token, "headers": {"X-Key": header}}
        second = common | {"username": "operator", "password": password, "headers": {"X-Key": echoed}}
        memory = searched(program, tmp_path, first, second, {"url": 1}, needles, "traced")
    assert memory.found("connected", [token.encode()])
    assert memory.found("configured", [token.encode(), header.encode()]) == {}
    assert memory.found("destroyed", needles) == {}


# ---- files of keys -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_key_that_others_may_write_is_refused_by_name(mode: int, tmp_path: Path) -> None:
    identity = Identity(tmp_path / "one", P256, PLAIN)
    identity.key.chmod(mode)
    with pytest.raises(neuron_ws.SettingsError, match="may write.*chmod 600") as caught:
        neuron_ws.Node("keys", {"url": "wss://127.0.0.1:9/", "cert": str(identity.cert), "key": str(identity.key)})
    assert f'"key": names the file {identity.key}, which holds a private key' in str(caught.value)


def test_a_key_that_everybody_may_read_is_told_once_at_each_start_and_with_new_settings(
    authority: foreign.Authority, tmp_path: Path,
) -> None:
    identity = Identity(tmp_path / "one", P256, PLAIN)
    identity.key.chmod(0o644)
    lines: list[str] = []
    with wss_server(authority, identity) as server:
        settings = {"url": server.url, "ca": str(authority.ca), "cert": str(identity.cert), "key": str(identity.key)}
        node = neuron_ws.Node("keys", settings, on_log=lambda event: lines.append(f"{event.level.name} {event.text}"))

        def told() -> list[str]:
            node.poll()
            return [line for line in lines if "chmod" in line]

        with node:
            foreign.wait_until(lambda: node.state.link, 20, node.state.message)
            assert len(told()) == 1, lines
            node.configure({**settings, "ping-interval": 7})
            foreign.wait_until(lambda: len(told()) == 2, 20, "the second warning")
        assert told() == 2 * [
            f'WARN "key" names the file {identity.key}, which holds a private key and which everybody may read: '
            f"chmod 600 {identity.key}."]


TOKEN = "token-that-only-we-know"


def echoes(listener: socket.socket) -> None:
    """Says on each connection again, another way each time, what it was told in the header Authorization, or by
    OpenGate's X-ApiKey: as it came, and decoded."""
    for number in itertools.count():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096) or b"\r\n\r\n"
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            query = head.decode().split(" ")[1].split("X-ApiKey=")[-1]
            said = fields.get("Authorization") or fields.get("X-ApiKey") or (
                query if number // 5 % 2 == 0 else urllib.parse.unquote(query))
            digest = hashlib.sha1((fields["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
            accept = f"Sec-WebSocket-Accept: {base64.b64encode(digest.digest()).decode()}\r\n"
            upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + accept
            word = said.split(" ")[-1]
            reason = f"\x1bunknown: {word} {said}".encode()
            answer = [
                f"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/login/{word}\r\n\r\n".encode(),
                upgrade.replace("websocket", said).encode() + b"\r\n",
                (upgrade + f"Sec-WebSocket-Protocol: {word}\r\n\r\n").encode(),
                (upgrade + "\r\n").encode() + bytes([0x88, 2 + len(reason)]) + struct.pack("!H", 4001) + reason,
                (upgrade + "\r\n").encode() + bytes([0x81, len(said)]) + said.encode(),
            ][number % 5]
            connection.sendall(answer)
            if number % 5 < 4:
                connection.shutdown(socket.SHUT_WR)
            else:
                connection.settimeout(0.3)
            while connection.recv(4096):
                pass


@pytest.mark.parametrize("credentials", [
    {"token": TOKEN}, {"username": "gateway", "password": TOKEN}, {"headers": {"Authorization": "Plant " + TOKEN}},
    {"format": "opengate", "device-id": "g", "api-key": TOKEN},
    {"format": "opengate", "device-id": "g", "api-key": "token+that&only=we/know"},
    {"format": "opengate", "device-id": "g", "api-key": TOKEN, "api-key-in": "header"},
])
def test_what_a_server_echoes_is_masked(credentials: dict[str, Any]) -> None:
    lines: list[str] = []
    states: list[neuron_ws.State] = []

    def has_heard_all() -> bool:
        node.poll()
        states.append(node.state)
        return sum("nobody here takes it" in line for line in lines) > 1

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echoes, args=(listener,), daemon=True).start()
        settings = {"url": f"ws://127.0.0.1:{listener.getsockname()[1]}/", "reconnect-min": 0.01, **credentials,
                    "reconnect-max": 0.02, "log-level": "debug"}
        node = neuron_ws.Node("echo", settings, on_log=lambda event: lines.append(event.text))
        with node:
            foreign.wait_until(has_heard_all, 120)
    told = lines + [state.message for state in states] + [state.close_reason for state in states]
    assert any("it points to http://127.0.0.1/login/…" in text for text in told), told
    assert any(state.close_reason.startswith("\\u{1b}unknown: …") for state in states), told
    odd = "token+that&only=we/know"
    secret_words = [
        TOKEN, base64.b64encode(f"gateway:{TOKEN}".encode()).decode(), odd, urllib.parse.quote(odd, safe="")]
    assert not [text for text in told if any(word in text for word in secret_words)]
