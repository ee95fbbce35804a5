#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the fuzz targets with libFuzzer and AddressSanitizer, runs them, one per processor, and prints a table.

run.py [SECONDS] [--seed N] [TARGET ...]     SECONDS of each target, 20 unless told otherwise; all targets unless named

With a seed, a fresh corpus takes the same path each time: what fails then, fails by what changed and not by luck.

The corpus lies in .build/fuzz/corpus: it begins as the literals of the tests and grows with each run. A finding is
left in .build/fuzz/findings, and `.build/fuzz/TARGET FILE` shows it again. Exit status 1: there is a finding.

In the table, edges are those of the control flow that were reached, features those with how often and with which
operands; both are libFuzzer's counts.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from seeds import CORPORA, write_corpus

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDER = ROOT / ".build/fuzz"
SOURCES = ROOT / "Sources"
# The library optimised as it ships, but with its own assertions, and each edge of it counted.
FLAGS = [
    "-O", "-g", "-swift-version", "6", "-parse-as-library", "-sanitize=fuzzer,address", "-use-ld=lld",
    "-Xfrontend", "-assert-config", "-Xfrontend", "Debug",
    f"-I{ROOT / 'include'}", *(f"-I{SOURCES / name}" for name in ("CJansson", "CZlib")),
    f"-I{FOLDER}",
]
MODULES = ["WebSocketCore", "NodeCore"]
SUPPORT = [HERE / "Support.swift", HERE / "Jansson.swift"]
INPUT_BYTES_MAX = 4096
# These go over each input several times, byte by byte too.
INPUT_BYTES_MAX_OF = {"frames": 512, "handshake": 1024}
# jansson reads documents of 2048 levels; with ASan each level takes much stack.
MEGABYTES_MAX = 2048


def is_fresh(made: Path, sources: list[Path]) -> bool:
    if not made.is_file():
        return False
    made_at = made.stat().st_mtime
    return all(source.stat().st_mtime < made_at for source in sources)


def compile_swift(arguments: list[object]) -> None:
    subprocess.run(["swiftc", *FLAGS, *map(str, arguments)], check=True)


def build(targets: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    objects, seen = [], [Path(__file__)]
    for module in MODULES:
        sources = sorted((SOURCES / module).rglob("*.swift"))
        seen += sources
        made = FOLDER / f"{module}.o"
        if not is_fresh(made, seen):
            print(f"fuzz: compiling {module}", flush=True)
            compile_swift([
                "-wmo", "-module-name", module, "-emit-module", "-emit-module-path", FOLDER / f"{module}.swiftmodule",
                "-c", *sources, "-o", made,
            ])
        objects.append(made)
    for target in targets:
        source = HERE / f"{target}.swift"
        if not is_fresh(FOLDER / target, [*seen, *SUPPORT, source]):
            print(f"fuzz: compiling {target}", flush=True)
            compile_swift([
                "-module-name", f"fuzz_{target}", *SUPPORT, source, *objects, "-ljansson", "-lz", "-o",
                FOLDER / target,
            ])


def run(target: str, seconds: int, seed: int) -> tuple[str, bool]:
    """A row of the table, and whether there is a finding."""
    corpus, findings = FOLDER / "corpus" / target, FOLDER / "findings"
    findings.mkdir(exist_ok=True)
    seeds = write_corpus(target, corpus)
    print(f"fuzz: {target}, {seconds} s", flush=True)
    command = [
        FOLDER / target, f"-max_total_time={seconds}",
        f"-max_len={INPUT_BYTES_MAX_OF.get(target, INPUT_BYTES_MAX)}", "-timeout=20", "-print_final_stats=1",
        f"-rss_limit_mb={MEGABYTES_MAX}", f"-artifact_prefix={findings}/{target}-",
        f"-dict={corpus.with_suffix('.dict')}", f"-seed={seed}", corpus,
    ]
    # A crash ends at once: a backtrace by Swift's own tool may hang.
    environment = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=1"}
    begin = time.monotonic()
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=environment)
    spent = time.monotonic() - begin
    (FOLDER / f"{target}.log").write_text(result.stdout)
    covered = re.findall(r"cov: (\d+) ft: (\d+)", result.stdout) or [("0", "0")]
    executions = re.search(r"stat::number_of_executed_units:\s+(\d+)", result.stdout)
    count = int(executions[1]) if executions else 0
    if result.returncode != 0:
        print(result.stdout[-6000:])
    print(f"fuzz: {target}: {count:,} executions, {'no finding' if result.returncode == 0 else 'FOUND'}", flush=True)
    cov, ft = covered[-1]
    row = (
        f"{target:<20}{seeds:>7}{count:>13,}{count / spent:>13,.0f}{int(cov):>9,}{int(ft):>10,}"
        f"{len(list(corpus.iterdir())):>9,}   {'none' if result.returncode == 0 else 'FOUND'}"
    )
    return row, result.returncode != 0


def main() -> int:
    words = sys.argv[1:]
    seconds = int(words.pop(0)) if words and words[0].isdigit() else 20
    seed = 0  # libFuzzer takes one of the clock
    if words[:1] == ["--seed"]:
        seed, words = int(words[1]), words[2:]
    targets = words or list(CORPORA)
    unknown = [target for target in targets if target not in CORPORA]
    if unknown:
        sys.exit(f"no such target: {', '.join(unknown)}; there are {', '.join(CORPORA)}")
    build(targets)
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as processors:
        results = list(processors.map(lambda target: run(target, seconds, seed), targets))
    titles = ("seeds", 7), ("executions", 13), ("per second", 13), ("edges", 9), ("features", 10), ("corpus", 9)
    print(f"{'target':<20}" + "".join(f"{title:>{width}}" for title, width in titles) + "   findings")
    print("\n".join(row for row, _ in results))
    return 1 if any(is_bad for _, is_bad in results) else 0


if __name__ == "__main__":
    sys.exit(main())
