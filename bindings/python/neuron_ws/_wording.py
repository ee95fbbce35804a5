# SPDX-License-Identifier: Apache-2.0
"""The library's sentences, which name functions and constants of C, in Python's names."""

from __future__ import annotations

import re

_CONSTANTS = {
    "LOG": "LogLevel",
    "CATEGORY": "LogCategory",
    "LEVEL": "Level",
    "EVENT": "EventKind",
    "PHASE": "Phase",
    "REASON": "Reason",
    "TYPE": "Type",
    "FORMAT": "Format",
}

# Before what is general, in this order.
_PARTICULAR = (
    ("send it as NEURON_WS_BINARY", "send it as bytes"),
    ("NEURON_WS_TEXT", "MessageKind.TEXT"),
    ("NEURON_WS_BINARY", "MessageKind.BINARY"),
    ("wait to be read by neuron_ws_node_next_event", "wait to be read by poll() or events()"),
    ("(neuron_ws_node_next_event)", "(poll() or events())"),
    ("`states[].node` has", "a driver's name in `states` has"),
    (": is_driver is true of none", ""),
    ("`settings_json`", "`settings`"),
    ("`params_json`", "`static_tags`"),
    ("`timeout_ms`", "`timeout`"),
)


def _in_seconds(found: re.Match[str]) -> str:
    """Python's times are seconds, C's milliseconds."""
    given, least, most = (f"{int(number) / 1000:.12g}" for number in found.groups())
    return f"`timeout` is {given} s; expected {least} to {most}"


def in_python(text: str) -> str:
    """The sentence as a program in Python would say it."""
    if "neuron_ws_" not in text and "NEURON_WS_" not in text and "`" not in text and "is_driver" not in text:
        return text
    text = re.sub(r"`timeout_ms` is (\d+); expected (\d+) to (\d+)", _in_seconds, text)
    for told, said in _PARTICULAR:
        text = text.replace(told, said)
    text = re.sub(r"\bneuron_ws_node_([a-z]\w*)\b(\(\))?", r"\1()", text)
    text = re.sub(r"\bneuron_ws_request_([a-z]\w*)\b(\(\))?", r"Request.\1()", text)
    constants = rf"\bNEURON_WS_({'|'.join(_CONSTANTS)})_(\w+)"
    text = re.sub(constants, lambda found: f"{_CONSTANTS[found[1]]}.{found[2]}", text)
    return re.sub(r"(`\w+`) is NULL", r"\1 is missing", text)
