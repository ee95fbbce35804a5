#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the delivery levels cost: throughput of each as a share of best-effort's, on links of several delays.

    levels.py [--rounds N] [--size BYTES]

In a network of its own whose loopback delays each packet by tc netem: 0, 10 and 100 ms each way, which make round trips
of 0, 20 and 200 ms. Where the kernel has no netem, or we are not root, a relay delays the bytes instead (delay.py). The
targets are targets: nothing fails where one is missed.

What is not confirmed stays in the queue, which is the window: the Ping behind it, and the one before that, come back
when all in front of them was read, the kernel's buffers too. So it has to hold two round trips of what the link takes.
Without a delay that is memory's own speed, a thousand times a gateway's; the row with 64 MiB has the room for it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from delay import Relay  # noqa: E402
from network import enter_own_network  # noqa: E402
from programs import ROOT, Failure, Programs, Sink, command, last_json  # noqa: E402

LEVELS = ("best-effort", "peer-parsed", "app-acked")
# Round trip in ms, MiB of the queue (0: as the setting is), messages for a run, the share that is wanted (0: none is).
LINKS = [(0, 0, 1_200_000, 0.9), (0, 64, 1_200_000, 0.9), (20, 0, 400_000, 0.9), (200, 0, 60_000, 0)]


def delay(milliseconds: int) -> bool:
    """Each packet of the loopback waits so long, and the queue holds what is on its way. False: that cannot be had."""
    try:
        subprocess.run(["tc", "qdisc", "del", "dev", "lo", "root"], capture_output=True)
        if milliseconds == 0:
            return True
        words = f"qdisc add dev lo root netem delay {milliseconds}ms limit 1000000"
        return subprocess.run(["tc", *words.split()], capture_output=True).returncode == 0
    except OSError:
        return milliseconds == 0


def run(programs: Programs, level: str, count: int, size: int, relayed: int, queue: int) -> float:
    """Messages a second, from the first push until the last has reached the level.

    relayed: ms by which a relay delays the bytes each way; 0: there is none. queue: MiB of the queue; 0: as it is.
    """
    sink = Sink(programs, acknowledges=level == "app-acked")
    settings: dict[str, object] = {"delivery": level, "sequence": True}
    if queue:
        settings["queue-max-bytes"] = queue << 20

    def client(url: str) -> str:
        relay = Relay(int(url.rpartition(":")[2]), relayed) if relayed else None
        try:
            url = f"ws://127.0.0.1:{relay.port}" if relay else url
            return command([programs.path("levels"), json.dumps({"url": url, **settings}), count, size], timeout=300)
        finally:
            if relay:
                relay.close()

    try:
        result, said = sink.measure(client)
    finally:
        sink.stop()
    if result["messages"] != count:
        raise Failure(f"{result['messages']} of {count} messages came")
    return count / last_json(said, "levels")["seconds"]


def main() -> int:
    release = ROOT / ".build/release"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=1740, help="bytes of a message")
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of messages")
    parser.add_argument("--output", type=Path, default=ROOT / ".build/benchmarks")
    given = parser.parse_args()
    library = Path(os.environ.get("NEURON_WS_LIBRARY", release / "libneuron_ws.so"))
    print(enter_own_network(), file=sys.stderr)
    programs = Programs(given.output, library, release / "neuron-ws")
    print(f"Messages of {given.size} bytes, medians of {given.rounds} interleaved rounds.\n")
    print("| round trip | " + " | ".join(f"{level}, messages/s" for level in LEVELS) + " | shares | wanted |")
    print("|---|" + "---|" * (len(LEVELS) + 2))
    for round_trip, queue, count, wanted in LINKS:
        relayed = 0 if delay(round_trip // 2) else round_trip // 2
        rates: dict[str, list[float]] = {level: [] for level in LEVELS}
        for _ in range(given.rounds):
            for level in LEVELS:
                messages = max(100, int(count * given.scale))
                rates[level].append(run(programs, level, messages, given.size, relayed, queue))
        medians = [statistics.median(rates[level]) for level in LEVELS]
        shares = ", ".join(f"{rate / medians[0]:.0%}" for rate in medians[1:])
        cells = " | ".join(f"{rate:,.0f}" for rate in medians)
        by = (" by a relay" if relayed else "") + (f", `queue-max-bytes` {queue} MiB" if queue else "")
        print(f"| {round_trip} ms{by} | {cells} | {shares} | {f'≥ {wanted:.0%}' if wanted else ''} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
