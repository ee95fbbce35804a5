# SPDX-License-Identifier: Apache-2.0
"""A host's callback for credentials that takes three seconds, or fails, while everything else is asked of its node."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import foreign
import pytest

SCENES = ["others-go-on", "reconnect-asks-anew", "configure-leads-to-the-new-server", "stop-says-that-the-loop-is-busy",
          "destroy-waits", "failing-is-told", "all"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    built, library = folder / "slow_token", folder / "libneuron_ws.so.1"
    library.symlink_to(foreign.LIBRARY.resolve())
    source = Path(__file__).resolve().parent / "slow_token.c"
    subprocess.run([*foreign.compiler("gcc"), "-std=c11", "-Wall", "-Wextra", "-Werror", "-g", "-pthread",
                    f"-I{foreign.HEADER.parent}", "-o", built, source, library,
                    f"-Wl,-rpath,{folder}"], check=True)
    return built


def play(words: list[object], slow_ms: int) -> tuple[list[str], list[str]]:
    """What the program printed, and the tokens that the first server was shown."""
    with foreign.Server() as first, foreign.Server() as second:
        done = subprocess.run([*map(str, words), first.url, second.url, str(slow_ms)], capture_output=True, text=True,
                              timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split(), [headers["Authorization"] for _, headers in first.requests]


def test_a_slow_or_failing_callback_holds_up_nobody_for_longer_than_it_takes(program: Path) -> None:
    lines, tokens = play([*foreign.emulator(), program], slow_ms=3000)
    assert lines == SCENES
    # Of the attempts that were begun anew only the fresh token went out; the last one's was the sixth.
    assert tokens == ["Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-6"], tokens


@pytest.mark.skipif(not shutil.which("valgrind") or bool(foreign.TRIPLET), reason="valgrind is not installed")
def test_nothing_is_leaked_meanwhile(program: Path) -> None:
    lines, _ = play(["valgrind", "-q", "--leak-check=full", "--show-leak-kinds=definite",
                     "--errors-for-leak-kinds=definite", "--error-exitcode=9", program], slow_ms=100)
    assert lines == SCENES
