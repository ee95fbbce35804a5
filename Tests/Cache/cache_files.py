# SPDX-License-Identifier: Apache-2.0
"""Makes a cache's file as somebody else might: rows and heads of any kind."""

from __future__ import annotations

import sqlite3
import struct
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

FIRST_KEY = 1 << 40
TABLES = """
CREATE TABLE meta(id INTEGER PRIMARY KEY, node TEXT, first INTEGER, next INTEGER, bytes INTEGER, clock INTEGER,
wall INTEGER, number INTEGER, stream INTEGER);
CREATE TABLE batches(first INTEGER PRIMARY KEY, count INTEGER, arrival INTEGER, number INTEGER, data BLOB);
CREATE TABLE aside(id INTEGER PRIMARY KEY, wall INTEGER, code INTEGER, reason TEXT, kind INTEGER, data BLOB);
CREATE TABLE room(id INTEGER PRIMARY KEY, data BLOB);
PRAGMA application_id=0x6E777363;
PRAGMA user_version=1;
"""

Row = tuple[int, int, int, int, bytes]


def message(payload: bytes) -> bytes:
    """A message as it lies in a batch: CRC-32, its length, its time and flags, itself, filled up to 8 bytes."""
    body = struct.pack("<IQ", len(payload), int(time.time() * 1000)) + payload
    record = struct.pack("<I", zlib.crc32(body)) + body
    return record + bytes(-len(record) % 8)


def batches(payloads: Iterable[bytes], arrival: int = 0) -> list[Row]:
    """Each message in a batch of its own."""
    return [(FIRST_KEY + at, 1, arrival, 1 + at, message(payload)) for at, payload in enumerate(payloads)]


def make(path: Path, rows: Sequence[Row], node: str = "x", clock: int = 0, more: Iterable[str] = ()) -> Path:
    database = sqlite3.connect(path, isolation_level=None)
    database.executescript(TABLES)
    database.execute("BEGIN")
    database.executemany("INSERT INTO batches VALUES(?,?,?,?,?)", rows)
    end = max([FIRST_KEY, *(row[0] + row[1] for row in rows if FIRST_KEY <= row[0] < 1 << 60)])
    database.execute("INSERT INTO meta VALUES(0,?,?,?,?,?,?,1,1)", (
        node, FIRST_KEY, end, sum(len(row[4]) for row in rows), clock, int(time.time() * 1000)))
    database.execute("COMMIT")
    for statement in more:
        database.execute(statement)
    database.close()
    return path
