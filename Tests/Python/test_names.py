# SPDX-License-Identifier: Apache-2.0
"""The names of numbers against the header: none is forgotten, and numbers from the future have one too."""

from __future__ import annotations

import re

import foreign
import neuron_ws
import pytest
from neuron_ws._library import library
from neuron_ws._structures import FUNCTIONS

HEADER = re.sub(r"/\*.*?\*/", "", foreign.HEADER.read_text(), flags=re.S)
NAMED = [match[1] for match in (re.fullmatch(r"neuron_ws_(\w+)_name", name) for name in FUNCTIONS) if match]


def constants(enumeration: str) -> dict[int, str]:
    body = re.search(r"NEURON_WS_ENUM\(neuron_ws_%s\)\{(.*?)NEURON_WS_ENUM_END" % enumeration, HEADER, re.S)
    assert body, f"the header has no enum neuron_ws_{enumeration}"
    return {int(number): name for name, number in re.findall(r"(NEURON_WS_\w+) = (\d+)", body[1])}


def test_each_name_function_of_the_header_is_here() -> None:
    assert sorted(NAMED) == sorted(re.findall(r"\bneuron_ws_(\w+)_name\(", HEADER))
    assert set(NAMED) >= {"status", "type", "phase", "reason", "tls_failure", "level", "outcome", "log_level"}


@pytest.mark.parametrize("enumeration", NAMED)
def test_each_number_has_the_headers_name(enumeration: str) -> None:
    name_of = getattr(library, f"neuron_ws_{enumeration}_name")
    expected = constants(enumeration)
    assert len(expected) > 2
    numbers = [*range(-3, 200), 4711, 2**31 - 1, -(2**31)]
    found = {number: name_of(number).decode() for number in numbers}
    assert found == {number: expected.get(number, "NEURON_WS_UNKNOWN") for number in numbers}


@pytest.mark.parametrize("name", ["a\u0085b", "a\u009bb", "a\u2028b", "a\u2029b", "a\nb", "a\x7fb"])
def test_a_nodes_name_breaks_no_line(name: str) -> None:
    with pytest.raises(neuron_ws.NeuronWSError, match="control characters"):
        neuron_ws.Node(name, {"url": "ws://127.0.0.1:1/"})
