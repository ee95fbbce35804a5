#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the C and C++ programs, runs them against the library, plain and under valgrind, and sums up their checks.

run.py [--quick]    NEURON_WS_LIBRARY names the library; the default is .build/release/libneuron_ws.so.
--quick runs under valgrind what calls every function once, and leaves out the programs of neuron_ws.hpp, which take
their time to compile.
With NEURON_WS_TRIPLET (foreign.py) they are those of another processor, the plain ones alone, and run emulated.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Interop"))

import foreign  # noqa: E402
import hpp  # noqa: E402
import large_files  # noqa: E402
from large_peer import LargePeer  # noqa: E402

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-O1", f"-I{foreign.HEADER.parent}", f"-I{HERE}"]
C, CXX = [*foreign.compiler("gcc"), "-std=c99", *STRICT], [*foreign.compiler("g++"), "-std=c++17", *STRICT]
# The file is installed for those who run their own programs so: with it there is nothing to be seen.
SUPPRESSIONS = foreign.ROOT / "cmake/neuron_ws.supp"
VALGRIND = [
    "valgrind", "-q", "-s", "--error-exitcode=9", "--leak-check=full", "--num-callers=30", "--fair-sched=yes",
    "--errors-for-leak-kinds=definite,possible", "--show-leak-kinds=definite,possible",
    f"--suppressions={SUPPRESSIONS}",
]
# The share of misuse's counts that runs under valgrind, which is some thirty times slower.
VALGRIND_SCALE = "0.02"
# Under an emulator the programs are some twenty times slower, and what fails malloc tries each allocation anew.
EMULATED = bool(foreign.TRIPLET)
QUICK = EMULATED or "--quick" in sys.argv
SCALE = VALGRIND_SCALE if EMULATED else "1"


class Tally:
    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.lock = threading.Lock()

    def one(self, what: str, good: bool, detail: str = "", more: str = "") -> None:
        with self.lock:
            self.passed += good
            self.failed += not good
            line = f"{'ok    ' if good else 'FAILED'} {what}{': ' + detail if detail else ''}"
            print(line, *[more][: bool(more)], sep="\n", flush=True)

    def programs(self, each: Sequence[tuple[str, list[object], float]]) -> None:
        """Side by side: most of them keep one processor busy, and wait for valgrind."""
        with ThreadPoolExecutor(1 if EMULATED else os.cpu_count()) as pool:
            list(pool.map(lambda one: self.program(*one), each))

    def program(self, what: str, command: list[object], timeout: float) -> str:
        """Runs a program and adds the checks it counted; no count, or a bad exit, is a failure more. What it wrote to
        its standard error."""
        begin = time.monotonic()
        try:
            words = [str(word) for word in command]
            result = subprocess.run(words, capture_output=True, text=True, timeout=timeout, errors="replace")
        except subprocess.TimeoutExpired:
            self.one(what, False, f"not done within {timeout:.0f} s")
            return ""
        seconds = time.monotonic() - begin
        counted = re.search(r"^(\d+) passed, (\d+) failed$", result.stdout, re.M)
        if counted:
            with self.lock:
                self.passed += int(counted[1])
                self.failed += int(counted[2])
        good = counted is not None and result.returncode == 0 and counted[2] == "0"
        said = f"{counted[0] if counted else 'died'}, exit {result.returncode}, {seconds:.1f} s"
        self.one(what, good, said, "" if good else result.stderr[-6000:])
        return result.stderr


def every_function_is_used(tally: Tally) -> None:
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    files = ("every_function.c", "with_commands.h", "with_caches.h", "without_a_node.h", "check.h")
    source = "".join((HERE / name).read_text() for name in files)
    for name in re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header):
        if not re.search(rf"\b{name}\(", source):
            tally.one(f"every_function.c uses {name}", False)


def every_function_is_called_inside_callbacks(tally: Tally) -> None:
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    source = (HERE / "misuse_everywhere.c").read_text()
    for name in re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header):
        if not re.search(rf"\b{name}\(", source):
            tally.one(f"misuse_everywhere.c calls {name}", False)
    host = header[header.index("typedef struct neuron_ws_host"):header.index("} neuron_ws_host_t")]
    for name in re.findall(r"\(\*(\w+)\)\(", host):
        if f"host.{name} = " not in source:
            tally.one(f"misuse_everywhere.c has {name}", False)


