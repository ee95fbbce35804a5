# SPDX-License-Identifier: Apache-2.0
"""Errors, log lines and states name what a program in Python has, not C's functions."""

from __future__ import annotations

import re
from typing import Callable

import foreign
import neuron_ws
import pytest
from neuron_ws._wording import in_python

FUNCTIONS_OF_C = re.compile(r"\bneuron_ws_\w+|\bNEURON_WS_\w+|_json`|_ms`")
OF_C = re.compile(FUNCTIONS_OF_C.pattern + r"|\bNULL\b|\bis_driver\b")
SAYS_NAMES_OF_C = ("StatusTexts.swift", "HostStructs.swift", "MetricsText.swift")


def test_no_sentence_of_the_library_names_c() -> None:
    """Each literal of the sources, but for the structs that this package fills, the texts about statuses, metrics."""
    literals = set()
    for file in sorted((foreign.ROOT / "Sources").rglob("*.swift")):
        if "neuron-ws" not in file.parts and file.name not in SAYS_NAMES_OF_C:
            literals |= set(re.findall(r'"((?:[^"\\\n]|\\.)*)"', file.read_text()))
    # What Swift puts in is no constant's name, but its number.
    sentences = {re.sub(r"\\\([^\"]*?\)", "7", text) for text in literals if " " in text}
    named = {text for text in sentences if FUNCTIONS_OF_C.search(text)}
    assert len(named) > 4
    assert {text: said for text in named if FUNCTIONS_OF_C.search(said := in_python(text))} == {}


def node() -> neuron_ws.Node:
    return neuron_ws.Node("n", {"url": "ws://127.0.0.1:1/"})


@pytest.mark.parametrize("call, said", [
    (lambda one: one.set_log_level(99), "`level` is 99; expected LogLevel.DEBUG to LogLevel.OFF"),
    (lambda one: one.send("\udc00"), "the text is not UTF-8; send it as bytes"),
    (lambda one: one.push_states({"": (1, 2)}), "a driver's name in `states` has 0 bytes"),
    (lambda one: one.push_states({}), "there is no driver among the states"),
    (lambda _: neuron_ws.encode("values"), "`group` is missing"),
])
def test_an_error_names_pythons(call: Callable[[neuron_ws.Node], object], said: str) -> None:
    with node() as one, pytest.raises(neuron_ws.NeuronWSError) as caught:
        call(one)
    assert said in caught.value.detail and not OF_C.search(caught.value.detail)


def test_what_is_no_name_of_c_stays_as_it_is() -> None:
    for text in ("", "`level` is 3", "connected to neuron_ws.example:80", "the user's `text`", "NEURON_WS_OK"):
        assert in_python(text) == text
