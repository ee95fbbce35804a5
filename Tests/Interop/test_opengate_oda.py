# SPDX-License-Identifier: Apache-2.0
"""The files of OpenGate's own agent, ODA: a device that runs it is switched over, what is wrong with them is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import foreign
import neuron_ws
import pytest
from opengate import Platform

pytestmark = pytest.mark.usefixtures("no_leaks")

CONNECTOR = "es.amplia.oda.connector.websocket.cfg"
DEVICE = "es.amplia.oda.datastreams.deviceinfo.cfg"
DISPATCHER = "es.amplia.oda.dispatcher.opengate.cfg"


def directory(place: Path, platform: Platform) -> Path:
    connector = (
        f"\ufeff# the platform\r\nhost = 127.0.0.1\r\nport:{platform.port}\r\npath south/v80/\\\r\n   sessions\r\n"
        "! times\r\nconnectionTimeout=10\r\nkeepAliveInterval=60\r\n")
    (place / CONNECTOR).write_bytes(connector.encode())
    (place / DEVICE).write_text("deviceId=gw\\u00fc/1\napiKey=a\\=b&c\nserialNumberCommand=serial.sh\n")
    (place / DISPATCHER).write_text("reducedOutput=true\neventContentType=JSON\nslow=600\nt;plc1=5;600\n")
    return place


def test_a_device_that_runs_oda_is_switched_over(tmp_path: Path) -> None:
    with Platform(reduced=True) as platform:
        remarks: list[str] = []
        settings = neuron_ws.settings_from_oda(directory(tmp_path, platform), remarks.append)
        assert settings == {
            "format": "opengate", "host": "127.0.0.1", "path": "south/v80/sessions", "port": platform.port,
            "connect-timeout": 10, "ping-interval": 60, "ping-timeout": 30, "device-id": "gwü/1", "api-key": "a=b&c",
            "reduced": True, "opengate-publish": {"slow": 600, "t": 600}}
        assert len(remarks) == 2 and "serialNumberCommand" in remarks[0] and "serial.sh" not in remarks[0]
        with neuron_ws.Node("switched", settings) as node:
            node.subscribe("*", "*")
            foreign.wait_until(lambda: node.state.link and platform.keys, 30)
            assert platform.resources == ["/south/v80/sessions/gw%C3%BC%2F1?X-ApiKey=a%3Db%26c"]
            node.push("gwü/1", "fast", {"now": 1})
            foreign.wait_until(platform.uploads, 30)
    assert platform.uploads() == [
        {"version": "9.0", "datastreams": [{"id": "now", "feed": "fast", "datapoints": [{"value": 1}]}]}]


def test_push_answers_what_the_platform_asks(tmp_path: Path) -> None:
    """There is nobody behind it to do an operation; the platform hears so instead of waiting."""
    with Platform(reduced=True) as platform:
        place = str(directory(tmp_path, platform))
        command = [str(foreign.TOOL), "push", "--oda", place]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, **pipes) as push:  # type: ignore[call-overload]
            assert push.stdin is not None
            foreign.wait_until(lambda: platform.keys, 60)
            assert platform.answer(platform.ask("DISCOVER"))["resultCode"] == "NOT_SUPPORTED"
            answer = platform.answer(platform.ask("UPDATE"))
            assert answer["resultCode"] == "ERROR_PROCESSING" and "allow-requests" in answer["resultDescription"]
            push.stdin.write(b'{"node":"plc1","group":"fast","values":{"now":1}}\n')
            push.stdin.close()
            assert push.wait(60) == 0
        assert platform.uploads()[0]["device"] == "plc1"


@pytest.mark.parametrize(("file", "text", "says"), [
    (CONNECTOR, "host=h\ngeneralPath=/x\n", '"generalPath" is no key'),
    (CONNECTOR, "host=h\npath=/x\nport=80x\n", '"port" is "80x"'),
    (CONNECTOR, "path=/x\n", '"host" is missing'),
    (CONNECTOR, "host=h\n", '"path" is missing'),
    (CONNECTOR, "host=\npath=/x\n", '"host" is missing'),
    (CONNECTOR, "h\0o\0s\0t\0", "UTF-16"),
    (DEVICE, "deviceId=<device_id>\napiKey=k\n", "the example's <…>"),
    (DEVICE, "deviceId=d\napiKey=<api-key>\n", "the example's <…>"),
    (CONNECTOR, "host=h\\u00g1\npath=/x\n", "line 1"),
    (DISPATCHER, "eventContentType=CBOR\n", "CBOR"),
    (DISPATCHER, "t=soon\n", '"t" (line 1)'),
])
def test_what_is_wrong_with_oda_s_files_is_named(tmp_path: Path, file: str, text: str, says: str) -> None:
    (tmp_path / CONNECTOR).write_text("host=h\npath=/x\n")
    (tmp_path / file).write_text(text)
    with pytest.raises(neuron_ws.SettingsError) as error:
        neuron_ws.settings_from_oda(tmp_path)
    assert says in str(error.value)


@pytest.mark.parametrize("missing", ["deviceId", "apiKey"])
def test_without_id_or_key_the_agents_settings_are_refused_by_name(tmp_path: Path, missing: str) -> None:
    (tmp_path / CONNECTOR).write_text("host=h\npath=/x\n")
    lines = {"deviceId": "deviceId=d\n", "apiKey": "apikey=k\n"}
    (tmp_path / DEVICE).write_text("".join(line for name, line in lines.items() if name != missing))
    faults = neuron_ws.check_settings(neuron_ws.settings_from_oda(tmp_path))
    key = "device-id" if missing == "deviceId" else "api-key"
    assert [fault.key for fault in faults] == [key] and "is missing" in faults[0].text
