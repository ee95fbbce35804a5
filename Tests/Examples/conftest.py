# SPDX-License-Identifier: Apache-2.0
"""The package of this tree, and the library under test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import foreign  # noqa: E402

foreign.use_binding()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> foreign.Authority:
    return foreign.Authority(tmp_path_factory.mktemp("ca"))
