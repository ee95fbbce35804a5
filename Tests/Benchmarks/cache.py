#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the cache on disk costs: messages stored a second beside a plain file, bytes written to the disk for each byte
of a message at several rates, and the time and memory of a restart with a large backlog.

    cache.py [--place DIR] [--backlog GIB…] [--only-restart]

DIR lies on the disk that is measured. The targets are DESIGN's; nothing fails where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from programs import ROOT, Programs, Sink, command, last_json  # noqa: E402

NOWHERE = "ws://127.0.0.1:1"
SIZE = 1740
# Messages a second: for how many seconds.
RATES = {1: 20, 10: 20, 100: 10, 10_000: 5}
COUNT = 300_000
APPENDED = 150
TIMEOUT = 1200


class Bench:
    def __init__(self, programs: Programs, place: Path) -> None:
        self.programs = programs
        self.place = place
        self.sink = Sink(programs)

    def settings(self, url: str, **more: object) -> str:
        return json.dumps({
            "url": url, "offline-cache": True, "data-dir": str(self.place / "data"), "cache-disk-size": 20_000,
            "cache-mem-size": 64, "delivery": "peer-parsed", "reconnect-min": 0.05, "reconnect-max": 0.1, **more})

    def run(self, *words: object) -> dict:
        return last_json(command([self.programs.path("cache"), *words], timeout=TIMEOUT), "cache")

    def store(self, count: int, rate: int, **more: object) -> dict:
        return self.run("store", self.settings(NOWHERE, **more), count, SIZE, rate)

    def drain(self) -> dict:
        # Its line comes when the connection ends, and is nobody's business here.
        self.sink.start()
        try:
            return self.run("drain", self.settings(self.sink.url))
        finally:
            self.sink.stop()

    def clear(self) -> None:
        shutil.rmtree(self.place / "data", ignore_errors=True)


def stored(bench: Bench, rounds: int) -> None:
    print(f"\n| {SIZE} bytes, as fast as they go | messages/s | written per byte |\n|---|---|---|")
    plain, kept = [], []
    for _ in range(rounds):
        file = bench.place / "plain"
        plain.append(bench.run("append", file, COUNT, SIZE, APPENDED))
        file.unlink()
        kept.append(bench.store(COUNT, 0))
        bench.clear()
    for name, runs in ((f"plain file, {APPENDED} a write, fdatasync", plain), ("stored", kept)):
        rate = statistics.median(COUNT / one["seconds"] for one in runs)
        amplification = statistics.median(one["written"] for one in runs) / (COUNT * SIZE)
        print(f"| {name} | {rate:,.0f} | {amplification:.2f} |", flush=True)


def rates(bench: Bench, scale: float) -> None:
    print("\n| messages/s | stored: written per byte | drained too | file per byte |\n|---|---|---|---|")
    for rate, seconds in RATES.items():
        count = max(5, int(rate * seconds * scale))
        one = bench.store(count, rate)
        size = sum(file.stat().st_size for file in (bench.place / "data").iterdir())
        drained = bench.drain()
        payload = count * SIZE
        print(f"| {rate:,} | {one['written'] / payload:.2f} | {(one['written'] + drained['written']) / payload:.2f} "
              f"| {size / payload:.2f} |", flush=True)
        bench.clear()


def restart(bench: Bench, gibibytes: float) -> None:
    count = int(gibibytes * (1 << 30) / SIZE)
    bench.store(count, 0, durability="crash")
    size = sum(file.stat().st_size for file in (bench.place / "data").iterdir())
    # The first sync would write all that the kernel still has.
    os.sync()
    drained = bench.drain()
    print("\n| backlog | file | create | first message sent | most memory | drained |\n|---|---|---|---|---|---|")
    print(f"| {gibibytes:g} GiB, {count:,} messages | {size / (1 << 30):.2f} GiB | {drained['create_ms']:.0f} ms "
          f"| {drained['first_ms']:.0f} ms | {drained['peak_kb'] / 1024:.0f} MiB "
          f"| {count / drained['seconds']:,.0f} messages/s |", flush=True)
    bench.clear()


def main() -> int:
    release = ROOT / ".build/release"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--place", type=Path, help="a folder on the disk that is measured")
    parser.add_argument("--backlog", type=float, nargs="*", default=[1], help="GiB of each restart's")
    parser.add_argument("--only-restart", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the seconds at each rate")
    parser.add_argument("--output", type=Path, default=ROOT / ".build/benchmarks")
    given = parser.parse_args()
    library = Path(os.environ.get("NEURON_WS_LIBRARY", release / "libneuron_ws.so"))
    programs = Programs(given.output, library, release / "neuron-ws")
    with tempfile.TemporaryDirectory(prefix="cache-", dir=given.place or given.output) as place:
        bench = Bench(programs, Path(place))
        if not given.only_restart:
            stored(bench, given.rounds)
            rates(bench, given.scale)
        for gibibytes in given.backlog:
            restart(bench, gibibytes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
