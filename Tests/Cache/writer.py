# SPDX-License-Identifier: Apache-2.0
"""Pushes numbered messages with the cache on, and says which are stored, until somebody kills it:
writer.py URL DATA-DIR LIFE [SETTINGS]; LIFE 0 pushes nothing and ends when all is delivered."""

from __future__ import annotations

import json
import random
import sys
import time

import neuron_ws


def settings(url: str, directory: str, more: str) -> dict[str, object]:
    return {
        "url": url, "offline-cache": True, "data-dir": directory, "cache-disk-size": 1000, "cache-mem-size": 4,
        "delivery": "peer-parsed", "reconnect-min": 0.01, "reconnect-max": 0.1, "sync-interval": 0.05,
        # Of what is stored nothing makes room for what is newer.
        "cache-policy": "drop-newest", "ping-interval": 1, "ping-timeout": 1, "sequence": True,
        **json.loads(more),
    }


def write(node: neuron_ws.Node, life: int) -> None:
    rest = "x" * 1000
    number = 0
    while True:
        pushed = number
        for _ in range(random.randint(1, 200)):
            try:
                node.send(json.dumps({"life": life, "number": number + 1, "rest": rest[:random.randint(0, 1000)]}))
            except neuron_ws.QueueFull:
                break
            number += 1
        if random.random() < 0.5 or number == pushed:
            try:
                node.flush(neuron_ws.Level.STORED, 5)
                print(number, flush=True)
            except (neuron_ws.Timeout, neuron_ws.NeuronWSError) as error:
                print(f"# {error}", flush=True)
                # A disk that is full says so at once.
                time.sleep(0.05)
        else:
            time.sleep(random.random() / 50)


def main() -> None:
    url, directory, life = sys.argv[1:4]
    node = neuron_ws.Node("writer", settings(url, directory, sys.argv[4] if len(sys.argv) > 4 else "{}"))
    node.start()
    if int(life):
        write(node, int(life))
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        metrics = node.metrics
        if metrics.queued_messages == 0 and metrics.cached_bytes == 0:
            break
        time.sleep(0.05)
    metrics = node.metrics
    node.close()
    print(json.dumps({"queued": metrics.queued_messages, "bytes": metrics.cached_bytes, "lost": metrics.messages_lost}))


if __name__ == "__main__":
    main()
