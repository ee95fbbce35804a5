# SPDX-License-Identifier: Apache-2.0
"""What a machine can check of the package: the library's exports and sections, the imports, the tidiness."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"
HEADER = ROOT / "include/neuron_ws.h"
CPP_HEADER = ROOT / "include/neuron_ws.hpp"
LIBRARY = Path(os.environ.get("NEURON_WS_LIBRARY") or ROOT / ".build/release/libneuron_ws.so")

LINES_MAX = 400
SPDX = "SPDX-License-Identifier: "
COLUMNS_MAX = 120

# What each target may import.
IMPORTS = {
    "WebSocketCore": set(),
    "NodeCore": {"WebSocketCore", "CJansson", "CZlib", "CNeuronWS"},
    # Synchronization is the standard library's: Atomic, which is in Embedded Swift too.
    "NeuronWS": {"WebSocketCore", "NodeCore", "CNeuronWS", "CIDN2", "CLinux", "COpenSSL", "CSQLite",
                 "Synchronization"},
    "LoopbackServer": {"WebSocketCore", "CLinux", "COpenSSL"},
    "neuron-ws": {"CNeuronWS", "LoopbackServer", "CJansson", "CLinux", "CEditLine", "CLivePage", "Synchronization"},
}
# And inside NeuronWS, in which places.
PLACES = {"COpenSSL": r"Transport/TLS/", "CLinux": r"(System|Loop|Transport)/", "CSQLite": r"Spool/",
          "CIDN2": r"System/"}


def output(*command: object) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def tracked() -> list[Path]:
    """Every file that git knows or would take in."""
    names = output("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def code_of(text: str) -> str:
    """Swift or C without comments."""
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def swift_files(folder: Path = SOURCES) -> list[Path]:
    return sorted(folder.rglob("*.swift"))


def imports_of(file: Path) -> set[str]:
    kinds = "typealias|struct|class|enum|protocol|let|var|func"
    pattern = rf"^ *(?:@\w+(?:\(\w+\))? +)*(?:\w+ +)?import +(?:(?:{kinds}) +)?(\w+)"
    return set(re.findall(pattern, code_of(file.read_text()), re.M))


# -------------------------------------------------------------------------------------------------------- the library


@pytest.fixture(scope="module")
def dynamic() -> str:
    assert LIBRARY.is_file(), f"{LIBRARY} is not there: build it first, or set NEURON_WS_LIBRARY"
    return output("readelf", "-dW", LIBRARY)


def declared_functions() -> set[str]:
    header = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    return set(re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header))


def test_the_exports_are_the_headers_functions(dynamic: str) -> None:
    names = [line.split()[-1] for line in output("nm", "-D", "--defined-only", LIBRARY).splitlines()]
    assert len(declared_functions()) > 25
    # A linker may also export the version's own name, which is no function.
    exported = [name for name in names if not name.startswith("NEURON_WS_1")]
    assert sorted(name.split("@")[0] for name in exported) == sorted(declared_functions())
    assert {name.partition("@")[2] for name in exported} <= {"@NEURON_WS_1", ""}


def test_debians_symbols_are_the_headers_functions() -> None:
    symbols = (ROOT / "cmake/debian/libneuron-ws1.symbols").read_text()
    assert re.findall(r"^ (neuron_ws_\w+)@NEURON_WS_1 ", symbols, re.M) == sorted(declared_functions())


def test_the_soname_carries_the_abi(dynamic: str) -> None:
    version = re.search(r"#define NEURON_WS_ABI_VERSION (\d+)", HEADER.read_text())
    assert version is not None
    assert re.findall(r"\(SONAME\).*\[(.*)\]", dynamic) == [f"libneuron_ws.so.{version[1]}"]


def test_the_library_stays_and_is_bound_at_once(dynamic: str) -> None:
    flags = re.search(r"\(FLAGS_1\).*", dynamic)
    assert flags is not None
    assert "NODELETE" in flags[0] and "NOW" in flags[0]
    assert re.search(r"\(FLAGS\).*BIND_NOW", dynamic)


def test_relocations_are_read_only_and_no_code_is_relocated(dynamic: str) -> None:
    segments = output("readelf", "-lW", LIBRARY)
    assert "GNU_RELRO" in segments
    assert "TEXTREL" not in dynamic
    assert re.search(r"GNU_STACK.* RW ", segments)


def test_no_swift_library_is_needed_at_run_time(dynamic: str) -> None:
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert {"libjansson.so.4", "libssl.so.3", "libc.so.6"} <= set(needed)
    foreign = re.compile(r"lib(swift|Foundation|_Foundation|dispatch|BlocksRuntime)")
    assert [name for name in needed if foreign.match(name)] == []


def test_no_path_of_the_build_machine_is_searched(dynamic: str) -> None:
    assert re.findall(r"\((?:RPATH|RUNPATH)\).*\[(/.*)\]", dynamic) == []


def test_the_version_is_the_headers(dynamic: str) -> None:
    version = ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", HEADER.read_text()))
    library = ctypes.CDLL(str(LIBRARY))
    library.neuron_ws_version.restype = ctypes.c_char_p
    assert library.neuron_ws_version() == version.encode()
    package = (ROOT / "bindings/python/neuron_ws/__init__.py").read_text()
    assert f'__version__ = "{version}"' in package


def test_loading_starts_nothing_and_takes_little(tmp_path: Path, dynamic: str) -> None:
    program = tmp_path / "load"
    source = Path(__file__).with_name("load.c")
    output("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-o", program, source, "-ldl")
    result = subprocess.run([program, LIBRARY], check=True, capture_output=True, text=True)
    assert result.stderr == ""
    told = json.loads(result.stdout)
    assert (told["threads"], told["signals"]) == (1, 0)
    assert (told["closed"], told["stays"]) == (0, 1)
    assert 0 < told["kilobytes"] <= 6 * 1024
    # 2 MB of Embedded Swift's 3 are those of OpenSSL, which a host may have already. It needs no C++.
    before = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    result = subprocess.run([program, LIBRARY, *before], check=True, capture_output=True, text=True)
    assert json.loads(result.stdout)["kilobytes"] <= (4 if "libstdc++" in dynamic else 2) * 1024


def test_the_library_is_small(tmp_path: Path, dynamic: str) -> None:
    """As it is shipped, without symbols; Embedded Swift is there to be small."""
    output("strip", "--strip-unneeded", "-o", tmp_path / "stripped", LIBRARY)
    megabytes = (tmp_path / "stripped").stat().st_size / 1e6
    assert megabytes <= (10 if "libstdc++" in dynamic else 1.6)


# ------------------------------------------------------------------------------------------------------- the sources


def test_every_target_is_known() -> None:
    targets = {folder.name for folder in SOURCES.iterdir() if swift_files(folder)}
    assert targets == set(IMPORTS)


@pytest.mark.parametrize("target", sorted(IMPORTS))
def test_a_target_imports_what_its_layer_allows(target: str) -> None:
    wrong = {}
    for file in swift_files(SOURCES / target):
        more = imports_of(file) - IMPORTS[target]
        if more:
            wrong[str(file.relative_to(ROOT))] = sorted(more)
    assert wrong == {}


@pytest.mark.parametrize("module", sorted(PLACES))
def test_a_system_module_is_imported_in_its_place_only(module: str) -> None:
    wrong = []
    for file in swift_files(SOURCES / "NeuronWS"):
        name = str(file.relative_to(SOURCES / "NeuronWS"))
        if module in imports_of(file) and not re.match(PLACES[module], name):
            wrong.append(name)
    assert wrong == []


def test_nothing_brings_an_executor_of_its_own() -> None:
    forbidden = {"Foundation", "FoundationEssentials", "Dispatch", "Glibc", "_Concurrency"}
    wrong = {str(file): sorted(imports_of(file) & forbidden) for file in swift_files() if imports_of(file) & forbidden}
    assert wrong == {}
    for target in ("WebSocketCore", "NodeCore", "NeuronWS"):
        for file in swift_files(SOURCES / target):
            found = re.findall(r"\b(async|await|actor|Task)\b", code_of(file.read_text()))
            assert found == [], file


def test_module_maps_of_c_libraries_are_small() -> None:
    for folder in set(SOURCES.glob("C*")) - {SOURCES / "CEnvironment", SOURCES / "CLivePage"}:
        assert sorted(path.name for path in folder.iterdir()) == ["module.modulemap", "shim.h"], folder


# --------------------------------------------------------------------------------------------------------- tidiness


def code_files() -> Iterator[Path]:
    for file in tracked():
        if file.suffix in (".swift", ".c", ".h", ".cpp", ".hpp", ".js", ".css", ".html"):
            yield file


def test_no_file_is_longer_than_a_noun() -> None:
    # The headers alone may be: each is a contract, which is one document. Nobody reads generated assertions, nor the
    # line of the licence.
    python = [file for folder in ("bindings/python", "examples") for file in sorted((ROOT / folder).rglob("*.py"))]
    long = {str(file.relative_to(ROOT)): count for file in [*code_files(), *python]
            if file not in (HEADER, CPP_HEADER) and not file.name.startswith("assertions_")
            and (count := len([line for line in file.read_text().splitlines() if SPDX not in line])) > LINES_MAX}
    assert long == {}


def test_no_line_is_too_wide() -> None:
    wide = []
    for file in [*code_files(), *(file for file in tracked() if file.suffix == ".py")]:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if len(line) > COLUMNS_MAX:
                wide.append(f"{file.relative_to(ROOT)}:{number}: {len(line)}")
    assert wide == []


def test_no_line_ends_in_blanks_and_no_indentation_is_a_tab() -> None:
    wrong = []
    for file in [*code_files(), *(file for file in tracked() if file.suffix == ".py")]:
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if line != line.rstrip() or re.match(r" *\t", line):
                wrong.append(f"{file.relative_to(ROOT)}:{number}")
    assert wrong == []


DECLARATION = re.compile(
    r"\b(?:struct|class|enum|protocol|typealias|func|let|var|case|actor)\s+`?(\w+)`?|NEURON_WS_API\b"
)


def test_every_swift_file_is_used() -> None:
    """Something that a file declares is named in another file, the header included; otherwise the file is dead."""
    texts = {file: code_of(file.read_text()) for file in swift_files(ROOT / "Sources")}
    words = {file: set(re.findall(r"\w+", text)) for file, text in texts.items()}
    words[HEADER] = set(re.findall(r"\w+", HEADER.read_text()))
    dead = []
    for file, text in texts.items():
        if "Placeholder" in file.name:
            dead.append(str(file.relative_to(ROOT)))
            continue
        if "@main" in text or file.name == "main.swift":
            continue
        declared = {name for name in DECLARATION.findall(text) if len(name) > 2}
        if not any(declared & others for other, others in words.items() if other != file):
            dead.append(str(file.relative_to(ROOT)))
    assert dead == []


def test_no_placeholder_is_left_in_the_tests() -> None:
    assert [str(file) for file in tracked() if "Placeholder" in file.name] == []


def test_no_word_of_the_workshop_is_left() -> None:
    # In pieces, so that this file does not find itself. A connection's "session" is a word of the trade and stays.
    words = re.compile("/wo" "rk/|/ro" "ot/|/tm" "p/bash|\\b(?:co" "ordinator|sub-?ag" "ent)\\b", re.I)
    found = []
    for file in tracked():
        try:
            lines = file.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(lines, 1):
            if words.search(line):
                found.append(f"{file.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


def test_the_header_includes_three_headers_only() -> None:
    assert re.findall(r"#include <(.*)>", HEADER.read_text()) == ["stdbool.h", "stddef.h", "stdint.h"]
    assert re.findall(r'#include "', HEADER.read_text()) == []


@pytest.mark.parametrize("compiler", ["gcc -std=c99", "gcc -std=c11", "g++ -std=c++11", "g++ -std=c++17"])
def test_the_header_alone_compiles_without_a_warning(compiler: str, tmp_path: Path) -> None:
    source = tmp_path / ("only.c" if compiler.startswith("gcc") else "only.cpp")
    source.write_text("#include <neuron_ws.h>\nint only;\n")
    strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]
    output(*compiler.split(), *strict, f"-I{HEADER.parent}", source)