def as_it_is_shipped(tally: Tally, build: Path, program: Path, arguments: list[object]) -> None:
    """Without symbols, which suppressions must not need; each of them has something to suppress."""
    library = build / "libneuron_ws.so.1"
    library.unlink()
    subprocess.run(["strip", "--strip-unneeded", "-o", library, foreign.LIBRARY], check=True)
    told = tally.program("every_function, valgrind, stripped", [*VALGRIND, program, *arguments], 1800)
    named = re.findall(r"^\{\n +(\S+)", SUPPRESSIONS.read_text(), re.M)
    used = re.findall(r"used_suppression: +\d+ (\S+) ", told)
    # Embedded Swift has no types at run time.
    full = "_swift_getGenericMetadata" in subprocess.run(
        ["nm", foreign.LIBRARY], capture_output=True, text=True).stdout
    tally.one("each suppression for valgrind is needed", sorted(used) == sorted(named if full else []), str(used))


def main() -> int:
    tally = Tally()
    if not foreign.LIBRARY.is_file():
        print(f"{foreign.LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY")
        return 2
    every_function_is_used(tally)
    every_function_is_called_inside_callbacks(tally)
    for name in hpp.functions_left_out():
        tally.one(f"neuron_ws.hpp uses {name}", False)
    for name in hpp.event_members_left_out():
        tally.one(f"neuron_ws.hpp tells an event's {name}", False)
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        # Under its soname, so that the loader finds it as in an installation.
        (build / "libneuron_ws.so.1").symlink_to(foreign.LIBRARY)
        link = [str(build / "libneuron_ws.so.1"), f"-Wl,-rpath,{build}", "-lpthread"]
        programs = {
            "every_function, C99": (C, ["every_function.c"]),
            "every_function, C++17": (CXX, ["every_function.cpp"]),
            "misuse, C99": (C, sorted(path.name for path in HERE.glob("misuse*.c"))),
            "reply_lock, C99": (C, ["reply_lock.c"]),
        }
        if EMULATED:
            # The emulator's root has no libstdc++.
            link = [*link, "-static-libstdc++", "-static-libgcc"]
        else:
            programs["memory, C99"] = (C, ["memory.c"])
            programs["memory_peer, C99"] = (C, ["memory_peer.c"])
        built = {}
        for number, (what, (compiler, sources)) in enumerate(programs.items()):
            program = build / f"program{number}"
            command = [*compiler, *(str(HERE / source) for source in sources), "-o", str(program), *link]
            result = subprocess.run(command, capture_output=True, text=True)
            tally.one(f"{what} compiles without a warning", result.returncode == 0, result.stderr)
            if result.returncode == 0:
                built[what] = program
        with foreign.Server(echo=True) as echo, foreign.Server(keep=False) as sink, LargePeer() as large:
            every = [echo.port]
            files = [] if EMULATED else large_files.write(build)
            misuse = [echo.port, sink.port, foreign.free_port()]
            runs: list[tuple[str, list[object], float]] = []
            for what, program in built.items():
                name = what.partition(",")[0]
                arguments = {"every_function": every, "misuse": [*misuse, SCALE], "memory_peer": [large.port],
                             "reply_lock": [echo.port], "memory": files}
                runs.append((what, [*foreign.emulator(), program, *arguments.get(name, [])], 1800))
            for what, found in [] if QUICK else hpp.programs(build, link):
                if isinstance(found, Path):
                    runs.append((what, [found, echo.port], 240))
                else:
                    tally.one(f"{what} compiles without a warning", False, found)
            tally.programs(runs)
            headers = [headers for path, headers in echo.requests if path == "/attempt"]
            tally.one(
                "before_connect's URL, header and token reached the server",
                bool(headers)
                and headers[0].get("X-Every") == "function"
                and headers[0].get("Authorization") == "Bearer token-of-this-attempt"
                and "X-From-Settings" not in headers[0],
            )
            if not EMULATED:
                if shutil.which("valgrind") is None:
                    tally.one("valgrind is installed", False)
                else:
                    # What it does to malloc is not for valgrind.
                    del built["memory, C99"], built["memory_peer, C99"], built["reply_lock, C99"]
                    tally.programs([] if QUICK else [
                        (f"{what}, valgrind", [
                            *VALGRIND, program,
                            *(every if what.startswith("every") else [*misuse, VALGRIND_SCALE]),
                        ], 1800)
                        for what, program in built.items()
                    ])
                    as_it_is_shipped(tally, build, built["every_function, C99"], every)
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
