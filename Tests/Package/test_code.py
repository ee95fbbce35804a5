# SPDX-License-Identifier: Apache-2.0
"""Dead weight: declarations that nothing names, functions that are longer than a page."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

from test_package import HEADER, ROOT, SOURCES, code_of, swift_files

FUNCTION_LINES_MAX = 70
PLUGIN = ROOT / "bindings" / "neuron" / "src"

DECLARED = re.compile(r"\b(?:func|var|let|struct|class|enum|protocol|typealias)\s+`?(\w+)`?")
CASES = re.compile(r"^\s*(?:indirect\s+)?case\s+(\w[^:\n]*)$", re.M)

# What a test alone asks of the library, to see what nothing else shows.
TEST_HOOKS = {"arm", "bytesPending", "drawnNanoseconds", "isMidHeader", "markdownTable", "messageHandled", "owes",
              "retainedBytes"}

# Names that stand for a registry, not for a use: all of RFC 6455's close codes.
REGISTRIES = {"CloseCode.swift"}


def declarations(text: str) -> set[str]:
    names = set(DECLARED.findall(text))
    for case in CASES.findall(text):
        names |= set(re.findall(r"(?:^|,)\s*`?(\w+)", re.sub(r"\([^)]*\)", "", case)))
    # In a switch, C's own constants stand behind a `case` too.
    return {name for name in names - {"_"} if not re.match(r"[A-Z0-9]+_", name)}


def test_nothing_is_declared_that_nobody_names() -> None:
    # A name counts wherever it stands as a word, so that this finds the dead, and never the living.
    files = [*swift_files(), *swift_files(ROOT / "Tests")]
    words = Counter(word for file in files for word in re.findall(r"\w+", code_of(file.read_text())))
    words.update(re.findall(r"\w+", HEADER.read_text()))
    dead = {}
    for file in swift_files(SOURCES):
        if file.name in REGISTRIES:
            continue
        names = sorted(name for name in declarations(code_of(file.read_text())) if words[name] == 1)
        if names and "@main" not in file.read_text():
            dead[str(file.relative_to(ROOT))] = names
    assert dead == {}


def test_nothing_in_the_library_is_there_for_tests_alone() -> None:
    words = Counter(word for file in swift_files() for word in re.findall(r"\w+", code_of(file.read_text())))
    words.update(re.findall(r"\w+", HEADER.read_text()))
    # The server of the tests is one target of its own.
    files = [file for file in swift_files(SOURCES)
             if "LoopbackServer" not in file.parts and file.name not in REGISTRIES]
    named = {name: str(file.relative_to(ROOT)) for file in files if "@main" not in file.read_text()
             for name in declarations(code_of(file.read_text())) if words[name] == 1}
    assert {name: file for name, file in named.items() if name not in TEST_HOOKS} == {}
    assert TEST_HOOKS - named.keys() == set(), "a hook that is none any more"


def plugin_sources() -> str:
    return "\n".join(file.read_text() for file in sorted(PLUGIN.glob("*.[ch]")))


def test_every_function_of_the_plugin_is_called() -> None:
    text = plugin_sources()
    headers = "\n".join(file.read_text() for file in PLUGIN.glob("*.h"))
    declared = set(re.findall(r"^(?!#).*\b(websocket_\w+)\(", headers, re.M))
    assert len(declared) > 40
    # Once in its header, once where it stands, once at least where it is used; static ones are the compiler's to find.
    assert [name for name in sorted(declared) if len(re.findall(rf"\b{name}\b", text)) < 3] == []


def test_no_file_of_the_plugin_needs_itself() -> None:
    """Not by way of others either: what one calls lies below it."""
    texts = {file.name: re.sub(r'//[^\n]*|/\*.*?\*/|"(\\.|[^"])*"', "", file.read_text(), flags=re.S)
             for file in PLUGIN.glob("*.c")}
    home = {}
    for name, text in texts.items():
        for head in re.findall(r"^([^\s#}{/][^;{}]*?)\n\{", text, re.M):
            found = re.search(r"(\w+)\(", head)
            if found and not head.startswith("static"):
                home[found[1]] = name
    assert len(home) > 60
    below = {name: {home[word] for word in re.findall(r"\w+", text) if word in home} - {name}
             for name, text in texts.items()}
    for name in below:
        reached, left = set(), [name]
        while left:
            new = below[left.pop()] - reached
            reached |= new
            left += new
        assert name not in reached, f"{name} is in a circle"


def functions(file: Path) -> list[tuple[str, int]]:
    """Name and number of lines of each function, told by the indentation of its braces."""
    lines = file.read_text().splitlines()
    found = []
    for start, line in enumerate(lines):
        match = re.match(r"( *)(?:@\w+(?:\([^)]*\))? +)*(?:\w+(?:\(\w+\))? +)*(?:func +(\S+?)[(<]|(init)[?(<])", line)
        if match is None or line.lstrip().startswith("//"):
            continue
        for end in range(start, len(lines)):
            if lines[end].startswith(match[1] + "}") or end == start and line.rstrip().endswith("}"):
                found.append((match[2] or match[3], end - start + 1))
                break
    return found


def test_no_function_is_longer_than_a_page() -> None:
    files = [*swift_files(), *swift_files(ROOT / "Tests")]
    assert sum(len(functions(file)) for file in files) > 2000
    long = [f"{file.relative_to(ROOT)}: {name} has {count} lines" for file in files
            for name, count in functions(file) if count > FUNCTION_LINES_MAX]
    for file in [*PLUGIN.glob("*.c"), *SOURCES.glob("*/*.c")]:
        for body in re.finditer(r"^\{$.*?^\}$", file.read_text(), re.M | re.S):
            if body[0].count("\n") + 1 > FUNCTION_LINES_MAX:
                long.append(f"{file.relative_to(ROOT)}: {body[0].count(chr(10)) + 1} lines")
    for file in (ROOT / "bindings" / "python" / "neuron_ws").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or 0) - node.lineno + 1
                if count > FUNCTION_LINES_MAX:
                    long.append(f"{file.relative_to(ROOT)}: {node.name} has {count} lines")
    assert long == []
