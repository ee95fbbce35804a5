# SPDX-License-Identifier: Apache-2.0
"""What opens a proxy stands in no trace, log, metrics or state, and in no memory once no node needs it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import neuron_ws
import pytest
from test_secrets import program, searched, secret  # noqa: F401

QUICK = {"reconnect-min": 0.05, "reconnect-max": 0.2}


class Proxy:
    """An HTTP proxy that asks for Digest or Basic; `echoes`: the first time it refuses, with what it was told."""

    def __init__(self, challenge: str, *, echoes: bool = False) -> None:
        self._echoes = echoes
        self.answers: list[str] = []
        self._challenge = challenge
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self._listener.accept()[:1], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, ValueError):
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(4096)
                if not more:
                    return
                head += more
            found = re.search(r"Proxy-Authorization: (.*)\r\n", head.decode())
            if found is None:
                client.sendall(f"HTTP/1.1 407 Who?\r\nProxy-Authenticate: {self._challenge}\r\n\r\n".encode())
                return
            self.answers.append(found[1])
            if len(self.answers) == 1 and self._echoes:
                # What a server says of us is no reason to say it on.
                client.sendall(f"HTTP/1.1 502 {found[1]}\r\nX-Echo: {found[1]}\r\n\r\n".encode())
                return
            host, port = head.split(b" ")[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Open\r\n\r\n")
                back = threading.Thread(target=self._pass_on, args=(server, client), daemon=True)
                back.start()
                self._pass_on(client, server)
                back.join(10)

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def digest(name: str, text: str) -> bytes:
    return hashlib.new(name, text.encode()).digest()


DIGEST = 'Digest realm="plant", nonce="n0", qop="auth"'
CHALLENGES = [("md5", DIGEST), ("sha256", DIGEST + ", algorithm=SHA-256"), ("", 'Basic realm="plant"')]


def needles_of(user: str, password: str, name: str) -> list[bytes]:
    """The password, and what is as good as it: its part of Basic, the first hash of Digest."""
    needles = [password.encode(), base64.b64encode(f"{user}:{password}".encode())[12:48]]
    if name:
        first = digest(name, f"{user}:plant:{password}")
        needles += [first, first.hex().encode()]
    return needles


@pytest.mark.parametrize("first, second", [(0, 1), (1, 2), (2, 0)], ids=["md5-sha256", "sha256-basic", "basic-md5"])
def test_nothing_of_a_proxys_password_is_left_in_memory(
    first: int, second: int, program: Path, tmp_path: Path,  # noqa: F811
) -> None:
    users, passwords = (secret(), secret()), (secret(), secret())
    attempt = secret()
    kinds = [CHALLENGES[first], CHALLENGES[second]]
    needles = [[user.encode(), *needles_of(user, password, kind[0])]
               for user, password, kind in zip(users, passwords, kinds)]
    every = [attempt.encode(), *needles[0], *needles[1]]
    with foreign.Server() as server, Proxy(kinds[0][1]) as one, Proxy(kinds[1][1]) as two:
        given = [QUICK | {"url": server.url, "proxy": f"http://{user}:{password}@127.0.0.1:{proxy.port}"}
                 for user, password, proxy in zip(users, passwords, (one, two))]
        refused = given[0] | {"proxy": f"http://{users[0]}:{passwords[0]}@"}
        memory = searched(program, tmp_path, given[0], given[1], refused, every)
        assert one.answers and two.answers
    assert memory.found("before", every) == {} and memory.found("refused", every) == {}
    # The search finds what is there: else the rest would show nothing.
    assert memory.found("connected", [passwords[0].encode()])
    assert memory.found("configured", needles[0]) == {}
    assert memory.found("configured", [passwords[1].encode()])
    assert memory.found("destroyed", every) == {}


@contextlib.contextmanager
def talkative(settings: dict[str, Any]) -> Iterator[tuple[neuron_ws.Node, list[str]]]:
    told: list[str] = []
    node = neuron_ws.Node("told", {**QUICK, "log-level": "debug", **settings},
                          on_log=lambda event: told.append(event.text))
    node.trace(600)
    with node:
        yield node, told


@pytest.mark.parametrize("name, challenge", CHALLENGES, ids=["md5", "sha256", "basic"])
def test_nothing_of_it_is_told(name: str, challenge: str) -> None:
    user, password = secret(), secret()
    with foreign.Server() as server, Proxy(challenge, echoes=True) as proxy:
        settings = {"url": server.url, "proxy": f"http://{user}:{password}@127.0.0.1:{proxy.port}"}
        states: list[neuron_ws.State] = []
        with talkative(settings) as (node, told):
            def is_open() -> bool:
                node.poll()
                states.append(node.state)
                return bool(node.state.link)

            foreign.wait_until(is_open, 30, "a connection through the proxy")
            node.send("hello")
            node.flush(timeout=20)
            node.poll()
            texts = told + [str(state) for state in states]
            texts += [node.metrics_text(kind) for kind in neuron_ws.MetricsFormat]
        response = re.search(r'response="(\w+)"|Basic (\S+)', proxy.answers[0])
    assert response
    assert any("CONNECT 127.0.0.1" in text for text in told), "no trace of the proxy's answer"
    assert any("502" in text for text in texts)
    secrets_of_it = [user.encode(), *needles_of(user, password, name), (response[1] or response[2]).encode()]
    found = [(needle, text) for text in texts for needle in secrets_of_it if needle in text.encode()]
    assert found == [], json.dumps([text for _, text in found])
