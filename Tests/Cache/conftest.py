# SPDX-License-Identifier: Apache-2.0
"""The library, programs that use it, and a server that keeps what comes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "Interop"))

import foreign  # noqa: E402

NOWHERE = "ws://127.0.0.1:1"

if not foreign.LIBRARY.is_file():
    pytest.exit(f"{foreign.LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY", returncode=2)
os.environ["NEURON_WS_LIBRARY"] = str(foreign.LIBRARY)


class Keeper:
    """A server that keeps the numbers of the messages that it reads."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._numbers: list[int] = []
        self._count = 0
        self._changed = threading.Condition()
        self.server = serve(self._read, "127.0.0.1", 0, compression=None, max_size=None)
        self._serve = self.server.handler
        self.server.handler = self._counted
        self.url = f"ws://127.0.0.1:{self.server.socket.getsockname()[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def numbers(self) -> list[int]:
        """Once all connections have ended and what came on them is read: a Pong goes out before that."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._count == 0, 60):
                pytest.fail(f"{self._count} connections have not ended", pytrace=False)
        return self._numbers

    def _counted(self, *arguments: Any) -> None:
        with self._changed:
            self._count += 1
        try:
            self._serve(*arguments)
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def _read(self, connection: ServerConnection) -> None:
        try:
            for message in connection:
                document = json.loads(message)
                if int(document["rest"]) != 0 or len(document["rest"]) != document["number"] * 37 % 300 + 1:
                    self.faults.append(str(message)[:100])
                self._numbers.append(document["number"])
        except ConnectionClosed:
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, a test fails by it
            self.faults.append(repr(error))


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.server.shutdown()
    assert keeper.faults == []


class Said:
    """What `exercise` said."""

    def __init__(self, returncode: int, output: str, errors: str) -> None:
        self.returncode = returncode
        self.errors = errors
        self.stored = 0
        self.outcomes: dict[str, int] = {}
        self.left: Optional[tuple[int, int]] = None
        self.lost = self.faults = 0
        self.kilobytes = 0
        self.texts: list[str] = []
        self.warnings: list[str] = []
        for line in output.splitlines():
            words = line.split()
            if line.startswith("S "):
                self.stored = int(words[1])
            elif line.startswith("O "):
                self.outcomes[words[1]] = int(words[2])
            elif line.startswith("Q "):
                self.left = (int(words[1]), int(words[2]))
            elif line.startswith("L "):
                self.lost, self.faults = int(words[1]), int(words[2])
            elif line.startswith("M "):
                self.kilobytes = int(words[1])
            elif line.startswith("W "):
                self.warnings.append(line[2:])
            elif line.startswith("E "):
                self.texts.append(line[2:])


class Exercise:
    def __init__(self, program: Path, faults: Path, set_clock: Path) -> None:
        self.program = program
        self.faults = faults
        self._set_clock = set_clock

    def clock(self, offset: int) -> dict[str, str]:
        """The environment of a process whose clock is so many seconds ahead."""
        return {"LD_PRELOAD": str(self._set_clock), "SET_CLOCK": str(offset)}

    def run(self, *arguments: object, faults: Optional[dict[str, str]] = None, timeout: float = 120,
            before: Sequence[str] = (), **variables: str) -> Said:
        """`before` stands in front of the program's name."""
        environment = {**os.environ, **variables}
        if faults is not None:
            environment |= {"LD_PRELOAD": str(self.faults), **faults}
        command = [*before, *foreign.emulator(), str(self.program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)
        return Said(done.returncode, done.stdout, done.stderr)

    def write(self, directory: Path, first: int, count: int, rounds: int, more: str = "", url: str = NOWHERE,
              faults: Optional[dict[str, str]] = None, **variables: str) -> Said:
        return self.run("write", url, directory, first, count, rounds, more, faults=faults, **variables)

    def drain(self, directory: Path, url: str, more: str = "", faults: Optional[dict[str, str]] = None,
              **variables: str) -> Said:
        return self.run("drain", url, directory, more, faults=faults, **variables)

    def opens(self, directory: Path, faults: Optional[dict[str, str]] = None, **variables: str) -> Said:
        """A life that pushes nothing."""
        return self.write(directory, 0, 0, 1, faults=faults, **variables)

    def inside(self, function: Callable[..., object], *arguments: object, faults: dict[str, str],
               ends: int = 0, timeout: float = 120) -> None:
        """Calls a function of a test's module in a process of its own, in which calls fail, and which ends so."""
        module = sys.modules[function.__module__]
        # With it the library would call the C library's own functions.
        code = f"import os, sys; del os.RTLD_DEEPBIND; sys.path.insert(0, {str(HERE)!r}); " \
               f"import {module.__name__} as tests; tests.{function.__name__}(*sys.argv[1:])"
        environment = {**os.environ, "LD_PRELOAD": str(self.faults), **faults}
        done = subprocess.run([sys.executable, "-B", "-c", code, *map(str, arguments)], capture_output=True, text=True,
                              env=environment, timeout=timeout)
        if done.returncode != ends:
            pytest.fail(f"{done.returncode}: {done.stderr}", pytrace=False)


@pytest.fixture(scope="session")
def exercise(tmp_path_factory: pytest.TempPathFactory) -> Exercise:
    folder = tmp_path_factory.mktemp("exercise")
    program, faults, set_clock = folder / "exercise", folder / "spool_faults.so", folder / "set_clock.so"
    # Under its soname, so that the loader finds it as in an installation.
    library = folder / "libneuron_ws.so.1"
    library.symlink_to(foreign.LIBRARY.resolve())
    strict = [*foreign.compiler("gcc"), "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"]
    subprocess.run(
        [*strict, f"-I{foreign.HEADER.parent}", str(HERE / "exercise.c"), "-o", str(program), str(library),
         f"-Wl,-rpath,{folder}"], check=True)
    for preloaded in (faults, set_clock):
        source = str(HERE / preloaded.with_suffix(".c").name)
        subprocess.run([*strict, "-shared", "-fPIC", source, "-o", str(preloaded), "-ldl"], check=True)
    return Exercise(program, faults, set_clock)


def count(calls: Callable[[dict[str, str]], object], fault: str, folder: Path, **more: str) -> int:
    """How many calls can fail so."""
    report = folder / "calls"
    calls({"SPOOL_FAULT": fault, "SPOOL_FAULT_COUNT": str(report), **more})
    return int(report.read_text())


def points(calls: int, request: pytest.FixtureRequest, sample: int = 12) -> list[int]:
    """Which calls: all of them with --whole, else a sample over the whole length."""
    if request.config.getoption("--whole"):
        return list(range(1, calls + 1))
    return sorted({1 + index * (calls - 1) // (sample - 1) for index in range(sample)})


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole", action="store_true", help="each call, each page, each byte instead of a sample")
