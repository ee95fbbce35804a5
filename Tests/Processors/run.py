#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A library of another processor under qemu: C programs, its messages beside this machine's, the cache of a process
that is killed, the plugin, the tool.

run.py [--quick] NATIVE TOOL    NATIVE is this machine's library, TOOL the other processor's neuron-ws;
NEURON_WS_LIBRARY, NEURON_WS_TRIPLET, NEURON_WS_SYSROOT and NEURON_WS_PLUGINS tell what is tested
(Tests/Interop/foreign.py).
--quick leaves out the plugin's host, and all formats of messages but one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Optional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Interop"))

import foreign  # noqa: E402

MESSAGES = 1000
FORMATS = {"values-format": 0, "tags-format": 1, "ECP-format": 2}
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", f"-I{foreign.HEADER.parent}"]
# Those of the plugin's tests that need no compiler beside the host's: what goes to the server, comes back and ends.
PLUGIN_TESTS = ("test_plugin_data.py", "test_plugin_boot.py", "test_plugin_requests.py")


class Machine:
    """A library and how programs for it are made and run."""

    def __init__(self, folder: Path, library: Path, compiler: list[str], emulator: list[str]) -> None:
        folder.mkdir()
        self.emulator = emulator
        self.program = folder / "messages"
        soname = folder / "libneuron_ws.so.1"
        soname.symlink_to(library.resolve())
        subprocess.run([*compiler, *STRICT, HERE / "messages.c", soname, f"-Wl,-rpath,{folder}", "-o", self.program],
                       check=True)

    def messages(self, number: int, authority: Optional[foreign.Authority]) -> list[bytes]:
        """What a server gets of 1,000 pushed groups, over ws, or over wss with an authority."""
        tls = authority.server_context() if authority else None
        with foreign.Server(tls=tls) as server:
            ca = authority.ca if authority else "-"
            subprocess.run([*self.emulator, self.program, server.url, ca, str(number)], check=True, timeout=900)
            texts = server.wait_for(MESSAGES, 900)
        return [text.encode() if isinstance(text, str) else text for text in texts]


def the_messages_are_the_same(folder: Path, native: Path, formats: dict[str, int]) -> None:
    here = Machine(folder / "here", native, ["gcc"], [])
    there = Machine(folder / "there", foreign.LIBRARY, foreign.compiler("gcc"), foreign.emulator())
    authority = foreign.Authority(folder)
    for name, number in formats.items():
        for way, tls in (("ws", None), ("wss", authority)):
            wanted, found = here.messages(number, tls), there.messages(number, tls)
            unlike = [place for place, pair in enumerate(zip(wanted, found)) if pair[0] != pair[1]]
            assert len(wanted) == len(found) == MESSAGES and not unlike, \
                f"{name}, {way}: message {unlike[0]}:\n{wanted[unlike[0]]!r}\n{found[unlike[0]]!r}"
            print(f"       {name}, {way}: {MESSAGES} messages, {sum(map(len, found))} bytes, all alike", flush=True)


def run(*command: object) -> None:
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout[-6000:]}"
    print("       " + (done.stdout.strip().splitlines() or ["(nothing)"])[-1], flush=True)


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "--quick"]
    quick = len(words) < len(sys.argv) - 1
    native, tool = (Path(word).resolve() for word in words)
    assert foreign.TRIPLET and foreign.SYSROOT, "NEURON_WS_TRIPLET and NEURON_WS_SYSROOT say what is tested"
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    host = foreign.ROOT / "Tests/Embedding/host"
    kill = foreign.ROOT / "Tests/Cache/test_disk_faults.py::test_the_process_is_killed_in_front_of_a_call"
    formats = dict(list(FORMATS.items())[:1]) if quick else FORMATS
    with tempfile.TemporaryDirectory() as folder:
        steps: dict[str, Callable[[], None]] = {
            "1,000 messages": lambda: the_messages_are_the_same(Path(folder), native, formats),
            "the C ABI": lambda: run(sys.executable, foreign.ROOT / "Tests/CABI/run.py"),
            "the cache of a killed process": lambda: run(*pytest, kill),
            "the plugin's host": lambda: run(*pytest, *(host / name for name in PLUGIN_TESTS)),
            "the tool: demo": lambda: run(*foreign.emulator(), tool, "demo"),
            "the tool: selftest": lambda: run(*foreign.emulator(), tool, "selftest", "--rounds", 20000),
        }
        if quick:
            del steps["the plugin's host"]
        failed = 0
        for name, step in steps.items():
            begun = time.monotonic()
            try:
                step()
            except (AssertionError, subprocess.SubprocessError) as failure:
                failed += 1
                print(failure, flush=True)
                name += ": FAILED"
            print(f"{time.monotonic() - begun:6.1f} s  {foreign.TRIPLET}, {name}", flush=True)
    print(f"{len(steps) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main())
