#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes include/host/assertions_*.h from Tests/Data/neuron-abi.json: what our declarations of Neuron must be.

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
LICENCE = "// SPDX-License-Identifier: Apache-2.0"
NOUNS = ("plugin", "messages", "values", "numbers")
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



def wrapped(line):
    """A macro call in at most 80 columns."""
    if len(line) <= 80:
        return line
    head, rest = line.split("(", 1)
    return head + "(\n    " + rest


def struct_block(name, struct):
    size = struct["size"]
    lines = []
    for member in struct["members"]:
        bytes = member["size"]
        if member["type"] == "pthread_mutex_t":
            # The facts are those of x86-64; on 64-bit ARM a mutex is larger. It is the last member.
            bytes = "sizeof(pthread_mutex_t)"
            size = f"{member['offset']} + {bytes}"
        lines.append(f"WEBSOCKET_MEMBER({name}, {member['name']}, {member['offset']}, {bytes});")
    lines.insert(0, f"WEBSOCKET_SIZE({name}, {size});")
    return "\n".join(map(wrapped, lines)) + "\n"


def number_block(title, numbers):
    lines = [f"/* {title} */"] + [wrapped(f"WEBSOCKET_NUMBER({key}, {value});") for key, value in numbers.items()]
    return "\n".join(lines) + "\n"


def merged(document, patch):
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def read_versions(facts):
    """Each version whole, by its minor number: behind the first they are patches to the one before."""
    versions, whole = {}, {}
    for name, patch in facts["versions"].items():
        whole = merged(whole, patch)
        versions[int(name.removeprefix("v2."))] = whole
    return versions


def blocks_of(minor, version):
    """What one version's declarations must be, as (noun, text) in order."""
    words = declared_words(minor)
    structs = {name: struct for name, struct in version["structs"].items() if name not in UNTOUCHED}
    missing = [name for name in structs if name not in words]
    if missing:
        sys.exit(f"2.{minor}: in neuron-abi.json, but neither declared nor named as untouched: {', '.join(missing)}")
    for name, struct in structs.items():
        noun = "messages" if re.match(r"neu_(req|nodes?_state)", name) else "plugin"
        yield ("values" if re.match(r"neu_(value|dvalue|datatag|tag)|UT_", name) else noun), struct_block(name, struct)
    for name, members in {**version["enums"], "constants": version["constants"]}.items():
        chosen = {key: value for key, value in members.items() if key in words}
        if chosen:
            yield "numbers", number_block(name, chosen)
    for key, value in {**version["metric_names"], **version["metric_help"]}.items():
        if key in words:
            yield "numbers", f'WEBSOCKET_TEXT(\n    {key},\n    "{value}");\n'


def header(name, about, blocks, included=()):
    guard = f"WEBSOCKET_HOST_{name.upper()}_H"
    made = "tools/make_assertions.py from Tests/Data/neuron-abi.json; do not edit."
    top = f"{LICENCE}\n/*\n * {about} Made by\n * {made}\n */\n"
    includes = "".join(f'#include "{each}.h"\n' for each in ("assertions", *included))
    return f"{top}#ifndef {guard}\n#define {guard}\n\n{includes}\n" + "\n".join(blocks) + "\n#endif\n"


def headers(facts):
    """Every header by its name: what all versions share by noun, and what each has of its own."""
    versions = read_versions(facts)
    all_blocks = {minor: list(blocks_of(minor, versions[int(minor)])) for minor in VERSIONS}
    shared = [block for block in all_blocks[VERSIONS[0]] if all(block in each for each in all_blocks.values())]
    names = [f"assertions_{noun}" for noun in NOUNS]
    for noun, name in zip(NOUNS, names):
        about = f"What the {noun} of every Neuron must be."
        yield name, header(name, about, [text for each, text in shared if each == noun])
    for minor, blocks in all_blocks.items():
        name = f"assertions_2_{minor}"
        own = [text for noun, text in blocks if (noun, text) not in shared]
        yield name, header(name, f"What the declarations for Neuron 2.{minor} must be.", own, names)


def main():
    stale = []
    for name, text in headers(json.loads(FACTS.read_text())):
        path = HOST / f"{name}.h"
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(path.name)
    if stale:
        sys.exit(f"run {Path(__file__).name}: {', '.join(stale)} differ from neuron-abi.json")


if __name__ == "__main__":
    main()
