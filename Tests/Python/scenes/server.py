# SPDX-License-Identifier: Apache-2.0
"""A WebSocket server on plain sockets for the scenes of neuron_ws.aio: Python's own modules only."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Interop"))

import bad_servers  # noqa: E402


class Server:
    """Keeps what it receives as texts; sends it back with ``echo``; does not even look at it with ``deaf``, nor does it
    answer a Close frame then. ``refusing``, it closes with 1009 at the header of the first message.
    """

    def __init__(self, port: int = 0, *, echo: bool = False, deaf: bool = False, refusing: bool = False) -> None:
        self.received: list[str] = []
        self._echo = echo
        self._deaf = deaf
        self._refusing = refusing
        self._changed = threading.Condition()
        self._open: list[bad_servers.Peer] = []
        self._server = bad_servers.BadServer(self._serve, port)
        self.port = self._server.port
        self.url = f"ws://127.0.0.1:{self.port}/"

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends it without a Close frame; the port is free afterwards."""
        self._server.stop()

    def send(self, message: str) -> None:
        """To each open connection."""
        for peer in list(self._open):
            peer.send(bad_servers.frame(bad_servers.TEXT, message.encode()))

    def wait_for(self, count: int, timeout: float = 60.0) -> list[Any]:
        """What was received, as JSON, once there is so much of it."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, timeout), len(self.received)
            return [json.loads(text) for text in self.received]

    def _serve(self, peer: bad_servers.Peer) -> None:
        peer.read_request()
        # Before the client knows that it is connected.
        self._open.append(peer)
        try:
            peer.send(peer.response())
            if self._deaf:
                peer.drain()
            if self._refusing:
                peer.read_exactly(2)
                peer.send(bad_servers.frame(bad_servers.CLOSE, bad_servers.close_payload(1009, b"no")))
                # Read on, the message would arrive; ended, the Close frame might be lost.
                self._server.stopping.wait()
            while True:
                frame = peer.read_frame()
                if frame.opcode == bad_servers.CLOSE:
                    peer.send(bad_servers.frame(bad_servers.CLOSE, frame.payload))
                    return
                if frame.opcode == bad_servers.PING:
                    peer.send(bad_servers.frame(bad_servers.PONG, frame.payload))
                elif frame.opcode in (bad_servers.TEXT, bad_servers.BINARY):
                    with self._changed:
                        self.received.append(frame.payload.decode())
                        self._changed.notify_all()
                    if self._echo:
                        peer.send(bad_servers.frame(frame.opcode, frame.payload))
        finally:
            self._open.remove(peer)
