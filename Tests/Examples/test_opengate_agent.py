# SPDX-License-Identifier: Apache-2.0
"""examples/opengate_agent: both agents upload, and answer a platform's operations."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import foreign
import pytest

sys.path.insert(0, str(foreign.ROOT / "Tests/Interop"))

from opengate import JSON, Platform  # noqa: E402

EXAMPLE = foreign.ROOT / "examples/opengate_agent"
STEPS = ["BEGINUPDATE", "DOWNLOADFILE", "BEGININSTALL", "ENDINSTALL", "ENDUPDATE"]


def python_agent(folder: Path, platform: Platform) -> list[object]:
    (folder / "es.amplia.oda.connector.websocket.cfg").write_text(
        f"host=127.0.0.1\nport={platform.port}\npath=/south/v80/sessions\n")
    (folder / "es.amplia.oda.datastreams.deviceinfo.cfg").write_text("deviceId=gateway1\napiKey=k\n")
    return [sys.executable, EXAMPLE / "agent.py", folder, 3600]


def c_agent(folder: Path, platform: Platform) -> list[object]:
    (folder / "libneuron_ws.so.1").symlink_to(foreign.LIBRARY)
    strict = ["gcc", "-std=c99", "-D_POSIX_C_SOURCE=200809L", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(
        [*strict, f"-I{foreign.ROOT / 'include'}", str(EXAMPLE / "agent.c"), str(folder / "libneuron_ws.so.1"),
         f"-Wl,-rpath,{folder}", "-o", str(folder / "agent")], check=True)
    settings = {"url": platform.url, "format": "opengate", "device-id": "gateway1", "api-key": "k",
                "allow-requests": "all"}
    (folder / "settings.json").write_text(json.dumps(settings))
    return [folder / "agent", folder / "settings.json", 3600]


@contextlib.contextmanager
def running(make: Any, folder: Path) -> Iterator[Platform]:
    environment = {**os.environ, "PYTHONPATH": str(foreign.ROOT / "bindings/python"),
                   "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "PYTHONDONTWRITEBYTECODE": "1"}
    with Platform() as platform:
        command = [str(word) for word in make(folder, platform)]
        with subprocess.Popen(command, env=environment) as program:
            try:
                foreign.wait_until(platform.uploads, 60, "the first upload")
                yield platform
            finally:
                program.kill()


def variables(answer: JSON) -> dict[str, JSON]:
    return {entry["variableName"]: entry for entry in answer["steps"][0]["response"]}


@pytest.mark.parametrize("make", [python_agent, c_agent])
def test_an_agent_does_what_its_page_says(make: Any, tmp_path: Path) -> None:
    with running(make, tmp_path) as platform:
        assert [stream["id"] for stream in platform.uploads()[0]["datastreams"]] == [
            "temperature", "pressure", "valve"]
        answer = platform.answer(platform.ask("GET_DEVICE_PARAMETERS", {"variableList": ["pressure", "nothing"]}))
        got = variables(answer)
        assert got["pressure"]["variableValue"] == 1013.25 and got["nothing"]["resultCode"] == "NON_EXISTENT"
        writes = [{"name": "valve", "value": True}, {"name": "pressure", "value": 17}]
        got = variables(platform.answer(platform.ask("SET_DEVICE_PARAMETERS", {"variableList": writes})))
        assert got["valve"] == {"variableName": "valve", "resultCode": "SUCCESS"}
        assert got["pressure"]["resultCode"] == "ERROR"
        answer = platform.answer(platform.ask("REFRESH_INFO"))
        assert variables(answer)["valve"]["variableValue"][0]["value"] is True
        number = platform.ask("UPDATE", {"bundleName": "b", "bundleVersion": "1", "deploymentElements": []})
        answer = platform.answer(number)
        assert [step["name"] for step in answer["steps"]] == STEPS and len(platform.responses(number)) == 6
        assert platform.answer(platform.ask("anything"))["resultCode"] == "NOT_SUPPORTED"
