# SPDX-License-Identifier: Apache-2.0
"""What a request costs in work: twice as long a document takes twice the instructions, whatever stands in it. Counted
by valgrind in a C host that gets one message."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import foreign
import pytest

HOST = r"""
#include <neuron_ws.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

static void on_request(neuron_ws_node_t *node, neuron_ws_request_t *request, const neuron_ws_request_info_t *info,
                       void *context)
{
    (void)node, (void)info, (void)context;
    neuron_ws_request_drop(request);
}

int main(int count, char **words)
{
    char settings[512];
    neuron_ws_host_t host = {.size = sizeof host, .on_request = on_request};
    neuron_ws_metrics_t metrics = {.size = sizeof metrics};
    neuron_ws_node_t *node = NULL;
    snprintf(settings, sizeof settings, "{\"url\":\"%s\",\"allow-requests\":\"all\",\"ping-interval\":0}", words[1]);
    if (count != 3 || neuron_ws_node_create("n", settings, &host, &node) != NEURON_WS_OK) return 1;
    neuron_ws_node_start(node);
    while (metrics.requests_received + metrics.requests_malformed + metrics.messages_ignored
           < strtoull(words[2], NULL, 10)) {
        poll(NULL, 0, 20);
        neuron_ws_node_metrics(node, &metrics);
    }
    neuron_ws_node_destroy(node);
    return 0;
}
"""

HEAD = '{"uuid":"1","node":"n","group":"g",'
SMALL, LARGE = 200_000, 400_000


def list_of(member: str, unit: str, size: int) -> str:
    return f'{HEAD}"{member}":[' + ",".join([unit] * (size // (len(unit) + 1))) + "]}"


KINDS = {
    "unknown objects": lambda size: list_of("x", "{}", size),
    "unknown texts": lambda size: f'{HEAD}"x":"' + "x" * size + '"}',
    "escapes": lambda size: f'{HEAD}"x":"' + "\\u00e9" * (size // 6) + '"}',
    "unknown members": lambda size: HEAD + ",".join(f'"m{n % 1000}":1' for n in range(size // 8)) + "}",
    "uuids": lambda size: HEAD + ",".join(['"uuid":"1"'] * (size // 11)) + "}",
    "names": lambda size: list_of("tags", '"t"', size),
    "names with escapes": lambda size: list_of("tags", r'"\u0074ag"', size),
    "writes": lambda size: list_of("tags", '{"tag":"t","value":1}', size),
    "a value": lambda size: f'{HEAD}"tag":"t","value":[' + ",".join(["1"] * (size // 8)) + "]}",
    "a deep value": lambda size: f'{HEAD}"tag":"t","value":[' + ",".join(["[[[[]]]]"] * (size // 9)) + "]}",
    "broken at its end": lambda size: list_of("x", "{}", size)[:-1],
    # No more than the host may hold unanswered: those beyond are answered as busy, which is other work.
    "an array": lambda size: "[" + ",".join(['{"uuid":"1","node":"n","group":"g"}'] * (size // 400)) + "]",
    "no request": lambda size: '{"a":[' + ",".join(["{}"] * (size // 3)) + "]}",
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("host")
    (folder / "host.c").write_text(HOST)
    program = folder / "host"
    include = foreign.ROOT / "include"
    subprocess.run(
        ["gcc", "-O1", f"-I{include}", folder / "host.c", foreign.LIBRARY, f"-Wl,-rpath,{foreign.LIBRARY.parent}",
         "-o", program], check=True)
    return program


def instructions(program: Path, message: str) -> int:
    with foreign.Server() as server:
        process = subprocess.Popen(
            ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, server.url,
             str(message.count('"uuid":"1","node"') if message[0] == "[" else 1)],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        foreign.wait_until(lambda: server.connections == 1, 60)
        server.send(message)
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        found = re.search(r"Collected : (\d+)", errors)
        assert found is not None, errors
        return int(found[1])


@pytest.mark.parametrize("kind", KINDS)
def test_twice_the_document_is_twice_the_work(kind: str, host: Path) -> None:
    make = KINDS[kind]
    base = instructions(host, make(2000))
    small, large = (instructions(host, make(size)) - base for size in (SMALL, LARGE))
    assert large < 2.3 * small, (small, large)
    # None is so dear that a document of 4 MiB could hold the loop up for long.
    assert large < 300 * LARGE, large / LARGE
