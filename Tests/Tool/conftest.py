# SPDX-License-Identifier: Apache-2.0
"""The built tool, a foreign server, and certificates."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import foreign  # noqa: E402

if not foreign.TOOL.is_file():
    pytest.exit(f"{foreign.TOOL} is not there: build it first, or set NEURON_WS_TOOL", returncode=2)

# Who is started by nohup ignores it, and so does whoever he starts.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def server() -> Iterator[foreign.Server]:
    with foreign.Server() as running:
        yield running


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> foreign.Authority:
    return foreign.Authority(tmp_path_factory.mktemp("ca"))
