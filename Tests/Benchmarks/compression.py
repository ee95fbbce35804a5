# SPDX-License-Identifier: Apache-2.0
"""What permessage-deflate saves and costs, as the tables of docs/compression.md.

    python Tests/Benchmarks/compression.py [sizes|memory]

`sizes` compresses telemetry as the library does, with the same zlib and the same parameters (raw DEFLATE, a sync flush
after each message, its tail cut off). `memory` runs a thousand nodes in this process against a server in another.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import foreign  # noqa: E402

foreign.use_binding()

import neuron_ws  # noqa: E402

TAGS = (10, 100, 1000)
WINDOWS = range(9, 16)
MEMORY_LEVELS = range(1, 10)
LEVELS = (1, 2, 3, 4, 6, 9)
# The library's own; see Deflater.level and the settings' defaults.
LEVEL, WINDOW, MEMORY_LEVEL = 4, 15, 5


def telemetry(tags: int, count: int) -> list[bytes]:
    """Messages of one group, a second apart: counters, temperatures that wander, switches, and some that rest."""
    source = random.Random(tags)
    values: dict[str, object] = {}
    for index in range(tags):
        machine, quantity = (("Pump", "Count"), ("Valve", "Temp"), ("Motor", "State"), ("Tank", "Level"))[index % 4]
        name = f"{machine}{index // 4:03d}.{quantity}"
        values[name] = (source.randrange(100_000), round(source.uniform(15, 90), 2), True, 50.0)[index % 4]
    messages = []
    for number in range(count):
        for index, (name, value) in enumerate(values.items()):
            kind = index % 4
            if kind == 0:
                values[name] = value + source.randrange(5)  # type: ignore[operator]
            elif kind == 1:
                values[name] = round(value + source.gauss(0, 0.3), 2)  # type: ignore[operator]
            elif kind == 2 and source.random() < 0.05:
                values[name] = not value
        text = neuron_ws.encode("values", "plc1", "line", values, timestamp=1650006388943 + 1000 * number)
        messages.append(text.encode())
    return messages


def compressor(window: int, memory: int, level: int = LEVEL) -> "zlib._Compress":
    return zlib.compressobj(level, zlib.DEFLATED, -window, memory)


def compress(
    messages: list[bytes], window: int, memory: int, takeover: bool, level: int = LEVEL
) -> tuple[float, float]:
    """Mean size in bytes and mean CPU time in µs of a message, the best of three runs."""
    best = float("inf")
    size = 0
    for _ in range(3):
        size = 0
        start = time.process_time()
        stream = compressor(window, memory, level)
        fresh = stream.copy()
        for message in messages:
            if not takeover:
                # The cost of deflateReset is about that of this copy.
                stream = fresh.copy()
            size += len(stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH)) - 4
        best = min(best, time.process_time() - start)
    return size / len(messages), best / len(messages) * 1e6


def state_bytes(window: int, memory: int) -> int:
    """What zlib takes to deflate (zconf.h): window, hash chains, hash heads and pending output."""
    return (1 << (window + 2)) + (1 << (memory + 9))


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |")


def header(*cells: str) -> None:
    print()
    row(*cells)
    print("|" + "---|" * len(cells))


def cells(sets: dict[int, list[bytes]], window: int, memory: int, takeover: bool, level: int = LEVEL) -> Iterator[str]:
    for messages in sets.values():
        plain = sum(map(len, messages)) / len(messages)
        size, cost = compress(messages, window, memory, takeover, level)
        yield f"{size:,.0f} ({100 * size / plain:.0f} %), {cost:,.1f} µs"


def sizes() -> None:
    sets = {tags: telemetry(tags, max(40, 20_000 // tags)) for tags in TAGS}
    print(f"zlib {zlib.ZLIB_RUNTIME_VERSION}; values-format, mean bytes of a message:",
          ", ".join(f"{tags} tags {sum(map(len, messages)) // len(messages):,}" for tags, messages in sets.items()))
    names = [f"{tags} tags" for tags in TAGS]
    for takeover in (True, False):
        kind = "with" if takeover else "without"
        header(f"level, {kind} context takeover", *names)
        for level in LEVELS:
            row(level, *cells(sets, WINDOW, MEMORY_LEVEL, takeover, level))
        header(f"window-bits, {kind} context takeover", "zlib's memory", *names)
        for window in WINDOWS:
            row(window, f"{state_bytes(window, MEMORY_LEVEL) // 1024} KiB",
                *cells(sets, window, MEMORY_LEVEL, takeover))
        header(f"memory-level, {kind} context takeover", "zlib's memory", *names)
        for memory in MEMORY_LEVELS:
            row(memory, f"{state_bytes(WINDOW, memory) // 1024} KiB", *cells(sets, WINDOW, memory, takeover))
        header(f"window-bits/memory-level, {kind} context takeover", "zlib's memory", *names)
        for window, memory in ((9, 1), (10, 2), (11, 3), (11, 4), (12, 4), (12, 5), (13, 5), (13, 6), (14, 7)):
            row(f"{window}/{memory}", f"{state_bytes(window, memory) // 1024} KiB",
                *cells(sets, window, memory, takeover))
    header("bytes of a message", "alone", "after one like it", "CPU")
    for bytes_ in (16, 32, 48, 64, 96, 128, 192, 256):
        first, second = (telemetry(40, 2)[index][:bytes_] for index in (0, 1))
        alone, _ = compress([first], WINDOW, MEMORY_LEVEL, True)
        both, cost = compress([first, second] * 500, WINDOW, MEMORY_LEVEL, True)
        row(bytes_, f"{alone:.0f}", f"{both:.0f}", f"{cost:.1f} µs")


def resident() -> int:
    """KiB of this process that are in memory."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


