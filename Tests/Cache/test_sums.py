# SPDX-License-Identifier: Apache-2.0
"""What the metrics say, what the host was told, and what lies on disk are the same numbers at each moment."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import neuron_ws
import pytest
from neuron_ws import Outcome
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

SECONDS = 3
DROPS = [
    Outcome.DROPPED_OVERFLOW, Outcome.DROPPED_STOPPED, Outcome.DROPPED_REFUSED_BY_PEER, Outcome.DROPPED_LOST,
    Outcome.EXPIRED]


@pytest.mark.parametrize("more", [
    {"cache-policy": "drop-oldest", "cache-ttl": 1},
    {"cache-policy": "drop-oldest", "resend-priority": "live-first"},
    {"cache-policy": "drop-newest"},
    {"cache-policy": "latest-per-group", "resend-priority": "live-first"},
], ids=lambda more: " ".join(map(str, more.values())))
def test_each_message_is_counted_once(more: dict[str, Any], tmp_path: Path) -> None:
    """The server acknowledges most of what it reads, and ends each connection after a while."""

    def read(connection: ServerConnection) -> None:
        try:
            for count, message in enumerate(connection):
                document = json.loads(message)
                if count % 3 == 0:
                    connection.send(json.dumps({"ack": document["seq"], "stream": document["stream"]}))
                if count == 300:
                    return
                time.sleep(0.0005)
        except ConnectionClosed:
            pass

    told: Counter[Outcome] = Counter()

    def count(event: neuron_ws.DeliveryEvent) -> None:
        told[event.outcome] += event.count

    with serve(read, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = {
            "url": f"ws://127.0.0.1:{server.socket.getsockname()[1]}/", "delivery": "app-acked", "offline-cache": True,
            "data-dir": str(tmp_path), "cache-mem-size": 1, "cache-disk-size": 1, "sync-interval": 0.05,
            "reconnect-min": 0.05, "reconnect-max": 0.2, **more}
        accepted = refused = 0
        with neuron_ws.Node("sums", settings, on_delivery=count) as node:
            node.subscribe("*", "*")
            node.start()
            end = time.monotonic() + SECONDS
            while time.monotonic() < end:
                for number in range(20):
                    try:
                        node.push("plc", f"group {number}", {"p": "x" * 900, "number": number})
                        accepted += 1
                    except neuron_ws.QueueFull:
                        refused += 1
                metrics = node.metrics
                assert metrics.messages_accepted == accepted
                ended = metrics.messages_sent + metrics.messages_dropped
                assert accepted == ended + metrics.queued_messages, metrics
                assert metrics.cached_messages <= metrics.queued_messages
                node.poll(0)
                time.sleep(0.002)
            metrics = node.metrics
            node.close(timeout=0.5)
        node.poll()
    assert sum(told.values()) == accepted
    assert told[Outcome.DELIVERED] >= metrics.messages_sent > 0
    assert sum(told[each] for each in DROPS) >= metrics.messages_dropped
    assert refused > 0 or more["cache-policy"] != "drop-newest"
    left = sum(cache.messages for cache in neuron_ws.list_caches(tmp_path))
    assert left >= told[Outcome.STORED] and (left > 0) == (told[Outcome.STORED] > 0)
    with neuron_ws.Node("sums", {**settings, "url": "ws://127.0.0.1:1/"}) as node:
        assert node.metrics.queued_messages == node.metrics.cached_messages == left
