#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long 50 nodes need to come back after outages, and what they hold of memory, as a table.

    run.py [--seconds 10 60] [--kinds refused silent] [--nodes 50]

Each node has a TLS connection of its own and pushes twice a second. An outage is `refused`: the server's process is
killed and another one takes its port; or `silent`: the network drops every packet, as a radio link does. A node is back
when the server has a message that came after the outage. The exit status is 1 if a limit does not hold.

`silent` needs a network namespace, so root; --seconds 600 takes eleven minutes for each kind.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Optional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Interop"))

import foreign  # noqa: E402

foreign.use_binding()
import neuron_ws  # noqa: E402

# Seconds from an outage's end until a node is back.
MEDIAN_MAX, LONGEST_MAX = 4.0, 10.0
# Megabytes more than before that may be held a minute after a backlog has drained.
KEPT_MAX = 5.0
PUSH_SECONDS, BODY = 0.5, "x" * 1_000
KINDS = ("refused", "silent")
INSIDE = "NEURON_WS_OUTAGE_NAMESPACE"
# As kernels before 6.5 repeat a SYN: after 1, 3, 7, 15 seconds.
OLD_KERNEL = "/proc/sys/net/ipv4/tcp_syn_linear_timeouts"


class Server:
    """The server in a process of its own."""

    def __init__(self, authority: foreign.Authority, port: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py"), str(port), str(authority.cert), str(authority.key)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        words = self._line().split()
        self.port, self.began = int(words[0]), float(words[1])

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def mark(self) -> None:
        self._say("mark")

    def report(self) -> dict[str, float]:
        """When each path was first heard, of those that were."""
        self._say("report")
        heard: dict[str, float] = json.loads(self._line())
        return heard

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def megabytes() -> float:
    """Memory of this process that no file backs."""
    with open("/proc/self/smaps_rollup") as lines:
        return sum(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024


class Plant:
    """The nodes, and a thread that pushes to all of them."""

    def __init__(self, count: int, port: int, authority: foreign.Authority) -> None:
        self.nodes = [
            neuron_ws.Node(f"node-{number}", {"url": f"wss://127.0.0.1:{port}/{number}", "ca": str(authority.ca)})
            for number in range(count)]
        self.refused = 0
        self._end = threading.Event()
        self._pusher = threading.Thread(target=self._push, daemon=True)
        for node in self.nodes:
            node.start()
        self._pusher.start()

    def _push(self) -> None:
        while not self._end.wait(PUSH_SECONDS):
            for node in self.nodes:
                try:
                    node.send(BODY)
                except neuron_ws.NeuronWSError:
                    self.refused += 1

    def is_drained(self) -> bool:
        return all(node.state.link and node.metrics.queued_messages <= 1 for node in self.nodes)

    def close(self) -> None:
        self._end.set()
        self._pusher.join()
        for node in self.nodes:
            node.close(0)


class Outcome(NamedTuple):
    kind: str
    seconds: float
    median: float
    longest: float
    before: float
    peak: float
    after: float
    refused: int

    @property
    def holds(self) -> bool:
        return (self.median <= MEDIAN_MAX and self.longest <= LONGEST_MAX and self.refused == 0
                and self.after <= self.before + KEPT_MAX)


def drop_packets(drop: bool) -> None:
    """In this network: nothing arrives, or everything does."""
    rules = "add table ip t; add chain ip t c { type filter hook input priority 0; policy drop; }"
    subprocess.run(["nft", rules if drop else "delete table ip t"], check=True)


def outage(kind: str, seconds: float, nodes: int, folder: Path) -> Outcome:
    """What came of one outage."""
    authority = foreign.Authority(folder)
    server = Server(authority)
    plant = Plant(nodes, server.port, authority)
    try:
        foreign.wait_until(plant.is_drained, 120, "all nodes to connect")
        time.sleep(5)
        before = megabytes()
        if kind == "refused":
            server.kill()
        else:
            drop_packets(True)
        time.sleep(seconds)
        peak = megabytes()
        if kind == "refused":
            server = Server(authority, server.port)
            end = server.began
        else:
            server.mark()
            drop_packets(False)
            end = time.monotonic()
        heard: dict[str, float] = {}

        def are_back() -> bool:
            heard.update(server.report())
            time.sleep(0.2)
            return len(heard) == nodes

        foreign.wait_until(are_back, 200, "all nodes to be back")
        foreign.wait_until(plant.is_drained, 120, "the backlog to drain")
        peak = max(peak, megabytes())
        time.sleep(60)
        waits = [at - end for at in heard.values()]
        return Outcome(kind, seconds, statistics.median(waits), max(waits), before, peak, megabytes(), plant.refused)
    finally:
        plant.close()
        server.kill()


HEAD = ("outage", "of seconds", "back: median s", "longest s", "MB before", "at the peak", "a minute after",
        "not taken")


def row(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.kind, f"{outcome.seconds:g}", f"{outcome.median:.1f}", f"{outcome.longest:.1f}",
            f"{outcome.before:.0f}", f"{outcome.peak:.0f}", f"{outcome.after:.0f}", str(outcome.refused))


def in_namespace() -> Optional[int]:
    """Runs this program in a network of its own, and returns its exit status; None: it is in one."""
    if os.environ.get(INSIDE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        if os.path.exists(OLD_KERNEL):
            Path(OLD_KERNEL).write_text("0")
        return None
    command = ["unshare", "--net", "--map-root-user", sys.executable, str(HERE / "run.py"), *sys.argv[1:]]
    return subprocess.run(command, env={**os.environ, INSIDE: "1"}).returncode


def outcomes(given: Any) -> Iterator[Outcome]:
    for seconds in given.seconds:
        for kind in given.kinds:
            with tempfile.TemporaryDirectory() as folder:
                yield outage(kind, seconds, given.nodes, Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, nargs="+", default=[10, 60], help="of each outage")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--nodes", type=int, default=50)
    given = parser.parse_args()
    if "silent" in given.kinds and (status := in_namespace()) is not None:
        return status
    print("| " + " | ".join(HEAD) + " |")
    print("|" + "---|" * len(HEAD), flush=True)
    failed = False
    for outcome in outcomes(given):
        print("| " + " | ".join(row(outcome)) + " |", flush=True)
        failed = failed or not outcome.holds
    print(f"\nA node is back within {MEDIAN_MAX:g} s (median) and {LONGEST_MAX:g} s (each); a minute after its backlog "
          f"has drained it holds no more than {KEPT_MAX:g} MB more: " + ("no." if failed else "yes."))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
