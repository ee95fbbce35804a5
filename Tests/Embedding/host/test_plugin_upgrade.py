# SPDX-License-Identifier: Apache-2.0
"""The plugin's files replaced and removed under a running gateway by `neuron-ws plugin`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import hosting
from hosting import Host, foreign


def tool(word: str, folder: Path, *more: object) -> str:
    command = [*foreign.emulator(), foreign.TOOL, "plugin", word, "--neuron", folder, *more]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    for name in ("plugins/schema", "config", "persistence"):
        (tmp_path / "neuron" / name).mkdir(parents=True)
    return tmp_path / "neuron"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """Plugin and library that differ from those of today in what no program reads."""
    place = tmp_path / "older"
    (place / "2.15").mkdir(parents=True)
    for source, target in ((hosting.plugin_path("2.15"), "2.15/libplugin-websocket.so"),
                           (foreign.LIBRARY, "libneuron_ws.so.1")):
        (place / target).write_bytes(source.read_bytes() + b"older")
    shutil.copy(hosting.NEURON / "websocket.json", place)
    return place


def newer(tmp_path: Path) -> Path:
    place = tmp_path / "newer"
    (place / "2.15").mkdir(parents=True)
    shutil.copy(hosting.plugin_path("2.15"), place / "2.15")
    shutil.copy(foreign.LIBRARY, place / "libneuron_ws.so.1")
    shutil.copy(hosting.NEURON / "websocket.json", place)
    return place


def test_a_gateway_goes_on_while_it_is_upgraded_and_while_it_is_removed(
        program: Path, gateway: Path, older: Path, server: foreign.Server, tmp_path: Path) -> None:
    tool("install", gateway, "--version", "2.15", "--from", older)
    plugin = gateway / "plugins/custom/libplugin-websocket.so"
    with Host(program, plugin) as host:
        host.do("create app")
        assert host.number(f'setting {{"params":{{"url":"{server.url}","reconnect-max":0.5}}}}') == 0
        assert host.number("start") == 0 and host.number("linked") == 1
        host.do("subscribe plc g")
        host.do("data plc g 3")
        server.wait_for(1)
        said = tool("install", gateway, "--version", "2.15", "--from", newer(tmp_path))
        assert said.count("replaced") == 2, said
        host.do("data plc g 3")
        server.wait_for(2)
        tool("remove", gateway)
        assert not plugin.exists() and not plugin.with_name("libneuron_ws.so.1").exists()
        # A connection anew, too, with what is loaded.
        server.close(1001, "restart")
        assert host.number("linked") == 1
        host.do("data plc g 3")
        server.wait_for(3)
        assert host.number("stop") == 0
        host.do("delete")
