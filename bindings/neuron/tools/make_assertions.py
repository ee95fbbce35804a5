#!/usr/bin/env python3
"""Writes include/host/assertions_2_*.h from Tests/Data/neuron-abi.json: what our declarations of Neuron must be.

    make_assertions.py          writes them
    make_assertions.py --check  exits 1 if they are not what it would write
"""

import json
import re
import sys
from pathlib import Path

NEURON = Path(__file__).resolve().parents[1]
FACTS = NEURON.parents[1] / "Tests" / "Data" / "neuron-abi.json"
HOST = NEURON / "include" / "host"
VERSIONS = (12, 13, 14, 15)
# Declared by no header of ours, because a northbound plugin that needs no symbol of the host never touches them.
UNTOUCHED = {
    "neu_event_io_param_t",
    "neu_event_timer_param_t",
    "neu_json_mqtt_t",
    "neu_req_add_tag_t",
    "neu_req_del_tag_t",
    "neu_req_gtag_group_t",
    "neu_req_node_setting_t",
    "neu_req_write_gtags_t",
    "UT_hash_handle",
}


def declared_words(minor):
    """Every identifier in the headers of one version."""
    names = ("types.h", f"v2_{minor}.h", "messages.h", "metrics.h", "plugin.h")
    text = "".join((HOST / name).read_text() for name in names)
    words = set(re.findall(r"\b[A-Za-z_][A-Za-z0-9_]*\b", text))
    words |= {f"neu_value_array_{name}" for name in re.findall(r"WEBSOCKET_HOST_ARRAY\((\w+)", text)}
    return words



def struct_lines(name, struct):
    lines = [f"WEBSOCKET_SIZE({name}, {struct['size']});"]
    for member in struct["members"]:
        lines.append(f"WEBSOCKET_MEMBER({name}, {member['name']}, {member['offset']}, {member['size']});")
    return lines


def wrapped(line):
    """A macro call in at most 80 columns."""
    if len(line) <= 80:
        return line
    head, rest = line.split("(", 1)
    return head + "(\n    " + rest


def header(minor, facts):
    version = facts["versions"][f"v2.{minor}"]
    words = declared_words(minor)
    lines = [
        "/*",
        f" * What the declarations for Neuron 2.{minor} must be. Made by",
        " * tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit.",
        " */",
        f"#ifndef WEBSOCKET_HOST_ASSERTIONS_2_{minor}_H",
        f"#define WEBSOCKET_HOST_ASSERTIONS_2_{minor}_H",
        "",
        '#include "assertions.h"',
        "",
    ]
    missing = []
    for name, struct in version["structs"].items():
        if name in UNTOUCHED:
            continue
        if name not in words:
            missing.append(name)
        lines += [wrapped(line) for line in struct_lines(name, struct)] + [""]
    for name, members in version["enums"].items():
        chosen = {key: value for key, value in members.items() if key in words}
        if chosen:
            lines.append(f"/* {name} */")
            lines += [wrapped(f"WEBSOCKET_NUMBER({key}, {value});") for key, value in chosen.items()] + [""]
    lines.append("/* constants */")
    for key, value in version["constants"].items():
        if key in words:
            lines.append(wrapped(f"WEBSOCKET_NUMBER({key}, {value});"))
    lines += ["", "/* names and descriptions of metrics */"]
    for key, value in {**version["metric_names"], **version["metric_help"]}.items():
        if key in words:
            lines.append(f'WEBSOCKET_TEXT(\n    {key},\n    "{value}");')
    lines += ["", "#endif", ""]
    if missing:
        sys.exit(f"2.{minor}: in neuron-abi.json, but neither declared nor named as untouched: {', '.join(missing)}")
    return "\n".join(lines)


def main():
    facts = json.loads(FACTS.read_text())
    stale = []
    for minor in VERSIONS:
        path = HOST / f"assertions_2_{minor}.h"
        text = header(minor, facts)
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"run {Path(__file__).name}: {', '.join(stale)} differ from neuron-abi.json")


if __name__ == "__main__":
    main()
