# SPDX-License-Identifier: Apache-2.0
"""Builds the programs of neuron_ws.hpp: by both compilers, as each C++, with each kind of results, sanitized too."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Union

import foreign

HERE = Path(__file__).resolve().parent
HEADER = foreign.HEADER.with_suffix(".hpp")
STRICT = [
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror", "-g", "-O1",
    f"-I{HEADER.parent}", f"-I{HERE}",
]
# All that clang knows, without what speaks of C++98, of layout, and of each pointer.
EVERYTHING = [
    "-Weverything", "-Wno-c++98-compat", "-Wno-c++98-compat-pedantic", "-Wno-padded", "-Wno-unsafe-buffer-usage",
]
SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
STANDARDS = ["c++17", "c++20", "c++2b"]
RESULTS = {"exceptions": [], "results": ["-DNEURON_WS_NO_EXCEPTIONS"], "-fno-exceptions": ["-fno-exceptions"]}


def clang() -> str:
    """The one of the Swift toolchain, where there is no other."""
    swift = shutil.which("swift")
    beside = Path(swift).resolve().parent / "clang++" if swift else None
    return shutil.which("clang++") or (str(beside) if beside and beside.is_file() else "clang++")


def compilers() -> dict[str, list[str]]:
    # The linker of its own: Debian's gold warns of what ASan exports.
    return {"g++": ["g++", "-Weffc++"], "clang++": [clang(), *EVERYTHING, *SANITIZED, "-fuse-ld=lld"]}


def functions_left_out() -> list[str]:
    """Those of the C header that the C++ header does not use, and says nothing about."""
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    declared = re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header)
    used = set(re.findall(r"::(neuron_ws_\w+)\(", HEADER.read_text()))
    return [name for name in declared if name not in used]


def event_members_left_out() -> list[str]:
    """Those of neuron_ws_event_t that Event does not tell."""
    struct = re.search(r"typedef struct neuron_ws_event \{(.*?)\}", foreign.HEADER.read_text(), re.S)
    assert struct
    members = re.findall(r"(\w+);", re.sub(r"/\*.*?\*/", "", struct[1], flags=re.S))
    told = HEADER.read_text()
    return [name for name in members if name != "size" and not re.search(rf"\b(?:raw_|event)\.{name}\b", told)]


def programs(folder: Path, link: list[str]) -> list[tuple[str, Union[Path, str]]]:
    """What each was built as, and the program, or what the compiler said."""
    sources = [str(path) for path in sorted(HERE.glob("hpp*.cpp"))]
    commands: dict[str, list[str]] = {}
    # Each compiler with each standard and each kind of results, not all 18; the kinds go round.
    for turn, (name, compiler) in enumerate(compilers().items()):
        for place, standard in enumerate(STANDARDS):
            results = list(RESULTS)[(place + turn) % len(RESULTS)]
            commands[f"hpp, {name} {standard}, {results}"] = [*compiler, f"-std={standard}", *RESULTS[results]]
    commands["hpp, g++ c++17, exceptions, sanitized"] = ["g++", "-std=c++17", *SANITIZED]

    def build(place: int, command: list[str]) -> Union[Path, str]:
        program = folder / f"hpp{place}"
        whole = [*command, *STRICT, *sources, "-o", str(program), *link]
        try:
            done = subprocess.run(whole, capture_output=True, text=True)
        except FileNotFoundError as failure:
            return str(failure)
        return program if done.returncode == 0 else done.stderr[-6000:]

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(zip(commands, pool.map(build, range(len(commands)), commands.values())))
