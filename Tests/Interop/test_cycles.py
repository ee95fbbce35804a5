# SPDX-License-Identifier: Apache-2.0
"""Connections that the server ends, in every way: memory and descriptors stay. `make cycles` has 10,000 of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cycles


def test_neither_memory_nor_descriptors_grow_with_connections() -> None:
    """In a process of its own, which does nothing else."""
    done = subprocess.run(
        [sys.executable, Path(cycles.__file__), "300"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "300 connections that the server ended" in done.stdout


def test_what_grows_is_seen() -> None:
    samples = [cycles.Sample(100 * tenth, 1_000_000, 9_000_000, 12) for tenth in range(1, 11)]
    assert cycles.growth(samples) == []
    for sample in samples[5:]:
        sample.heap += cycles.BYTES_MAX + 1
        sample.descriptors += 1
    assert len(cycles.growth(samples)) == 2
