#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Machines on which international host names are known by the hosts file, by a name server, or not at all: one function
per machine, played as those of network_scenes.py are."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable

import bad_servers as bad
import foreign
from network_scenes import NameServer, do, failed, listening, names, opened

foreign.use_binding()
import neuron_ws  # noqa: E402

WRITTEN, ASCII = "fabrik-münchen.example", "xn--fabrik-mnchen-3ob.example"


def known_names() -> dict[str, Any]:
    """One name stands in the hosts file, one at the name server, each in its ASCII form."""
    names(f"127.0.0.1 {ASCII}\n")
    dns = NameServer({"xn--r8jz45g.xn--zckzah": "127.0.0.1"})
    server = bad.BadServer(listening)
    return {
        "hosts": opened(f"ws://{WRITTEN}:{server.port}/"),
        "dns": opened(f"ws://例え。テスト:{server.port}/"),
        "unknown": failed("ws://unbekannte-straße.example/"),
        "questions": sorted({name for name, _ in dns.questions}),
    }


def no_library() -> dict[str, Any]:
    """libidn2 is not there: an empty file is no library."""
    for folder in ("/lib", "/usr/lib", "/usr/local/lib"):
        for library in Path(folder).rglob("libidn2.so.0"):
            do(f"mount --bind /dev/null {library.resolve()}")
    names("")
    refused: dict[str, str] = {}
    for name, settings in {
        "url": {"url": f"ws://{WRITTEN}/"}, "host": {"host": WRITTEN},
        "proxy": {"url": "ws://h/", "proxy": f"http://{WRITTEN}:1"},
        "tls-server-name": {"url": "wss://h/", "tls-server-name": WRITTEN},
        "no-proxy": {"url": "ws://h/", "no-proxy": WRITTEN},
    }.items():
        try:
            neuron_ws.Node("line-1", settings).close()
            refused[name] = ""
        except neuron_ws.SettingsError as error:
            refused[name] = str(error)
    server = bad.BadServer(listening)
    return {"refused": refused, "plain": opened(f"ws://xn--4ca.localhost:{server.port}/")}


SCENES: dict[str, Callable[[], dict[str, Any]]] = {scene.__name__: scene for scene in (known_names, no_library)}

if __name__ == "__main__":
    do("ip link set lo up")
    print(json.dumps(SCENES[sys.argv[1]](), indent=1))
