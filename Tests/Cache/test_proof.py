# SPDX-License-Identifier: Apache-2.0
"""Nothing that was told as stored is lost, whoever is killed: the short form of the proof."""

from __future__ import annotations

import os
from pathlib import Path

import proof
import pytest
import small_disk


def test_what_was_stored_arrives_though_the_writer_is_killed_and_the_network_rough(tmp_path: Path) -> None:
    result = proof.prove(30, 8, tmp_path / "data", seed=1)
    assert result["missing"] == 0 and result["kills"] >= 8
    # Most lives got as far as to be told, and connections were cut.
    assert result["told"] >= 4 and result["connections"] > 8, result


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts")
def test_a_small_disk_fills_up_and_drains_to_empty(tmp_path: Path) -> None:
    with small_disk.disk(3) as place:
        result = small_disk.fill_and_drain(place, 1, seed=2)
    assert result["missing"] == 0 and result["full_told"] > 0 and result["fullest"] >= 90, result
    # A file without messages, and the room of its journal.
    assert result["left_on_disk"] < 1 << 20, result
