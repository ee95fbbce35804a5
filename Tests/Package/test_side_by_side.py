# SPDX-License-Identifier: Apache-2.0
"""Two versions of the library in one process: each has its own loop, nodes and numbers, and neither sees the other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Interop"))

import foreign  # noqa: E402

PROGRAM = r"""
#include <dlfcn.h>
#include <neuron_ws.h>
#include <stdio.h>
#include <string.h>
#define TAKE(library, name) (*(void **)&name = dlsym(library, "neuron_ws_" #name))

static neuron_ws_node_t *node_of(void *library, const char *name, const char *settings)
{
    neuron_ws_status_t (*node_create)(const char *, const char *, const neuron_ws_host_t *, neuron_ws_node_t **);
    neuron_ws_status_t (*node_start)(neuron_ws_node_t *);
    neuron_ws_node_t *node = NULL;
    if (!TAKE(library, node_create) || !TAKE(library, node_start)) return NULL;
    return node_create(name, settings, NULL, &node) == NEURON_WS_OK && node_start(node) == NEURON_WS_OK ? node : NULL;
}

static int ended(void *library, neuron_ws_node_t *node, const char *text)
{
    neuron_ws_status_t (*node_send)(neuron_ws_node_t *, neuron_ws_kind_t, const void *, size_t, uint64_t *);
    neuron_ws_status_t (*node_flush)(neuron_ws_node_t *, neuron_ws_level_t, uint32_t);
    neuron_ws_status_t (*node_stop)(neuron_ws_node_t *, uint32_t);
    void (*node_destroy)(neuron_ws_node_t *);
    uint64_t id = 0;
    TAKE(library, node_send), TAKE(library, node_flush), TAKE(library, node_stop), TAKE(library, node_destroy);
    if (node_send(node, NEURON_WS_TEXT, text, strlen(text), &id) != NEURON_WS_OK) return 0;
    if (node_flush(node, NEURON_WS_LEVEL_WRITTEN, 60000) != NEURON_WS_OK) return 0;
    node_stop(node, 60000);
    node_destroy(node);
    return (int)id;
}

int main(int count, char **words)
{
    void *one = dlopen(words[1], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    void *two = dlopen(words[2], RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
    if (count != 4 || !one || !two || one == two) return printf("not loaded: %s\n", dlerror()), 1;
    neuron_ws_node_t *first = node_of(one, "first", words[3]), *second = node_of(two, "second", words[3]);
    if (!first || !second) return puts("no node"), 1;
    int begun = ended(one, first, "of the first");
    return printf("%d %d\n", begun, ended(two, second, "of the second")), 0;
}
"""


@pytest.mark.parametrize("other", ["a copy", "Embedded"])
def test_two_versions_in_one_process(other: str, tmp_path: Path) -> None:
    # Found by its soname a second library would be the first one: the next ABI's has another, which is as long.
    number = re.search(rb"libneuron_ws\.so\.(\d)\0", foreign.LIBRARY.read_bytes())
    assert number is not None and number[1] == b"1"
    source = foreign.LIBRARY if other == "a copy" else ROOT / ".build/embedded/libneuron_ws.so"
    if not source.is_file():
        pytest.skip("the Embedded profile is not built: make embedded")
    one, two = tmp_path / "libneuron_ws.so.1", tmp_path / "libneuron_ws.so.2"
    shutil.copy(foreign.LIBRARY, one)
    two.write_bytes(source.read_bytes().replace(b"libneuron_ws.so.1\0", b"libneuron_ws.so.2\0"))
    (tmp_path / "program.c").write_text(PROGRAM)
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Werror", f"-I{foreign.HEADER.parent}",
                    tmp_path / "program.c", "-o", tmp_path / "program", "-ldl"], check=True)
    with foreign.Server() as server:
        settings = f'{{"url":"{server.url}","reconnect-max":0.5}}'
        done = subprocess.run([tmp_path / "program", one, two, settings], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "SWIFT_BACKTRACE": "enable=no"})
        assert (done.returncode, done.stdout) == (0, "1 1\n"), done.stdout + done.stderr
        assert sorted(server.wait_for(2)) == ["of the first", "of the second"]
