# SPDX-License-Identifier: Apache-2.0
"""The host program beside the plugin, built once for each run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import hosting  # noqa: E402

foreign = hosting.foreign
if not foreign.LIBRARY.is_file() or not hosting.plugin_path("2.15").is_file():
    pytest.exit("the library or the plugin is not there: make build plugin", returncode=2)


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hosting.build_host(tmp_path_factory.mktemp("host"), "2.15")


@pytest.fixture
def server() -> Iterator[foreign.Server]:
    with foreign.Server() as running:
        yield running


@pytest.fixture
def host(program: Path) -> Iterator[hosting.Host]:
    with hosting.Host(program) as running:
        yield running
