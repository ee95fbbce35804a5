# SPDX-License-Identifier: Apache-2.0
"""The Modbus bridge as a program, against a device on plain sockets and one by pymodbus' server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Optional

import foreign
import pytest
from modbus_device import Device

FOLDER = foreign.ROOT / "examples/modbus_bridge"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(foreign.BINDING), "NEURON_WS_LIBRARY": str(foreign.LIBRARY)}
PATIENCE = 60.0

COILS, DISCRETE, HOLDING, INPUT = 1, 2, 3, 4
BANKS: dict[int, list[int]] = {
    COILS: [1],
    DISCRETE: [0],
    HOLDING: list(struct.unpack(">2H", struct.pack(">i", -70_000))),
    INPUT: [2301, 0x10000 - 150, *struct.unpack(">4H", struct.pack(">If", 70_000, 50.25))],
}
POWER = {"voltage": 230.1, "current": -1.5, "energy": 70_000, "frequency": 50.25}
CONTROL = {"limit": -70_000, "enabled": True, "door": False}


def settings(url: str, port: int, **node: object) -> dict[str, Any]:
    """Those of the folder, for this device and this server, and quicker."""
    document: dict[str, Any] = json.loads((FOLDER / "settings.json").read_text())
    document["modbus"].update(host="127.0.0.1", port=port)
    quick = {"reconnect-min": 0.05, "reconnect-max": 0.1}
    document["node"].update({"url": url, "format": "values-format", **quick, **node})
    for group in document["groups"]:
        group["interval"] = 0.02
    return document


@contextmanager
def running(folder: Path, document: object) -> Iterator[subprocess.Popen[str]]:
    """The bridge; at the end SIGTERM ends it with status 0."""
    file = folder / "settings.json"
    file.write_text(json.dumps(document))
    command = [sys.executable, "-W", "error", str(FOLDER / "bridge.py"), str(file)]
    program = subprocess.Popen(command, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    try:
        yield program
        program.send_signal(signal.SIGTERM)
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0 and "Traceback" not in errors, errors
    finally:
        program.kill()
        program.wait()
        assert program.stderr is not None
        program.stderr.close()


@pytest.fixture
def device() -> Iterator[Device]:
    with Device() as one:
        for bank, words in BANKS.items():
            one.banks[bank].update(enumerate(words))
        yield one


def wait_for(server: foreign.Server, group: str, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The first message of this group that is new and fits."""
    begin, end = len(server.messages), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for text in server.messages[begin:]:
            message: dict[str, Any] = json.loads(text)
            if message.get("group") == group and fits(message):
                return message
        time.sleep(0.01)
    raise AssertionError(server.messages[-2:])


def ask(server: foreign.Server, **request: object) -> dict[str, Any]:
    """The answer to a request of the server."""
    uuid = str(time.monotonic_ns())
    members = {"uuid": uuid, "node": "meter1", "group": "control", **request}
    server.send(json.dumps({name: member for name, member in members.items() if member is not None}))
    found: list[dict[str, Any]] = []

    def answered() -> bool:
        found[:] = [message for message in map(json.loads, list(server.messages)) if message.get("uuid") == uuid]
        return bool(found)

    foreign.wait_until(answered, PATIENCE)
    return found[0]


def test_what_the_device_has_reaches_the_server(device: Device, tmp_path: Path) -> None:
    with foreign.Server() as server, running(tmp_path, settings(server.url, device.port)):
        power = wait_for(server, "power", lambda message: True)
        control = wait_for(server, "control", lambda message: True)
    assert (power["node"], power["values"], power["errors"]) == ("meter1", POWER, {})
    assert (control["values"], control["errors"]) == (CONTROL, {})
    # Registers that lie side by side are read by one request.
    assert (INPUT, 0, 6) in device.requests and (HOLDING, 0, 2) in device.requests


