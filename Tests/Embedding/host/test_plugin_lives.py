# SPDX-License-Identifier: Apache-2.0
"""Whole lives of nodes in the host, plain and under every tool that watches."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import hosting

LIVES = int(os.environ.get("HOST_LIVES") or 100)


def live(program: Path, count: int, timeout: float, **options: object) -> None:
    with hosting.foreign.Server(keep=False) as server:
        host = hosting.Host(program, **options)  # type: ignore[arg-type]
        try:
            answer = host.do(f"lives {count} {server.url}", timeout)
        finally:
            status = host.end(timeout)
        assert (answer, status) == (f"{count} lives, 0 foreign calls", 0), host.errors
        assert host.errors == ""
        assert server.connections >= count // 3


def test_lives(program: Path) -> None:
    live(program, LIVES, 60 + LIVES)


@pytest.mark.parametrize("version", hosting.VERSIONS)
def test_lives_in_each_version_of_the_gateway(version: str, tmp_path: Path) -> None:
    live(hosting.build_host(tmp_path, version), 16, 60)


def test_lives_in_a_host_that_keeps_libraries_open(program: Path) -> None:
    live(program, 16, 60, environment={"HOST_KEEPS_LIBRARIES": "1"})


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
def test_lives_under_sanitizers(sanitizer: str, tmp_path: Path) -> None:
    program = hosting.build_sanitized(tmp_path, sanitizer)
    options = {"TSAN_OPTIONS": "halt_on_error=1", "LSAN_OPTIONS": f"suppressions={hosting.ROOT}/Tests/lsan.supp"}
    live(program, LIVES, 300 + 4 * LIVES, environment=options)


def test_lives_under_valgrind(program: Path) -> None:
    tool = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite"]
    live(program, LIVES, 300 + 2 * LIVES, under=[*tool, "--errors-for-leak-kinds=definite"])


