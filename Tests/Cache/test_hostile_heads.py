# SPDX-License-Identifier: Apache-2.0
"""Heads of a cache's file that somebody wrote, with the checksum that they need."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import zlib
from pathlib import Path

import neuron_ws
import pytest
from test_hostile_files import fill, settings


@pytest.mark.parametrize("words", [[0xFFFFFFFF] * 4, [0, 1, 0xFFFFFFFF], [0xFFFFFFFF, 0, 5, 0xFFFFFFFF]])
def test_gaps_that_make_no_sense_are_none(words: list[int], tmp_path: Path) -> None:
    """Whoever can write the file can make its checksum too."""
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        node.start()
        fill(node, 10)
    with contextlib.closing(sqlite3.connect(tmp_path / "n.nwsc")) as database, database:
        (_, _, size, clock, _, number, stream) = database.execute(
            "SELECT first, next, bytes, clock, wall, number, stream FROM meta").fetchone()
        head = [(1 << 63) - 10, (1 << 63) - 1, size, clock, (1 << 63) - 1, number, stream]
        gaps = struct.pack(f"<{len(words)}I", *words)
        checksum = zlib.crc32(b"n" + struct.pack("<7q", *head) + gaps)
        database.execute("UPDATE meta SET first=?, next=?, bytes=?, clock=?, wall=?, number=?, stream=?, gaps=?, sum=?",
                         (*head, gaps, checksum))
    with neuron_ws.Node("n", settings(tmp_path)) as node:
        node.start()
        fill(node, 5)
        node.metrics
