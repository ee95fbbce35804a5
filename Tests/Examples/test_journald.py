# SPDX-License-Identifier: Apache-2.0
"""examples/journald: each line has its priority and its category, and the settings' faults are lines too."""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import foreign
import pytest

EXAMPLE = foreign.ROOT / "examples/journald"
STRICT = ["gcc", "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"-I{foreign.ROOT / 'include'}"]
LINE = re.compile(r"<([2-7])>line-1 \[([A-Z]+)\]: (.+)")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("journald")
    (folder / "libneuron_ws.so.1").symlink_to(foreign.LIBRARY)
    link = [str(folder / "libneuron_ws.so.1"), f"-Wl,-rpath,{folder}"]
    subprocess.run([*STRICT, str(EXAMPLE / "journald.c"), "-o", str(folder / "journald"), *link], check=True)
    return folder / "journald"


def settings(folder: Path, **members: object) -> Path:
    file = folder / "settings.json"
    file.write_text(json.dumps(members))
    return file


def lines(program: Path, file: Path, enough: Callable[[tuple[str, str, str]], bool]) -> list[tuple[str, str, str]]:
    """Priority, category and text of each line, to the end of a program that is stopped behind the line named."""
    found: list[tuple[str, str, str]] = []
    with subprocess.Popen([program, file], stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            match = LINE.fullmatch(line.rstrip("\n"))
            assert match, line
            found.append((match[1], match[2], match[3]))
            if enough(found[-1]):
                running.send_signal(signal.SIGTERM)
    assert running.returncode == 0
    return found


def test_a_connection_is_noticed(program: Path, tmp_path: Path) -> None:
    with foreign.Server() as server:
        file = settings(tmp_path, url=server.url, **{"log-level": "debug"})
        found = lines(program, file, lambda line: "Connected" in line[2] or "connected" in line[2])
    assert ("7", "CONNECTION") in {line[:2] for line in found}
    assert any(line[:2] == ("5", "CONNECTION") for line in found)


def test_a_failure_is_a_warning(program: Path, tmp_path: Path) -> None:
    file = settings(tmp_path, url=f"ws://127.0.0.1:{foreign.free_port()}/")
    found = lines(program, file, lambda line: line[0] == "4")
    assert ("4", "CONNECTION") in {line[:2] for line in found}


def test_a_certificate_is_a_matter_of_tls(program: Path, authority: foreign.Authority, tmp_path: Path) -> None:
    with foreign.Server(tls=authority.server_context()) as server:
        found = lines(program, settings(tmp_path, url=server.url), lambda line: line[0] == "4")
    assert ("4", "TLS") in {line[:2] for line in found}


def test_faults_are_told_one_by_one(program: Path, tmp_path: Path) -> None:
    file = settings(tmp_path, url="ws://127.0.0.1:9/", formatt=1, **{"ping-interval": "often"})
    done = subprocess.run([program, file], capture_output=True, text=True)
    assert done.returncode == 1
    told = [line.removeprefix(f"<3>{file}: ").split()[0] for line in done.stderr.splitlines()]
    assert told == ['"formatt"', '"ping-interval"']


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch, lambda path: path.write_text("{")])
def test_a_file_that_is_none(program: Path, tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "file")
    done = subprocess.run([program, tmp_path / "file"], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith(f"<3>{tmp_path / 'file'}: ")
