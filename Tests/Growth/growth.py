#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What each call costs for an input and for one twice as large, in instructions as callgrind counts them.

growth.py    prints the table of docs/limits.md. NEURON_WS_LIBRARY names the library.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Interop"))

import foreign  # noqa: E402

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


def build(folder: Path) -> list[Path]:
    programs, plugin = [folder / "growth", folder / "opengate_growth"], folder / "plugin_growth"
    for program in programs:
        source = HERE / f"{program.name}.c"
        command = [*FLAGS, f"-I{foreign.HEADER.parent}", source, "-o", program, foreign.LIBRARY]
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
    command = [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=growth_run",
        case.program, case.name, size,
    ]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)
    counted = re.search(r"Collected : (\d+)", done.stderr)
    assert done.returncode == 0 and counted, done.stderr[-2000:]
    return int(counted[1])


def measure(case: Case) -> tuple[int, int]:
    return instructions(case, case.size), instructions(case, case.size * 2)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        print("| grows with | n | instructions for n | for 2 n | ratio |\n|---|---|---|---|---|")
        for case in cases(build(Path(folder))):
            once, twice = measure(case)
            print(f"| {case.grows_with} | {case.size:,} | {once:,} | {twice:,} | {twice / once:.2f} |", flush=True)


if __name__ == "__main__":
    main()