@contextmanager
def pymodbus_device() -> Iterator[int]:
    """The same device by pymodbus' server; its port."""
    server_module = pytest.importorskip("pymodbus.server")
    simulator = pytest.importorskip("pymodbus.simulator")
    port = foreign.free_port()
    kinds = {COILS: simulator.DataType.BITS, DISCRETE: simulator.DataType.BITS}
    blocks = tuple(
        [simulator.SimData(0, values=words if bank not in kinds else [bool(word) for word in words] + [False] * 15,
                           datatype=kinds.get(bank, simulator.DataType.REGISTERS))]
        for bank, words in BANKS.items()
    )
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    async def serve() -> None:
        one = server_module.ModbusTcpServer(simulator.SimDevice(1, simdata=blocks), address=("127.0.0.1", port))
        await one.serve_forever(background=True)
        await stopping.wait()
        await one.shutdown()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        foreign.wait_until(lambda: foreign.listens(port), PATIENCE)
        yield port
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(PATIENCE)
        loop.close()


def test_a_device_by_pymodbus_is_read_and_written(tmp_path: Path) -> None:
    with pymodbus_device() as port, foreign.Server() as server, running(tmp_path, settings(server.url, port)):
        assert wait_for(server, "power", lambda message: True)["values"] == POWER
        assert wait_for(server, "control", lambda message: True)["values"] == CONTROL
        assert ask(server, tag="limit", value=123_456)["error"] == 0
        wait_for(server, "control", lambda message: message["values"].get("limit") == 123_456)
        assert ask(server, tag="enabled", value=False)["error"] == 0
        wait_for(server, "control", lambda message: message["values"].get("enabled") is False)


def test_the_server_reads_and_writes(device: Device, tmp_path: Path) -> None:
    with foreign.Server() as server, running(tmp_path, settings(server.url, device.port)):
        foreign.wait_until(lambda: server.connections, PATIENCE)
        assert {tag["name"]: tag["value"] for tag in ask(server)["tags"]} == CONTROL
        assert ask(server, tags=[{"tag": "limit", "value": 5}, {"tag": "enabled", "value": False}])["error"] == 0
        assert device.banks[HOLDING] == {0: 0, 1: 5} and device.banks[COILS] == {0: 0}
        assert ask(server, group="power", tag="voltage", value=1)["error"] == 1003
        too_much = ask(server, tag="limit", value=1 << 40)
        assert too_much["error"] == 1003 and "INT32" in too_much["reason"]
        assert ask(server, tag="limit", value="much")["error"] == 1003
        assert ask(server, tag="unknown", value=1)["error"] == 2201
        assert ask(server, group="unknown", tag="limit", value=1)["error"] == 2106
        assert ask(server, group=None, action="reboot")["error"] == 1003
        device.banks[HOLDING].clear()
        assert ask(server, tag="limit", value=5)["error"] == 3001
        assert device.banks[HOLDING] == {}


def test_what_cannot_be_read_carries_an_error_and_the_rest_its_value(device: Device, tmp_path: Path) -> None:
    with foreign.Server() as server, running(tmp_path, settings(server.url, device.port)):
        device.banks[COILS].clear()
        message = wait_for(server, "control", lambda message: message["errors"])
    assert message["errors"] == {"enabled": 3000} and message["values"] == {"limit": -70_000, "door": False}


def test_a_device_goes_and_comes_back(tmp_path: Path) -> None:
    port = foreign.free_port()
    with foreign.Server() as server, running(tmp_path, settings(server.url, port)):
        absent = wait_for(server, "power", lambda message: message["errors"])
        assert absent["errors"] == dict.fromkeys(POWER, 3002) and absent["values"] == {}
        for _ in range(2):
            with Device(port) as device:
                device.banks[INPUT].update(enumerate(BANKS[INPUT]))
                assert wait_for(server, "power", lambda message: message["values"])["values"] == POWER
            wait_for(server, "power", lambda message: message["errors"])


def test_a_device_that_does_not_answer_is_waited_for_no_longer_than_said(device: Device, tmp_path: Path) -> None:
    device.mute = True
    document = settings("", device.port)
    document["modbus"]["timeout"] = 0.1
    with foreign.Server() as server:
        document["node"]["url"] = server.url
        with running(tmp_path, document):
            assert wait_for(server, "power", lambda message: True)["errors"] == dict.fromkeys(POWER, 3002)
            device.mute = False
            assert wait_for(server, "power", lambda message: message["values"])["values"] == POWER


