# SPDX-License-Identifier: Apache-2.0
"""What the Embedded build puts in the place of Swift's own inlined functions does what they do."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXTS = ["", "a", "fifteen bytes..", "sixteen bytes ..", "é", "München", "🦆🦆🦆🦆🦆"]
SPOILT = [b"a\xc3(\xf0\x9f\xa6", b"\xff", b"\xe2\x82"]


def wanted() -> list[str]:
    lines = [f"<{text}|{more}>{text}{more}{text}" for text in TEXTS for more in TEXTS]
    lines += ["fixed, fixed", f"{-2**63} 0 {2**63 - 1} {-2**63} {2**64 - 1} {2**64 - 1}",
              f"{-2**31} {2**32 - 1} 65535 255 -128 true"]
    for content in [*(text.encode() for text in TEXTS), *SPOILT]:
        lines += [content.decode(errors="replace")] * 3
    return lines


def test_texts_and_numbers_are_put_together_and_bytes_decoded_as_swift_does(tmp_path: Path) -> None:
    program = tmp_path / "texts"
    sources = [Path(__file__).with_name("texts.swift"), *sorted((ROOT / "cmake/embedded").glob("*.swift"))]
    subprocess.run(["swiftc", "-enable-experimental-feature", "Embedded", "-wmo", "-Osize", "-parse-as-library",
                    "-swift-version", "6", "-module-cache-path", tmp_path / "modules", *sources, "-o", program],
                   check=True, env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
    printed = subprocess.run([program], check=True, capture_output=True, timeout=60).stdout.decode()
    assert printed.splitlines() == wanted()
