#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Attacks one node beside a quiet one and prints how long the quiet one waited, as a table.

    run.py [--seconds N] [--only WORD] [--sanitize address|thread]

The exit status is 1 if the quiet node's p99 is beyond the limit under any flood. With --sanitize the library is built
with that sanitizer, in a build folder of its own, and so is the host: then the status is 1 if it reports anything, and
times and memory are told but count for nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from floods import Flood, floods  # noqa: E402
from servers import Server, send_the_time  # noqa: E402

LIBRARY = Path(os.environ.get("NEURON_WS_LIBRARY") or ROOT / ".build/release/libneuron_ws.so")
# Milliseconds that a node may wait while another is attacked; of a hundred waits one may be longer.
WAIT_MAX = 20.0
# Where `make asan` and `make tsan` build too.
SCRATCH = {"address": ROOT / ".build/asan", "thread": ROOT / ".build/tsan"}
# A malloc that finds nothing returns NULL, as elsewhere.
SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "allocator_may_return_null=1:halt_on_error=1:detect_leaks=1",
    "LSAN_OPTIONS": f"suppressions={ROOT / 'Tests/lsan.supp'}:print_suppressions=0",
    "TSAN_OPTIONS": "allocator_may_return_null=1:halt_on_error=1:second_deadlock_stack=1",
}


def sanitized_library(sanitizer: str) -> Path:
    """Builds the library with a sanitizer. Its runtime is the host's business, see `link_sanitized`."""
    scratch = SCRATCH[sanitizer]
    subprocess.run(
        ["swift", "build", f"--sanitize={sanitizer}", "--scratch-path", str(scratch), "--product", "neuron_ws"],
        cwd=ROOT, check=True, stdout=sys.stderr)
    return scratch / "debug/libneuron_ws.so"


def link_sanitized(host: Path, library: Path, sanitizer: str) -> None:
    """By the Swift toolchain, which has a sanitizer's runtime that knows Swift's calls."""
    toolchain = Path(shutil.which("swiftc") or "swiftc").resolve().parent
    source = host.with_suffix(".o")
    subprocess.run(
        [str(toolchain / "clang"), f"-fsanitize={sanitizer}", "-std=c99", "-O1", "-g", f"-I{ROOT / 'include'}",
         "-c", str(HERE / "host.c"), "-o", str(source)], check=True)
    subprocess.run(
        ["swiftc", f"-sanitize={sanitizer}", "-use-ld=lld", str(source), str(library), "-Xlinker", "-rpath",
         "-Xlinker", str(library.parent), "-o", str(host)], check=True)


class Attack:
    """The host program, and a certificate for the floods over TLS."""

    def __init__(self, folder: Path, sanitizer: str = "") -> None:
        self.host = folder / "host"
        self.environment = dict(os.environ)
        # Floods are many times slower there, and the end waits for what is under way.
        self.patience = 600 if sanitizer else 60
        if sanitizer:
            link_sanitized(self.host, sanitized_library(sanitizer), sanitizer)
            self.environment |= SANITIZER_OPTIONS
        else:
            (folder / "libneuron_ws.so.1").symlink_to(LIBRARY.resolve())
            subprocess.run(
                ["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-O1", "-g", f"-I{ROOT / 'include'}",
                 str(HERE / "host.c"), str(folder / "libneuron_ws.so.1"), f"-Wl,-rpath,{folder}", "-lpthread", "-o",
                 str(self.host)], check=True)
        key, pair = folder / "key.pem", folder / "pair.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(pair)], check=True, capture_output=True)
        pair.write_text(pair.read_text() + key.read_text())
        self.certificate = pair

    def run(self, flood: Flood, seconds: float) -> dict[str, float]:
        """What the host measured under this flood; `rate`: of what the flood is made of, per second."""
        certificate = self.certificate if flood.tls else None
        with tempfile.TemporaryDirectory() as data, Server(send_the_time) as quiet, \
                Server(flood.sends, compresses=flood.compresses, reads=flood.reads, certificate=certificate) \
                as attacker:
            settings: dict[str, object] = {
                "url": attacker.url, "reconnect-min": 0.01, "reconnect-max": 0.02, "log-level": "off",
                "compression": "on" if flood.compresses else "off", **flood.settings}
            if flood.tls:
                settings["tls-verify"] = False
            if flood.caches:
                settings = {"offline-cache": True, "data-dir": data, "sync-interval": 0.05, "durability": "crash",
                            **settings}
            if flood.length > MESSAGE_ROOM:
                settings["queue-max-bytes"] = 3 * flood.length
            result = subprocess.run(
                [str(self.host), json.dumps(settings), json.dumps({"url": quiet.url}), str(seconds), flood.what,
                 str(flood.length)], capture_output=True, text=True, timeout=seconds + self.patience,
                env=self.environment)
        if result.returncode != 0:
            raise AttackError(f"{flood.name}: exit {result.returncode}: {result.stderr[:6000]}")
        measured: dict[str, float] = json.loads(result.stdout)
        measured["rate"] = measured[flood.counts] / measured["seconds"]
        return measured


class AttackError(Exception):
    """The host died, or a sanitizer has something to say."""


MESSAGE_ROOM = 1 << 20
HEAD = ("flood", "of it per second", "MB/s in", "MB/s out", "peak MB", "longest wait, ms", "p99, ms", "p50, ms")


def row(flood: Flood, measured: dict[str, float]) -> tuple[str, ...]:
    seconds = measured["seconds"]
    return (flood.name, f"{measured['rate']:,.0f}", f"{measured['wire_received'] / seconds / 1e6:,.1f}",
            f"{measured['wire_sent'] / seconds / 1e6:,.1f}", f"{measured['peak_mb']:.0f}",
            f"{measured['wait_max']:.1f}", f"{measured['wait_p99']:.1f}", f"{measured['wait_p50']:.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5, help="of each flood")
    parser.add_argument("--only", default="", help="floods whose name holds this")
    parser.add_argument("--sanitize", choices=sorted(SCRATCH), default="", help="build it with this sanitizer")
    given = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        attack = Attack(Path(folder), given.sanitize)
        print("| " + " | ".join(HEAD) + " |")
        print("|" + "---|" * len(HEAD), flush=True)
        for flood in floods():
            if given.only not in flood.name:
                continue
            try:
                measured = attack.run(flood, given.seconds)
            except (AttackError, subprocess.TimeoutExpired) as error:
                print(f"| {flood.name} | FAILED |\n{error}", flush=True)
                failed.append(flood.name)
                continue
            print("| " + " | ".join(row(flood, measured)) + " |", flush=True)
            if not given.sanitize and not 0 <= measured["wait_p99"] <= WAIT_MAX:
                failed.append(flood.name)
    if given.sanitize:
        print(f"\nThe {given.sanitize} sanitizer has nothing to say." if not failed
              else f"\nReported by the {given.sanitize} sanitizer, or not done in time: {', '.join(failed)}")
    else:
        print(f"\nNo flood keeps another node waiting for more than {WAIT_MAX:.0f} ms (p99)." if not failed
              else f"\nDied, or longer than {WAIT_MAX:.0f} ms (p99): {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
