# SPDX-License-Identifier: Apache-2.0
"""The package of this tree, the library under test, and a foreign server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import foreign  # noqa: E402

if not foreign.LIBRARY.is_file():
    pytest.exit(f"{foreign.LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY", returncode=2)
foreign.use_binding()


@pytest.fixture
def server() -> Iterator[foreign.Server]:
    with foreign.Server() as running:
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> foreign.Authority:
    return foreign.Authority(tmp_path_factory.mktemp("ca"))
