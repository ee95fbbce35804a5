# SPDX-License-Identifier: Apache-2.0
"""The built library and tool, and a folder with a certificate authority."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import foreign  # noqa: E402

if not foreign.LIBRARY.is_file():
    pytest.exit(f"{foreign.LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY", returncode=2)
foreign.use_binding()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> foreign.Authority:
    return foreign.Authority(tmp_path_factory.mktemp("ca"))


def descriptors() -> dict[str, str]:
    found = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            found[name] = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            pass  # the one listdir itself used
    return {name: target for name, target in found.items() if not target.startswith("/proc/")}


@pytest.fixture
def no_leaks(authority: foreign.Authority) -> Iterator[None]:
    """After a test there are as many descriptors and threads as before it."""
    before, threads, own = descriptors(), len(os.listdir("/proc/self/task")), threading.active_count()
    yield
    foreign.wait_until(lambda: threading.active_count() <= own, 5, "threads of the test's servers")
    foreign.wait_until(lambda: len(os.listdir("/proc/self/task")) <= threads, 5, "threads of the library")
    left = {name: target for name, target in descriptors().items() if name not in before}
    assert len(descriptors()) <= len(before), left
