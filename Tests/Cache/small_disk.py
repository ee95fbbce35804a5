# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up and drains to empty, while the writer is killed and the network rough:
`small_disk.py [MEGABYTES] [CYCLES]`. As root: it mounts."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from proof import Receiver, Writer, judge
from rough_proxy import RoughProxy

PATIENCE = 120
FILE = "writer.nwsc"


@contextlib.contextmanager
def disk(megabytes: int) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="neuron-ws-disk-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def free(place: Path) -> int:
    facts = os.statvfs(place)
    return facts.f_bavail * facts.f_frsize


def fill_and_drain(place: Path, cycles: int, seed: int) -> dict[str, int]:
    """In each cycle the server is away until the disk is full, which is said; then all comes, and the disk is free."""
    chance = random.Random(seed)
    receiver = Receiver()
    proxy = RoughProxy(receiver.port, seed)
    url = f"ws://127.0.0.1:{proxy.port}"
    whole = free(place)
    stored: dict[int, int] = {}
    result = {"kills": 0, "fullest": 0, "full_told": 0, "left_on_disk": 0}

    def life(until_full: bool) -> Writer:
        # Who asks whether all is stored goes on at once where a disk is full: what is stored is not to make room.
        settings = '{"cache-policy": "drop-newest"}'
        writer = Writer(url, place / "data", len(stored) + 1 if until_full else 0, settings)
        patience = time.monotonic() + PATIENCE
        if until_full:
            while not writer.last and time.monotonic() < patience:
                time.sleep(0.01)
            time.sleep(0.5 + chance.random())
            # Without room it waits for some, and then says why.
            while free(place) < whole // 100 and not writer.notes and time.monotonic() < patience:
                time.sleep(0.01)
        return writer

    for _ in range(cycles):
        proxy.is_away = proxy.is_rough = True
        is_full = False
        patience = time.monotonic() + PATIENCE
        while not is_full:
            assert time.monotonic() < patience, f"the disk does not fill up: {free(place)} of {whole} bytes are free"
            writer = life(until_full=True)
            assert writer.process.poll() is None, f"the writer ended by itself: {writer.end()} {writer.last}"
            writer.kill()
            result["kills"] += 1
            stored[len(stored) + 1] = writer.stored
            told = sum("is full" in note for note in writer.notes)
            result["full_told"] += told
            is_full = told > 0
        result["fullest"] = max(result["fullest"], (whole - free(place)) * 100 // whole)
        proxy.is_away = False
        for _ in range(3):
            writer = life(until_full=False)
            time.sleep(chance.random())
            writer.kill()
            result["kills"] += 1
        proxy.is_rough = False
        writer = life(until_full=False)
        errors = writer.end(330)
        assert writer.process.returncode == 0, errors
        assert '"queued": 0, "bytes": 0' in writer.last, writer.last
        result["left_on_disk"] = max(result["left_on_disk"], whole - free(place))
    proxy.close()
    receiver.server.shutdown()
    return {**judge(receiver, stored), **result}


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    cycles = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    seed = int(time.time())
    print(f"seed {seed}", flush=True)
    with disk(megabytes) as place:
        print(fill_and_drain(place, cycles, seed))


if __name__ == "__main__":
    main()
