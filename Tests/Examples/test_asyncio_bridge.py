# SPDX-License-Identifier: Apache-2.0
"""The bridge in asyncio: its own tests, and the program as its README runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys

import foreign
import pytest

FOLDER = foreign.ROOT / "examples/asyncio_bridge"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(foreign.BINDING), "NEURON_WS_LIBRARY": str(foreign.LIBRARY)}


def test_its_own_tests_pass() -> None:
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(FOLDER)]
    done = subprocess.run(command, cwd=foreign.ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_program_bridges_and_ends_by_a_signal() -> None:
    port = foreign.free_port()
    command = [sys.executable, "-W", "error", str(FOLDER / "bridge.py")]
    with foreign.Server() as server:
        words = [server.url, "--listen", f"127.0.0.1:{port}"]
        program = subprocess.Popen([*command, *words], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
        try:
            foreign.wait_until(lambda: foreign.listens(port), 60)
            with socket.create_connection(("127.0.0.1", port)) as device:
                for number in range(100):
                    device.sendall(b'{"node":"m","group":"g","values":{"n":%d}}\n' % number)
                server.wait_for(100, 60)
            program.send_signal(signal.SIGTERM)
            _, errors = program.communicate(timeout=60)
        finally:
            program.kill()
        assert [json.loads(message)["values"]["n"] for message in server.messages] == list(range(100))
    assert program.returncode == 0 and "Traceback" not in errors, errors


@pytest.mark.parametrize("name", ["asyncio_bridge", "modbus_bridge"])
def test_the_examples_are_typed(name: str) -> None:
    folder = foreign.ROOT / "examples" / name
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null"]
    environment = {**ENVIRONMENT, "MYPYPATH": f"{foreign.BINDING}:{folder}"}
    files = [str(path) for path in sorted(folder.glob("*.py"))]
    done = subprocess.run([*command, *files], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