def test_readings_wait_while_the_server_is_away(device: Device, tmp_path: Path) -> None:
    port = foreign.free_port()
    document = settings(f"ws://127.0.0.1:{port}/", device.port)
    document["groups"] = document["groups"][:1]
    got: list[int] = []
    outages: list[tuple[float, float]] = []

    def serve(count: int) -> None:
        with foreign.Server(port) as server:
            server.wait_for(count, PATIENCE)
            server.stop()
            got.extend(json.loads(message)["timestamp"] for message in server.messages)

    with running(tmp_path, document):
        serve(1)
        for _ in range(3):
            begin, reads = time.time() * 1000, len(device.requests)
            foreign.wait_until(lambda: len(device.requests) > reads + 5, PATIENCE)
            outages.append((begin, time.time() * 1000))
            serve(6)
    assert got == sorted(got)
    assert all([stamp for stamp in got if begin <= stamp <= end] for begin, end in outages)


@pytest.mark.parametrize("change, told", [
    (lambda document: document.pop("groups"), "'groups' is missing"),
    (lambda document: document["node"].update(url="http://h/"), '"url"'),
    (lambda document: document["groups"][0]["tags"][0].update(area="coils"), "the area is 'coils'"),
    (lambda document: document["groups"][0]["tags"][0].update(type="UINT8"), "the type is 'UINT8'"),
    (lambda document: document["groups"][0]["tags"][0].update(address=65536), "the address is 65536"),
    (lambda document: document["groups"][0]["tags"][0].update(scale=0), "the scale is 0"),
    (lambda document: document["groups"][0]["tags"][0].update(unit="V"), "unexpected keyword argument 'unit'"),
    (lambda document: document["groups"][0].update(interval=0), "an interval above 0"),
    (lambda document: document["groups"][0]["tags"].append(document["groups"][0]["tags"][0]), "different names"),
    (lambda document: document["modbus"].update(prot=5), "unexpected keyword argument 'prot'"),
])
def test_bad_settings_are_told(change: Callable[[dict[str, Any]], object], told: str, tmp_path: Path) -> None:
    document = settings("ws://127.0.0.1:1/", 1)
    change(document)
    status, errors = refusal(tmp_path, json.dumps(document))
    assert status == 2 and told in errors and "Traceback" not in errors, errors


@pytest.mark.parametrize("text", [None, "", "[]", "{", "5"])
def test_a_file_that_is_none_is_told(text: Optional[str], tmp_path: Path) -> None:
    status, errors = refusal(tmp_path, text)
    assert status == 2 and "settings.json: " in errors and "Traceback" not in errors, errors


def refusal(folder: Path, text: Optional[str]) -> tuple[int, str]:
    file = folder / "settings.json"
    if text is not None:
        file.write_text(text)
    command = [sys.executable, "-W", "error", str(FOLDER / "bridge.py"), str(file)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE)
    return done.returncode, done.stderr


def test_under_systemd_each_line_has_its_priority(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings(f"ws://127.0.0.1:{foreign.free_port()}/", foreign.free_port())))
    command = [sys.executable, "-W", "error", str(FOLDER / "bridge.py"), str(file)]
    environment = {**ENVIRONMENT, "JOURNAL_STREAM": "8:1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as program:
        assert program.stderr is not None
        first = program.stderr.readline()
        program.terminate()
        rest = program.stderr.read()
    assert first.startswith("<4>modbus-1: ") and "refused" in first, first
    assert all(re.match(r"<[2-7]>", line) for line in rest.splitlines()), rest


def test_the_unit_names_the_files_that_the_readme_installs() -> None:
    unit = (FOLDER / "neuron-modbus-bridge.service").read_text()
    readme = (FOLDER / "README.md").read_text()
    program = re.search(r"^ExecStart=\S+ (\S+) (\S+)$", unit, re.M)
    assert program is not None
    for path in program.groups():
        assert f"{Path(path).parent}" in readme, path
    for file in FOLDER.glob("*.py"):
        assert file.name in readme, file
