# SPDX-License-Identifier: Apache-2.0
"""Nothing that was told as stored is lost, whoever is killed: the short form of the proof."""

from __future__ import annotations

from pathlib import Path

import proof


def test_what_was_stored_arrives_though_the_writer_is_killed_and_the_network_rough(tmp_path: Path) -> None:
    result = proof.prove(30, 8, tmp_path / "data", seed=1)
    assert result["missing"] == 0 and result["kills"] >= 8
    # Most lives got as far as to be told, and connections were cut.
    assert result["told"] >= 4 and result["connections"] > 8, result
