#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the library through the Autobahn test suite and compares what it says with expected.json.

run.py [--quick] [--cases PATTERN ...] [--write] [--keep]

--quick   all groups but 9 (speed), 12 and 13 (compression)
--cases   only these, for example 1.* 7.3.1; what expected.json says of others is not looked at
--write   writes expected.json instead, from this run
Exit status: 0 all as expected (or there is no Python 2.7, which the suite needs), 1 differences, 2 it could not be run.
"""

from __future__ import annotations

import argparse
import collections
import concurrent.futures
import fcntl
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIBRARY = Path(os.environ.get("NEURON_WS_LIBRARY") or ROOT / ".build/release/libneuron_ws.so")
FOLDER = ROOT / ".build/autobahn"
EXPECTED = HERE / "expected.json"
AGENT = "neuron_ws"
NO_PYTHON_27 = 3
# Groups that a quick run leaves out: they take nine tenths of the time.
SLOW = ["9.*", "12.*", "13.*"]
GROUPS = {
    "1": "framing", "2": "pings and pongs", "3": "reserved bits", "4": "opcodes", "5": "fragmentation",
    "6": "UTF-8", "7": "closing", "9": "limits, speed", "10": "automatic fragmentation",
    "12": "compression", "13": "compression, parameters",
}
# RFC 7692 is on for the cases that are about it, and for all others too: they must not notice.
SETTINGS = '"compression":"on"'

Results = dict[str, dict[str, str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def build_client() -> Path:
    """Compiled by gcc against nothing but the header and the built library."""
    (FOLDER / "libneuron_ws.so.1").unlink(missing_ok=True)
    (FOLDER / "libneuron_ws.so.1").symlink_to(LIBRARY)
    program = FOLDER / "client"
    subprocess.run(
        ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2", f"-I{ROOT / 'include'}",
         str(HERE / "client.c"), "-o", str(program), str(FOLDER / "libneuron_ws.so.1"), f"-Wl,-rpath,{FOLDER}",
         "-lpthread"],
        check=True,
    )
    return program


def run_suite(client: Path, cases: list[str], excluded: list[str], name: str) -> Results:
    """Runs these cases, with a server of the suite and a report of its own."""
    reports = FOLDER / f"reports-{name}"
    shutil.rmtree(reports, ignore_errors=True)
    port = free_port()
    specification = FOLDER / f"spec-{name}.json"
    spec = {
        "url": f"ws://127.0.0.1:{port}", "outdir": str(reports), "cases": cases, "exclude-cases": excluded,
        "exclude-agent-cases": {},
    }
    specification.write_text(json.dumps(spec))
    log = (FOLDER / f"wstest-{name}.log").open("w")
    server = subprocess.Popen(
        [FOLDER / "venv/bin/wstest", "-m", "fuzzingserver", "-u", "0", "-s", specification],
        cwd=FOLDER, stdout=log, stderr=subprocess.STDOUT,
    )
    try:
        await_port(port, server)
        with subprocess.Popen([client, str(port), AGENT, SETTINGS], stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                print(f"autobahn: {name}: {line.strip()}", flush=True)
    finally:
        server.terminate()
        server.wait()
        log.close()
    index = json.loads((reports / "index.json").read_text())[AGENT]
    return {case: {key: entry[key] for key in ("behavior", "behaviorClose")} for case, entry in index.items()}


def run_all(client: Path, cases: list[str], excluded: list[str]) -> Results:
    """The slow groups beside the others: the suite itself is what takes the time, and it has one thread."""
    if cases != ["*"] or excluded:
        return run_suite(client, cases, excluded, "some")
    shards = {"quick": (["*"], SLOW), "9-12": (["9.*", "12.*"], []), "13": (["13.*"], [])}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = [pool.submit(run_suite, client, *shard, name) for name, shard in shards.items()]
        return {case: result for one in runs for case, result in one.result().items()}


def await_port(port: int, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > end:
                sys.exit(f"the suite's server did not start: see {FOLDER}/wstest-*.log")
            time.sleep(0.1)


def order(case: str) -> list[int]:
    return [int(part) for part in case.split(".")]


def print_counts(results: Results) -> None:
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for case, result in results.items():
        group = case.split(".")[0]
        counts[group][result["behavior"]] += 1
        counts[group]["cases"] += 1
        if result["behaviorClose"] not in ("OK", "INFORMATIONAL"):
            counts[group]["close"] += 1
    columns = ["cases", "OK", "INFORMATIONAL", "NON-STRICT", "FAILED", "UNIMPLEMENTED"]
    print(f"{'group':<28}" + "".join(f"{name:>15}" for name in columns) + f"{'bad close':>15}")
    total: collections.Counter[str] = collections.Counter()
    for group in sorted(counts, key=int):
        total.update(counts[group])
        print_row(f"{group:>2} {GROUPS.get(group, '')}", counts[group], columns)
    print_row("all", total, columns)


def print_row(name: str, counts: collections.Counter[str], columns: list[str]) -> None:
    print(f"{name:<28}" + "".join(f"{counts[column]:>15}" for column in [*columns, "close"]))


def differences(results: Results, excluded: list[str], everything: bool) -> list[str]:
    expected: Results = json.loads(EXPECTED.read_text())
    prefixes = tuple(pattern.rstrip("*") for pattern in excluded)
    wanted = {case for case in expected if not case.startswith(prefixes)} if everything else set(results)
    found = []
    for case in sorted(wanted | set(results), key=order):
        if results.get(case) != expected.get(case):
            found.append(f"{case}: expected {expected.get(case)}, got {results.get(case)}")
    return found


def write_expected(results: Results) -> None:
    lines = [f"  {json.dumps(case)}: {json.dumps(results[case])}" for case in sorted(results, key=order)]
    EXPECTED.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--cases", nargs="+", default=["*"])
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    if not LIBRARY.is_file():
        print(f"{LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY")
        return 2
    setup = subprocess.run([HERE / "setup.sh", FOLDER])
    if setup.returncode == NO_PYTHON_27:
        print("autobahn: skipped. The suite needs Python 2.7, and there is none (AUTOBAHN_PYTHON may name one).")
        return 0
    if setup.returncode != 0:
        print("autobahn: the suite could not be set up")
        return 2
    lock = (FOLDER / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        print(f"autobahn: another run writes its reports to {FOLDER}: wait for its end")
        return 2
    excluded = SLOW if arguments.quick else []
    begin = time.monotonic()
    results = run_all(build_client(), arguments.cases, excluded)
    print(f"autobahn: {time.monotonic() - begin:.0f} s; reports in {FOLDER}/reports-*")
    print_counts(results)
    if arguments.write:
        write_expected(results)
        return 0
    found = differences(results, excluded, arguments.cases == ["*"])
    print("\n".join(found) or "autobahn: all as expected")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
