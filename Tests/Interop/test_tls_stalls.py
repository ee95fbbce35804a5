# SPDX-License-Identifier: Apache-2.0
"""Servers that say some bytes of the TLS handshake and then no more: each attempt ends in its time."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from typing import Any

import foreign
import neuron_ws
from neuron_ws import Phase, Reason


class StallingRelay:
    """Passes on what goes to and fro, and of each connection's answers so many bytes as `places` says."""

    def __init__(self, listener: socket.socket, port: int) -> None:
        self.listener = listener
        self.port = port
        self.places: list[int] = []
        self.relayed: list[int] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                limit = self.places.pop(0) if self.places else 1 << 30
                self.relayed.append(0)
                threading.Thread(
                    target=self.relay, args=(client, limit, len(self.relayed) - 1), daemon=True).start()

    def relay(self, client: socket.socket, limit: int, number: int) -> None:
        with client, socket.create_connection(("127.0.0.1", self.port)) as server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [], 120)
                if not ready:
                    return
                if client in ready:
                    request = client.recv(65536)
                    if not request:
                        return
                    server.sendall(request)
                if server in ready:
                    answer = server.recv(65536)
                    if not answer:
                        return
                    client.sendall(answer[:max(0, limit - self.relayed[number])])
                    self.relayed[number] += len(answer)


# So many at a time: none waits for the relay longer than its attempt may take.
AT_ONCE = 100


def test_a_stall_after_each_byte_of_the_tls_handshake_ends_with_the_attempt(authority: foreign.Authority) -> None:
    """Behind each byte of what a good server says until the WebSocket is there."""
    with foreign.Server(tls=authority.server_context()) as server:
        with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
            stalls = StallingRelay(listener, server.port)
            url = f"wss://127.0.0.1:{listener.getsockname()[1]}/"
            settings: dict[str, Any] = {"url": url, "ca": str(authority.ca), "reconnect-min": 0.05}
            # How much the server says until the WebSocket is there.
            with neuron_ws.Node("whole", settings | {"connect-timeout": 60}) as node:
                foreign.wait_until(lambda: node.state.link, 60)
                whole = stalls.relayed[0]
            assert whole > 1000
            # A signature may be some bytes longer or shorter the next time.
            places = range(whole - 15)
            settings |= {"connect-timeout": 3, "reconnect-min": 60, "reconnect-max": 60}
            for first in places[::AT_ONCE]:
                some = places[first:first + AT_ONCE]
                stalls.places = list(some)
                with contextlib.ExitStack() as nodes:
                    for node in [nodes.enter_context(neuron_ws.Node(f"stall {place}", settings)) for place in some]:
                        foreign.wait_until(lambda: node.state.phase is Phase.WAITING, 60)
                        state = node.state
                        assert state.reason is Reason.CONNECT_TIMEOUT and state.message.endswith("."), state
                        assert "TLS" in state.message or "handshake" in state.message, state.message
            assert stalls.places == []
            listener.shutdown(socket.SHUT_RDWR)
