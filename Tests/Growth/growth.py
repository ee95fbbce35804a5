#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each call costs for an input and for one twice as large, in instructions as callgrind counts them.

growth.py [WORD]    prints the table of docs/limits.md, or its rows that hold the word or are of that program.
                    NEURON_WS_LIBRARY names the library.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "Interop")]

import foreign  # noqa: E402
import peers  # noqa: E402

PLUGIN = foreign.ROOT / "bindings" / "neuron"
FLAGS = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-Wall", "-Wextra", "-Werror"]
# What twice the input may cost: twice as much and a logarithm, or no more than before.
RATIO_MAX = {"linear": 2.6, "constant": 1.3}


@dataclass
class Case:
    program: Path
    name: str
    size: int
    kind: str
    grows_with: str

    @property
    def is_of_the_loop(self) -> bool:
        """What it costs is the loop thread's: all of the program is counted, and what it takes for nothing is not."""
        return self.program.name == "loop_growth"


def build(folder: Path) -> list[Path]:
    programs = [folder / name for name in ("growth", "opengate_growth", "loop_growth")]
    plugin = folder / "plugin_growth"
    for program in programs:
        source = HERE / f"{program.name}.c"
        command = [*FLAGS, f"-I{foreign.HEADER.parent}", source, "-o", program, foreign.LIBRARY, "-lpthread"]
        subprocess.run([*command, f"-Wl,-rpath,{Path(foreign.LIBRARY).parent}"], check=True)
    sources = [HERE / "plugin_growth.c", PLUGIN / "src" / "websocket_subscriptions.c"]
    includes = [f"-I{PLUGIN}/include", f"-I{PLUGIN}/src", f"-I{foreign.HEADER.parent}", "-DNEURON_VERSION_MINOR=15"]
    subprocess.run([*FLAGS, *includes, *sources, "-o", plugin, "-lpthread"], check=True)
    return [*programs, plugin]


def cases(programs: list[Path]) -> list[Case]:
    found = []
    for program in programs:
        listed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        for line in listed.splitlines():
            name, size, kind, grows_with = line.split("\t")
            found.append(Case(program, name, int(size), kind, grows_with))
    return found


def instructions(case: Case, size: int) -> int:
    toggle = [] if case.is_of_the_loop else ["--toggle-collect=growth_run"]
    command = [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *toggle, case.program, case.name, size]
    peer = peers.Peer(case.name, size) if case.is_of_the_loop else None
    try:
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=300,
            env={**os.environ, "GROWTH_URL": peer.url if peer else ""})
    finally:
        if peer:
            peer.stop()
    counted = re.search(r"Collected : (\d+)", done.stderr)
    assert done.returncode == 0 and counted, done.stderr[-2000:]
    return int(counted[1])


def measure(case: Case) -> tuple[int, int]:
    nothing = instructions(case, 0) if case.is_of_the_loop else 0
    return instructions(case, case.size) - nothing, instructions(case, case.size * 2) - nothing


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder:
        print("| grows with | n | instructions for n | for 2 n | ratio |\n|---|---|---|---|---|")
        for case in cases(build(Path(folder))):
            if word not in case.grows_with and word != case.program.name:
                continue
            once, twice = measure(case)
            print(f"| {case.grows_with} | {case.size:,} | {once:,} | {twice:,} | {twice / once:.2f} |", flush=True)


if __name__ == "__main__":
    main()
