# SPDX-License-Identifier: Apache-2.0
"""What a node with a cache does when there is nothing to do."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import neuron_ws
from websockets.sync.server import ServerConnection, serve


def test_a_node_that_has_its_connection_again_rests(tmp_path: Path) -> None:
    """What was pushed while there was none is not looked for without end; and its other timers fire."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
    got: list[object] = []

    def read(connection: ServerConnection) -> None:
        for message in connection:
            got.append(message)

    node = neuron_ws.Node("n", {
        "url": f"ws://127.0.0.1:{port}/", "reconnect-min": 0.05, "reconnect-max": 0.05, "offline-cache": True,
        "data-dir": str(tmp_path / "d"), "sync-interval": 30})
    with node:
        node.start()
        begin = time.monotonic()
        server = None
        sent = 0
        while time.monotonic() < begin + 1.5:
            if server is None and time.monotonic() > begin + 0.8:
                server = serve(read, "127.0.0.1", port, compression=None)
                threading.Thread(target=server.serve_forever, daemon=True).start()
            node.send("x")
            sent += 1
            time.sleep(0.003)
        patience = time.monotonic() + 10
        while len(got) < sent and time.monotonic() < patience:
            time.sleep(0.05)
        assert len(got) == sent
        used = time.process_time()
        time.sleep(1.5)
        assert time.process_time() - used < 0.08
        assert server is not None
        server.shutdown()
