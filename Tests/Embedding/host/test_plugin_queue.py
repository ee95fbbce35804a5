# SPDX-License-Identifier: Apache-2.0
"""Requests to devices of which some are dead: the queue under a made clock, and the same in a running host."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

from hosting import FLAGS, HERE, NEURON, ROOT, Host, foreign
from test_plugin_data import Server, begin

READ = {"uuid": "1", "node": "driver", "group": "group"}


def test_the_queue_under_a_made_clock(tmp_path: Path) -> None:
    program = tmp_path / "simulate"
    sources = [HERE.parent / "queue" / "simulate.c"]
    sources += [NEURON / "src" / f"websocket_{name}.c" for name in ("queue", "device")]
    flags = [*FLAGS, "-DNEURON_VERSION_MINOR=15", "-fsanitize=address,undefined", f"-I{ROOT}/include"]
    flags += [f"-I{NEURON}/src"]
    subprocess.run([*flags, "-o", program, *sources], check=True)
    done = subprocess.run([program, "1", "300"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "300 seeds from 1: all is as it should be" in done.stdout


def answer_to(server: Server, uuid: str, seconds: float = 10) -> Any:
    mark = f'"uuid":"{uuid}"'
    foreign.wait_until(lambda: any(mark in str(text) for text in server.messages), seconds)
    (answer,) = [json.loads(text) for text in server.messages if mark in str(text)]
    return answer


def test_a_dead_device_costs_only_its_own_requests(host: Host, server: Server) -> None:
    begin(host, server)
    for number in range(20):
        server.send(json.dumps({"uuid": f"dead{number}", "node": "silent", "group": "g", "tag": "t", "value": number}))
    begun = time.monotonic()
    for number in range(20):
        server.send(json.dumps({**READ, "uuid": f"read{number}"}))
        assert "tags" in answer_to(server, f"read{number}")
        server.send(json.dumps({**READ, "uuid": f"write{number}", "tag": "t", "value": number}))
        assert answer_to(server, f"write{number}")["error"] == 0
    # Far less than the five seconds after which what waits is refused.
    assert time.monotonic() - begun < 4
    assert answer_to(server, "dead19", 15)["error"] == 1010
    # Of the twenty a few reached the device, and no more than its socket holds.
    assert sum(line.startswith("write silent") for line in host.lines) <= 4


def test_each_of_many_dead_devices_costs_only_its_own(host: Host, server: Server) -> None:
    begin(host, server)
    for number in range(50):
        server.send(json.dumps({**READ, "uuid": f"dead{number}", "node": "silent"}))
    server.send(json.dumps([{**READ, "uuid": f"read{number}"} for number in range(200)]))
    for number in range(200):
        assert "tags" in answer_to(server, f"read{number}")


def test_unknown_tags_have_their_entries(host: Host, server: Server) -> None:
    begin(host, server)
    names = [f"t{number:03}" for number in range(200)]
    server.send(json.dumps({**READ, "uuid": "some", "group": "partly", "tags": names}))
    answer = answer_to(server, "some")
    # The host knows every second one and says nothing of the others.
    entries = {tag["name"]: tag for tag in answer["tags"]}
    assert len(answer["tags"]) == 200 and set(entries) == set(names)
    assert all("value" in entries[name] for name in names[::2])
    assert all(entries[name] == {"name": name, "error": 2201} for name in names[1::2])


def test_a_tag_that_is_asked_for_alone_and_unknown_has_its_entry(host: Host, server: Server) -> None:
    begin(host, server)
    server.send(json.dumps({**READ, "uuid": "one", "group": "nothing", "tags": ["absent", "é中"]}))
    assert answer_to(server, "one") == {
        "uuid": "one", "tags": [{"name": "absent", "error": 2201}, {"name": "é中", "error": 2201}]
    }