SERVER = """
import asyncio, sys, websockets
from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as Factory
async def handle(connection):
    async for message in connection: pass
async def main():
    async with serve(handle, "127.0.0.1", 0, max_size=None, ping_interval=None, backlog=2000, compression=None,
                     extensions=[Factory(compress_settings={"memLevel": 1})]) as server:
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
asyncio.run(main())
"""


def one_memory(settings: dict[str, object], nodes: int) -> None:
    """In a process of its own: prints KiB per node, idle and after 20 messages of 100 tags each."""
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin is not None and server.stdout is not None
    url = f"ws://127.0.0.1:{int(server.stdout.readline())}/"
    messages = telemetry(100, 20)
    before = resident()
    running = [neuron_ws.Node(f"idle-{number}", {"url": url, **settings}) for number in range(nodes)]
    for node in running:
        node.start()
    for node in running:
        foreign.wait_until(lambda: node.state.link, 60, "the link")
    idle = resident()
    for message in messages:
        for node in running:
            node.send(message)
        for node in running:
            node.flush()
    busy = resident()
    agreed = running[0].state.extensions or "-"
    print(f"{(idle - before) / nodes:.1f}", f"{(busy - before) / nodes:.1f}", agreed, sep="\t")
    sys.stdout.flush()
    server.kill()
    os._exit(0)


def memory(nodes: int) -> None:
    header("settings", "idle", "after 20 messages of 100 tags", "agreed")
    for name, settings in {
        "compression off": {},
        "on, defaults": {"compression": "on"},
        "on, memory-level 8": {"compression": "on", "memory-level": 8},
        "on, window-bits 11, memory-level 4": {"compression": "on", "window-bits": 11, "memory-level": 4},
        "on, window-bits 9, memory-level 1": {"compression": "on", "window-bits": 9, "memory-level": 1},
    }.items():
        out = subprocess.run([sys.executable, __file__, "one", repr(settings), str(nodes)], check=True,
                             capture_output=True, text=True).stdout
        idle, busy, agreed = out.strip().split("\t")
        row(name, f"{idle} KiB", f"{busy} KiB", agreed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="?", choices=("sizes", "memory", "one"))
    parser.add_argument("settings", nargs="?", default="{}", help=argparse.SUPPRESS)
    parser.add_argument("nodes", nargs="?", type=int, default=1000, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.what == "one":
        import ast

        one_memory(ast.literal_eval(chosen.settings), chosen.nodes)
    if chosen.what in (None, "sizes"):
        sizes()
    if chosen.what in (None, "memory"):
        memory(chosen.nodes)
