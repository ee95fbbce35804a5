#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Describes the header's ABI for abidiff, and compares it with that of the last release: abi.py OUT.abi [LIBRARY]

The library is Swift inside, whose debug symbols know nothing of the header's C types: a C library with the header's
functions, empty, is described instead. With LIBRARY its exports must be the same. docs/abi/libneuron_ws.abi is the last
release's; there is none before the first. Needs abigail-tools. Exits with 1 if a program of then would not run now.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = ROOT / "include/neuron_ws.h"
RELEASED = ROOT / "docs/abi/libneuron_ws.abi"
# abidiff's exit status is made of bits: 1 error, 2 wrong use, 4 a change, 8 one that breaks programs.
BREAKS = 1 | 2 | 8


def empty_functions() -> str:
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    declared = re.findall(r"^NEURON_WS_API\s+([^;{]*?\))\s*;", text, re.M | re.S)
    assert declared, "no functions found in the header"
    bodies = "".join(f"{one} {{ __builtin_trap(); }}\n" for one in declared)
    return f'#include "{HEADER}"\n{bodies}'


def exports(library: Path) -> set[str]:
    command = ["nm", "-D", "--defined-only", str(library)]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in listed.splitlines() if " T " in line}


def main() -> int:
    out = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        source, stub = Path(folder) / "abi.c", Path(folder) / "libneuron_ws.so.1"
        source.write_text(empty_functions())
        subprocess.run(["gcc", "-std=c99", "-g", "-w", "-fPIC", "-shared", f"-ffile-prefix-map={folder}=.",
                        "-Wl,-soname,libneuron_ws.so.1", f"-Wl,--version-script={ROOT}/cmake/neuron_ws.map",
                        source, "-o", stub], check=True)
        for library in map(Path, sys.argv[2:]):
            unlike = exports(library) ^ exports(stub)
            if unlike:
                print(f"{library} exports other functions than the header has: {' '.join(sorted(unlike))}")
                return 1
        subprocess.run(["abidw", "--no-show-locs", "--no-corpus-path", "--no-comp-dir-path", "--headers-dir",
                        HEADER.parent, stub, "--out-file", out], check=True)
    if not RELEASED.is_file():
        print(f"{out}: nothing was released yet that it could be compared with")
        return 0
    status = subprocess.run(["abidiff", RELEASED, out]).returncode
    print("the ABI is the last release's" if status == 0 else
          "the ABI has changed in a way that breaks programs" if status & BREAKS else "the ABI has grown")
    return 1 if status & BREAKS else 0


if __name__ == "__main__":
    sys.exit(main())
