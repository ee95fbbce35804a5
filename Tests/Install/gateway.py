# SPDX-License-Identifier: Apache-2.0
"""In a root: a folder laid out as Neuron's, and a host that loads the plugin as Neuron does (Tests/Embedding/host)."""

from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Optional

from system import System

ROOT = Path(__file__).resolve().parents[2]
VERSION = "2.15.1"
HOST = "/tmp/host/host"
# What the files of a container that has no packages come from.
PACKED = ["libneuron-ws1", "neuron-plugin-websocket"]
# Emulated processors are slow.
PATIENCE_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def lay_out(system: System, folder: str) -> None:
    """A fresh gateway: no plugins/custom, no persistence/plugins.json."""
    system.run(f"rm -rf {folder}; mkdir -p {folder}/plugins/schema {folder}/config {folder}/persistence")
    system.put(f"{folder}/neuron", f'#!/bin/sh\necho "Neuron {VERSION} (abc1234 2026-01-01)"\n', 0o755)


def build(system: System) -> None:
    """The host, by the root's compiler; with the system's jansson, as only a test of the plugin's own has another."""
    system.install("gcc", "libc6-dev", "libjansson-dev")
    folder = system.folder / "tmp/host"
    shutil.copytree(ROOT / "Tests/Embedding/host", folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    shutil.copytree(ROOT / "bindings/neuron/include", folder / "include")
    system.run("cd /tmp/host && gcc -std=gnu11 -D_GNU_SOURCE -O1 -DNEURON_VERSION_MINOR=15 -DHOST_HAS_SYSTEM_JANSSON "
               f"-Iinclude -rdynamic -o {HOST} *.c -ldl -lpthread -ljansson")


def context(system: System) -> dict[str, Path]:
    """What a container is built from: the packages, and the three files that the plugin is, out of them."""
    system.run("rm -rf /tmp/context; mkdir /tmp/context; "
               f"for package in {' '.join(system.packages(*PACKED))}; do dpkg-deb -x $package /tmp/context; done")
    folder = system.folder / "tmp/context"
    files = {path.name: path for path in (system.folder / "packages").glob("*.deb")}
    files["libplugin-websocket.so"] = folder / "usr/lib/neuron-ws/plugin/2.15/libplugin-websocket.so"
    files["websocket.json"] = folder / "usr/lib/neuron-ws/plugin/websocket.json"
    files["libneuron_ws.so.1"] = next(folder.glob("usr/lib/*/libneuron_ws.so.1")).resolve()
    return files


class Running:
    """A gateway with an application that is connected to the tool's server, and subscribed to all."""

    def __init__(self, system: System, plugin: str, server: Optional[str] = None) -> None:
        self.system, self.plugin, self.port = system, plugin, free_port()
        self.log = system.folder / "tmp/serve.log"
        # A copy, so that it is there without the package.
        self.server = server or "/tmp/host/neuron-ws"

    def __enter__(self) -> Running:
        if not (self.system.folder / HOST[1:]).exists():
            build(self.system)
        self.log.write_text("")
        if not (self.system.folder / self.server[1:]).exists():
            self.system.run(f"cp $(command -v neuron-ws) {self.server}")
        self.serving = self.system.start(f"exec {self.server} serve --port {self.port} > /tmp/serve.log 2>&1")
        self.host = self.system.start(f"exec {HOST} {self.plugin}")
        self.do("create app")
        setting = f'setting {{"params":{{"url":"ws://127.0.0.1:{self.port}/","reconnect-max":1}}}}'
        assert self.do(setting) == "0", self.do("log 60")
        assert self.do("start") == "0" and self.do("linked") == "1"
        self.do("subscribe plc g")
        return self

    def do(self, command: str) -> str:
        assert self.host.stdin is not None and self.host.stdout is not None
        self.host.stdin.write(command + "\n")
        self.host.stdin.flush()
        for line in self.host.stdout:
            if line.startswith("= "):
                return line[2:].strip()
        raise AssertionError(f"the gateway ended at {command!r} with {self.host.wait()}")

    def sends(self) -> None:
        """A group of data arrives."""
        before = self.log.read_text().count('"group":"g"')
        self.do("data plc g 3")
        end = time.monotonic() + PATIENCE_SECONDS
        while self.log.read_text().count('"group":"g"') <= before:
            assert time.monotonic() < end and self.host.poll() is None, "nothing arrived:\n" + self.log.read_text()
            time.sleep(0.1)

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 where: Optional[TracebackType]) -> None:
        try:
            if kind is None:
                assert self.do("stop") == "0"
                self.do("delete")
                assert self.host.stdin is not None
                self.host.stdin.close()
                assert self.host.wait(PATIENCE_SECONDS) == 0
        finally:
            for process in (self.host, self.serving):
                process.kill()
                process.wait()
