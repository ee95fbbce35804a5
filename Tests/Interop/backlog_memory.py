#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nodes hold of memory before, during and after an outage.

backlog_memory.py play CA CERT KEY        - 50 nodes, an outage, its backlog; prints megabytes as JSON
backlog_memory.py serve PORT CERT KEY     - the server, in a process of its own, until its standard input ends
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time

import foreign

NODES, OUTAGE_MESSAGES, BODY = 50, 600, "x" * 1_700


def serve(port: int, cert: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with foreign.Server(port, tls=context, keep=False) as server:
        print(server.port, flush=True)
        sys.stdin.read()


def megabytes() -> float:
    """Memory of this process that no file backs."""
    with open("/proc/self/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


def start_server(port: int, cert: str, key: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen([sys.executable, __file__, "serve", str(port), cert, key],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def play(ca: str, cert: str, key: str) -> dict[str, float]:
    foreign.use_binding()
    import neuron_ws

    server, port = start_server(0, cert, key)
    settings = {"url": f"wss://127.0.0.1:{port}/", "ca": ca, "reconnect-min": 0.2, "reconnect-max": 0.5}
    nodes = [neuron_ws.Node(f"node-{number}", settings) for number in range(NODES)]

    def push(count: int) -> None:
        for _ in range(count):
            for node in nodes:
                node.send(BODY)

    def is_drained() -> bool:
        return all(node.state.link and node.metrics.queued_messages == 0 for node in nodes)

    for node in nodes:
        node.start()
    push(20)
    foreign.wait_until(is_drained, 60, "the first messages")
    got = {"before": megabytes()}
    server.kill()
    server.wait()
    foreign.wait_until(lambda: not any(node.state.link for node in nodes), 60, "the outage")
    push(OUTAGE_MESSAGES)
    got["during"] = megabytes()
    server, _ = start_server(port, cert, key)
    foreign.wait_until(is_drained, 60, "the backlog to drain")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        # The gateway goes on meanwhile.
        push(1)
        got["after"] = megabytes()
        if got["after"] < got["before"] + 5:
            break
        time.sleep(1)
    for node in nodes:
        node.close(1)
    server.kill()
    server.wait()
    return got


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]), *sys.argv[3:])
    else:
        print(json.dumps(play(*sys.argv[2:])))
