#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed beside peers: measures everything in one run on one machine and prints it as tables.

    run.py [--quick] [--rounds N] [--only ws64,encode,…] [--peers neuron_ws,libwebsockets,…]

Speed is never a test: the exit status is 0 unless something that was asked for could not be run.
"""

import argparse
import json
import os
import platform
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import CASES, PEERS, Bench, Effort  # noqa: E402
from network import congestion_control, enter_own_network  # noqa: E402
from programs import ROOT, Programs, missing_commands  # noqa: E402
from report import Report  # noqa: E402

BUSY_LOAD = 0.5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    release = ROOT / ".build" / "release"
    parser.add_argument("--quick", action="store_true", help="3 rounds of short runs, at most 3 minutes")
    parser.add_argument("--rounds", type=int, help="rounds of each case (5; quick: 3)")
    parser.add_argument("--only", default=",".join(CASES), help="cases, by commas: " + ", ".join(CASES))
    parser.add_argument("--peers", default=",".join(PEERS), help="who runs: " + ", ".join(PEERS))
    parser.add_argument("--no-namespace", action="store_true", help="on the machine's own loopback")
    parser.add_argument("--library", type=Path,
                        default=Path(os.environ.get("NEURON_WS_LIBRARY", release / "libneuron_ws.so")))
    parser.add_argument("--tool", type=Path, default=Path(os.environ.get("NEURON_WS_TOOL", release / "neuron-ws")))
    parser.add_argument("--output", type=Path, default=ROOT / ".build" / "benchmarks", help="where results go")
    given = parser.parse_args()
    given.only, given.peers = given.only.split(","), given.peers.split(",")
    for names, known, what in ((given.only, CASES, "case"), (given.peers, PEERS, "peer")):
        for name in names:
            if name not in known:
                parser.error(f"no such {what}: {name}; there are {', '.join(known)}")
    if given.rounds is not None and given.rounds < 1:
        parser.error("--rounds takes 1 and more")
    return given


def machine() -> str:
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return f"{model}, {len(os.sched_getaffinity(0))} processors, Linux {platform.release()}"


def main() -> int:
    given = arguments()
    missing = missing_commands()
    if missing:
        print(f"needed and not there: {', '.join(missing)}", file=sys.stderr)
        return 1
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - started:5.1f} s] {line}", file=sys.stderr, flush=True)

    network = f"On the machine's own loopback with {congestion_control()}." if given.no_namespace \
        else enter_own_network()
    say(network)
    load = os.getloadavg()[0]
    facts = [machine(), network]
    if load > BUSY_LOAD:
        facts.append(f"Other work ran on the machine: its load was {load:.1f} at the start.")
        say(facts[-1])
    effort = Effort.quick(given.rounds) if given.quick else Effort.full(given.rounds)
    facts.append(f"Medians of {effort.rounds} interleaved rounds; the sink counts from the first message to the last.")
    bench = Bench(Programs(given.output, given.library, given.tool), effort, given.peers, say)
    results: dict[str, dict] = {}
    try:
        for index, name in enumerate(given.only):
            say(name)
            found = bench.run(name, len(given.only) - index)
            if found:
                results[name] = found
    finally:
        bench.close()
    report = Report(results, facts, bench.versions, bench.failures)
    text = report.markdown()
    (given.output / "result.md").write_text(text)
    document = {"facts": facts, "versions": bench.versions, "results": results, "targets": report.verdicts,
                "failures": bench.failures}
    (given.output / "result.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    print(text)
    say(f"written to {given.output / 'result.md'}")
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
