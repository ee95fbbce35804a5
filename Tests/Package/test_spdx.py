# SPDX-License-Identifier: Apache-2.0
"""Each source says its licence in its first lines. NEURON_WS_WRITE_SPDX=1 writes the line where it is missing."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from test_package import ROOT, tracked

LINE = "SPDX-License-Identifier: Apache-2.0"
SLASHES = (".swift", ".c", ".h", ".cpp", ".hpp", ".js", ".modulemap")
HASHES = (".py", ".sh", ".cmake", ".supp", ".toml", ".in", ".service")
BY_NAME = {"Makefile": "#", "CMakeLists.txt": "#", "libraries": "#", "run": "#", "rules": "#"}
FOLDERS = ("Sources", "include", "bindings", "Tests", "cmake", "examples", ".ci", "Makefile", "Package.swift")
# What stands before all else: the interpreter, the version of SwiftPM's language, the document's type.
FIRST = re.compile(r"#!|// swift-tools-version:|<!doctype ", re.I)


def comment(path: Path) -> str | None:
    """The line as the file's language says it; None: it has no comments, or is none of ours to mark."""
    if path.suffix in SLASHES:
        return f"// {LINE}"
    if path.suffix in HASHES or path.name in BY_NAME:
        return f"# {LINE}"
    if path.suffix in (".css", ".map"):
        return f"/* {LINE} */"
    return f"<!-- {LINE} -->" if path.suffix == ".html" else None


def sources() -> list[Path]:
    return [path for path in tracked() if path.relative_to(ROOT).parts[0] in FOLDERS and comment(path)]


def without_line(path: Path) -> bool:
    return comment(path) not in path.read_text().splitlines()[:2]


def write(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    lines.insert(1 if lines and FIRST.match(lines[0]) else 0, f"{comment(path)}\n")
    path.write_text("".join(lines))


def test_each_source_says_its_licence() -> None:
    assert len(sources()) > 900
    missing = [path for path in sources() if without_line(path)]
    if os.environ.get("NEURON_WS_WRITE_SPDX"):
        for path in missing:
            write(path)
        missing = [path for path in sources() if without_line(path)]
    assert [str(path.relative_to(ROOT)) for path in missing] == []


@pytest.mark.parametrize("text, wanted", [
    ("import CLinux\n", f"// {LINE}\nimport CLinux\n"),
    ("// swift-tools-version: 6.0\nimport P\n", f"// swift-tools-version: 6.0\n// {LINE}\nimport P\n"),
    ("", f"// {LINE}\n"),
])
def test_the_line_is_written_behind_what_stands_first(text: str, wanted: str, tmp_path: Path) -> None:
    file = tmp_path / "file.swift"
    file.write_text(text)
    assert without_line(file)
    write(file)
    assert file.read_text() == wanted and not without_line(file)


def test_the_licence_of_the_line_is_the_licence() -> None:
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text()
