# SPDX-License-Identifier: Apache-2.0
"""The ctypes declarations against the header, as a C compiler sees it."""

from __future__ import annotations

import ctypes
import re
import subprocess
from pathlib import Path

import foreign
import pytest
from neuron_ws import _structures, enums

STRUCTURES = {
    "neuron_ws_text_t": _structures.TextStructure,
    "neuron_ws_array_t": _structures.ArrayStructure,
    "neuron_ws_value_t": _structures.ValueUnion,
    "neuron_ws_tag_t": _structures.TagStructure,
    "neuron_ws_group_t": _structures.GroupStructure,
    "neuron_ws_state_t": _structures.StateStructure,
    "neuron_ws_metrics_t": _structures.MetricsStructure,
    "neuron_ws_request_info_t": _structures.RequestInfoStructure,
    "neuron_ws_driver_state_t": _structures.DriverStateStructure,
    "neuron_ws_event_t": _structures.EventStructure,
    "neuron_ws_cache_t": _structures.CacheStructure,
    "neuron_ws_cached_message_t": _structures.CachedMessageStructure,
    "neuron_ws_command_t": _structures.CommandStructure,
}

# Python's class, the prefix in C.
ENUMS = [
    (enums.Status, "NEURON_WS_"),
    (enums.Type, "NEURON_WS_TYPE_"),
    (enums.Format, "NEURON_WS_FORMAT_"),
    (enums.MessageKind, "NEURON_WS_"),
    (enums.Phase, "NEURON_WS_PHASE_"),
    (enums.Reason, "NEURON_WS_REASON_"),
    (enums.TLSFailure, "NEURON_WS_TLS_"),
    (enums.Level, "NEURON_WS_LEVEL_"),
    (enums.Outcome, "NEURON_WS_"),
    (enums.LogLevel, "NEURON_WS_LOG_"),
    (enums.LogCategory, "NEURON_WS_CATEGORY_"),
    (enums.MetricsFormat, "NEURON_WS_METRICS_"),
    (enums.ODAFile, "NEURON_WS_ODA_"),
    (enums.RequestKind, "NEURON_WS_REQUEST_"),
    (enums.EventKind, "NEURON_WS_EVENT_"),
    (enums.CachePart, "NEURON_WS_CACHE_"),
]


def c_numbers(folder: Path, expressions: list[str]) -> list[int]:
    lines = "\n".join(f'printf("%lld\\n", (long long)({expression}));' for expression in expressions)
    source = folder / "numbers.c"
    source.write_text(f'#include <neuron_ws.h>\n#include <stdio.h>\nint main(void) {{\n{lines}\nreturn 0;\n}}\n')
    program = folder / "numbers"
    subprocess.run(["gcc", "-std=c99", f"-I{foreign.HEADER.parent}", "-o", program, source], check=True)
    output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return [int(line) for line in output.split()]


def test_sizes_and_offsets_are_the_compilers(tmp_path: Path) -> None:
    expressions, expected = ["sizeof(bool)"], [1]
    for name, structure in STRUCTURES.items():
        expressions.append(f"sizeof({name})")
        expected.append(ctypes.sizeof(structure))
        for member, *_ in structure._fields_:
            field = getattr(structure, member)
            expressions += [f"(size_t)&(({name} *)0)->{member}", f"sizeof((({name} *)0)->{member})"]
            expected += [field.offset, field.size]
    assert dict(zip(expressions, expected)) == dict(zip(expressions, c_numbers(tmp_path, expressions)))


def test_every_member_of_each_struct_is_declared() -> None:
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    for name, structure in STRUCTURES.items():
        # By its tag, or by the name behind it.
        tagged = r"(?:struct|union) %s \{(.*?)\n\}" % name[:-2]
        named = r"struct \{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\n\} %s;" % name
        body = re.search(tagged, header, re.S) or re.search(named, header)
        assert body is not None, name
        # Of a function, the name of the pointer to it.
        members = [pointer or name for pointer, name in re.findall(
            r"\(\*(\w+)\)\([^()]*\);|(\w+)(?:\[\d+\])?;", body.group(1))]
        assert members == [field[0] for field in structure._fields_], name


def test_enum_numbers_are_the_headers(tmp_path: Path) -> None:
    names = [(f"{prefix}{member.name}", int(member)) for kind, prefix in ENUMS for member in kind]
    numbers = c_numbers(tmp_path, [name for name, _ in names])
    assert dict(names) == dict(zip((name for name, _ in names), numbers))


def test_no_number_of_the_header_is_missing() -> None:
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    known = {f"{prefix}{member.name}" for kind, prefix in ENUMS for member in kind}
    for name in re.findall(r"^\s+(NEURON_WS_[A-Z0-9_]+) = -?\d+", header, re.M):
        assert name in known, name


def test_every_function_of_the_header_is_declared() -> None:
    header = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
    assert set(re.findall(r"\b(neuron_ws_\w+)\(", header.split('extern "C"')[1])) - {"neuron_ws_status"} >= set(
        _structures.FUNCTIONS
    )
    declared = set(re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header))
    assert declared == set(_structures.FUNCTIONS)


@pytest.mark.parametrize("kind", [enums.Status, enums.Reason, enums.Type])
def test_a_number_of_a_newer_library_is_no_error(kind: type[enums.OpenEnum]) -> None:
    member = kind(4711)
    assert (member.name, int(member)) == ("UNKNOWN_4711", 4711)
    with pytest.raises(ValueError):
        kind("OK")
