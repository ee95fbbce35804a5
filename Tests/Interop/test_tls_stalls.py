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


class StalledNode:
    """How the first attempt of a node ended: the next one may come at once, and stalls perhaps nowhere."""

    def __init__(self, place: int, settings: dict[str, Any]) -> None:
        self.reason: Reason | None = None
        self.lines: list[str] = []
        self.node = neuron_ws.Node(f"stall {place}", settings, on_state=self.told, on_log=self.logged)

    def told(self, event: neuron_ws.StateEvent) -> None:
        if event.phase is Phase.WAITING and self.reason is None:
            self.reason = event.reason

    def logged(self, event: neuron_ws.LogEvent) -> None:
        self.lines.append(event.text)

    @property
    def has_ended(self) -> bool:
        self.node.poll(0)
        return self.reason is not None


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
                    stalled = [StalledNode(place, settings) for place in some]
                    for one in stalled:
                        nodes.enter_context(one.node)
                    for one in stalled:
                        foreign.wait_until(lambda: one.has_ended, 60, f"the end of {one.node.name}'s attempt")
                        assert one.reason is Reason.CONNECT_TIMEOUT, one.lines
                        assert any("TLS" in line or "handshake" in line for line in one.lines), one.lines
            listener.shutdown(socket.SHUT_RDWR)
