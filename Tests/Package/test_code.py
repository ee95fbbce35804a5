# SPDX-License-Identifier: Apache-2.0
"""Dead weight: declarations that nothing names, functions that are longer than a page."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest
from swift_index import Declaration, SwiftIndex
from test_package import ROOT, SOURCES, code_of, swift_files

FILES_MAX = 20
FUNCTION_LINES_MAX = 70
PLUGIN = ROOT / "bindings" / "neuron" / "src"

# What a test alone asks of the library, to see what nothing else shows, as `File.name`; invariants too.
TEST_HOOKS = {
    "AnsweredOperations.count", "Backlog+Live.isLive(_:)", "Backlog+Live.waits", "CachePlace.isOpen",
    "FrameDecoder.isMidHeader", "HandshakeResponseParser.fieldsMax",
    "HandshakeResponseParser.headBytesMax", "HandshakeResponseParser.startLineBytesMax", "JSONChecker.check(_:)",
    "JSONDocument.parse(_:byteCountMax:)", "MessageAssembler.isMidMessage",
    "MessageAssembler.retainedBytes", "MessageBytes.array", "MessageCache+Owed.owes(_:as:)",
    "NodeSettings.parse(json:_:)", "PendingRequests.count", "SettingsMarkdown.markdownTable()", "Stream.bytesPending",
    "Subscription.group", "SyscallFaults.arm(after:_:)", "TLSContextCache.count", "TLSTickets.count", "TimerHeap.count",
    "TurnBudget.drawnNanoseconds",
}

# Named by nobody: what the system starts, what no caller may find, what lies between two others in memory.
WITHOUT_CALLER = {"Entry", "main()", "appendInterpolation(_:)", "between", "behind", "reserved"}

# Only ever written: it keeps what others point into, or the compiler's own == compares it.
WITHOUT_READER = {
    "EventQueue.lent", "GroupDocument.arena", "GroupDocument.document", "GroupNames.settings",
    "GroupNames.subscription", "GroupNames.thrownOut",
}

# Names that stand for a registry, not for a use: all of RFC 6455's close codes.
REGISTRIES = {"CloseCode.swift"}


@pytest.fixture(scope="module")
def declarations() -> list[Declaration]:
    """Of the library and the tool: what its own sources have to name."""
    stores = [ROOT / ".build" / build / "index/store" for build in ("debug", "asan/debug")]
    stores = [store for store in stores if store.is_dir()]
    if not stores:
        pytest.skip("there is no index: `make test-swift` leaves it")
    # The newest build's.
    store = max(stores, key=lambda each: (each.parents[1] / "libneuron_ws.so").stat().st_mtime)
    index = SwiftIndex(store, ROOT)
    stale = index.stale()
    assert not stale, f"{store} is older than {', '.join(stale[:5])}{' …' * (len(stale) > 5)}: " \
        "build first, `swift build --build-tests`"
    found = []
    for one in index.declarations.values():
        # An export is C's to name, and the server of the tests is one target of its own.
        if not one.is_asked_for and not one.name.startswith("neuron_ws_") and any(
                is_ours(file) and file.endswith(".swift") and Path(file).name not in REGISTRIES
                for file, _ in one.places):
            found.append(one)
    assert len(found) > 4000
    return found


def is_ours(file: str) -> bool:
    return file.startswith("Sources/") and not file.startswith("Sources/LoopbackServer/")


def names(found: list[Declaration]) -> set[str]:
    """As `File.name`."""
    return {f"{Path(file).stem}.{one.name}" for one in found for file, _ in one.places}


def places(found: list[Declaration]) -> list[str]:
    return sorted(f"{file}:{line}: {one.name}" for one in found for file, line in one.places)


def test_nothing_is_declared_that_nobody_names(declarations: list[Declaration]) -> None:
    """A function that only calls itself is named by nobody, and so is a property that is only written."""
    dead = [one for one in declarations if not one.uses and one.name not in WITHOUT_CALLER]
    assert places([one for one in dead if not names([one]) <= WITHOUT_READER]) == []
    assert WITHOUT_READER - names(dead) == set(), "one that is read"


def test_nothing_in_the_library_is_there_for_tests_alone(declarations: list[Declaration]) -> None:
    tested = [one for one in declarations if one.uses and not any(file.startswith("Sources/") for file in one.uses)
              and not one.name.startswith("checkInvariants(")]
    assert places([one for one in tested if not names([one]) <= TEST_HOOKS]) == []
    assert TEST_HOOKS - names(tested) == set(), "a hook that is none any more"


def plugin_sources() -> str:
    return "\n".join(file.read_text() for file in sorted(PLUGIN.glob("*.[ch]")))


# What a digit or a letter is, written as numbers: where a kind of them is asked for, and the number that digits say.
BY_HAND = re.compile(r"0x(30|41|61)\.\.\.0x|ascii: \"[0aA]\"\)\.\.\.|(?:-|&-) 0x(30|37|57|61)\b|\| 0x20\b|"
                     r"<= 0x(39|5A|66|7A)\b")
# Whose tables and words are made for speed, of many bytes at a time.
FOR_SPEED = {"ASCII.swift", "Base64.swift"}


def test_digits_and_letters_are_told_in_one_place() -> None:
    found = [f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
             for file in swift_files()
             if file.name not in FOR_SPEED and "Encoding" not in file.parts and "neuron-ws" not in file.parts
             for number, line in enumerate(file.read_text().splitlines(), 1)
             if BY_HAND.search(line.partition("//")[0])]
    assert not found, found


# The rooms of each target, each of which knows those before it alone.
ROOMS = {
    "NeuronWS": ["System", "Loop", "Transport", "Spool", "Node", "Exports"],
    "NodeCore": ["Structs", "Bytes", "Texts", "Time", "Names", "Compression", "JSON", "Events", "Documents", "Encoding",
                 "Commands", "Metrics", "Delivery", "Proxies", "Connection", "Node", "Requests", "OpenGate", "Settings",
                 "ODA", "Subscriptions"],
}


@pytest.mark.parametrize("target", ROOMS)
def test_no_room_needs_one_that_stands_on_it(target: str) -> None:
    declaration = re.compile(r"^( *)(?:(?:public|private|fileprivate|final|indirect) )*"
                             r"(?:struct|class|enum|protocol|typealias) (\w+)", re.M)
    texts = {file: re.sub(r'"(?:[^"\\]|\\.)*"', '""', code_of(file.read_text()))
             for file in swift_files(SOURCES / target)}
    rooms = ROOMS[target]

    def room(file: Path) -> str:
        return file.relative_to(SOURCES / target).parts[0]

    assert {room(file) for file in texts if file.parent != SOURCES / target} == set(rooms)
    home = {match[2]: room(file) for file, text in texts.items()
            for match in declaration.finditer(text) if not match[1]}
    # A type within another of that name is another one.
    own = {room(file): set() for file in texts}
    for file, text in texts.items():
        own[room(file)] |= {match[2] for match in declaration.finditer(text)}
    found = set()
    for file, text in texts.items():
        for name in set(re.findall(r"(?<![.\w])[A-Z]\w+", text)) & home.keys() - own[room(file)]:
            if rooms.index(home[name]) > rooms.index(room(file)):
                found.add(f"{room(file)}/{file.name} names {name} of {home[name]}")
    assert not found, sorted(found)


def test_a_folder_shows_its_parts_at_a_glance() -> None:
    """Past some fifteen files it gets rooms."""
    count = Counter(file.parent for file in [*swift_files(SOURCES), *(ROOT / "Tests").rglob("*.swift")])
    assert {str(folder.relative_to(ROOT)): files for folder, files in count.items() if files > FILES_MAX} == {}


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


def blocks(file: Path) -> list[tuple[int, int]]:
    """Line and number of lines of all that stands between braces, but for types: told by the indentation of these."""
    lines = file.read_text().splitlines()
    found = []
    for start, line in enumerate(lines):
        head = re.match(r"( *)[^/\s].*\{(?: [^{}]* in)?$", line)
        if head is None or re.search(r"\b(struct|class|enum|extension|protocol)\b", line):
            continue
        for end in range(start + 1, len(lines)):
            if lines[end].startswith(head[1] + "}"):
                found.append((start + 1, end - start + 1))
                break
    return found


def test_no_function_is_longer_than_a_page() -> None:
    files = [*swift_files(), *swift_files(ROOT / "Tests")]
    assert sum(len(blocks(file)) for file in files) > 5000
    long = [f"{file.relative_to(ROOT)}:{line}: {count} lines" for file in files
            for line, count in blocks(file) if count > FUNCTION_LINES_MAX]
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
