# SPDX-License-Identifier: Apache-2.0
"""Each tutorial's commands, carried out as they stand, beside the built library and tool laid out as installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "Tests/Interop"), str(ROOT / "Tests/Install")]

import foreign  # noqa: E402
import tutorials  # noqa: E402

PC = """prefix=${{pcfiledir}}
Name: neuron_ws
Description: as built
Version: 1.0.0
Libs: -L"{0}" -lneuron_ws
Cflags: -I"{1}"
"""
CONFIG = """add_library(neuron_ws::neuron_ws SHARED IMPORTED)
set_target_properties(neuron_ws::neuron_ws PROPERTIES IMPORTED_LOCATION "{0}/libneuron_ws.so.1"
  INTERFACE_INCLUDE_DIRECTORIES "{1}")
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The tool on the PATH, the library and the package where their users find them."""
    place = tmp_path / "installed"
    (place / "bin").mkdir(parents=True)
    for name in ("libneuron_ws.so", "libneuron_ws.so.1"):
        (place / name).symlink_to(foreign.LIBRARY)
    (place / "bin/neuron-ws").symlink_to(foreign.TOOL)
    (place / "bin/python3").symlink_to(sys.executable)
    (place / "neuron_ws.pc").write_text(PC.format(place, foreign.HEADER.parent))
    (place / "neuron_wsConfig.cmake").write_text(CONFIG.format(place, foreign.HEADER.parent))
    (place / "neuron_wsConfigVersion.cmake").write_text(
        "set(PACKAGE_VERSION 1.0.0)\nset(PACKAGE_VERSION_COMPATIBLE 1)\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return {**kept, "PATH": f"{place / 'bin'}:{os.environ['PATH']}", "PKG_CONFIG_PATH": str(place),
            "LD_LIBRARY_PATH": str(place), "CMAKE_PREFIX_PATH": str(place), "PYTHONPATH": str(foreign.BINDING),
            "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "LC_ALL": "C.UTF-8"}


def gateway(folder: Path) -> Path:
    """Laid out as Neuron's packages do it."""
    for name in ("plugins/schema", "config", "persistence"):
        (folder / name).mkdir(parents=True)
    (folder / "neuron").write_text('#!/bin/sh\necho "Neuron 2.15.1 (abc1234 2026-01-01)"\n')
    (folder / "neuron").chmod(0o755)
    return folder


def test_each_user_has_a_tutorial() -> None:
    assert [page.name for page in tutorials.PAGES] == [f"tutorial-{user}.md" for user in ("c", "neuron", "python")]


@pytest.mark.parametrize("page", tutorials.PAGES, ids=lambda page: page.stem)
def test_a_tutorial_does_what_it_shows(page: Path, environment: dict[str, str], tmp_path: Path) -> None:
    text = page.read_text()
    assert tutorials.BLOCK.sub("", text).count("<!-- ") == 0, "a block with a mark that nobody knows"
    if "/opt/neuron" in text:
        if not (ROOT / ".build/plugin/2.15").is_dir():
            pytest.skip("the plugin is not built: make plugin")
        text = text.replace("/opt/neuron", str(gateway(tmp_path / "opt/neuron")))
        # The built tool is not beside the plugin here, as the installed one is.
        text = text.replace("plugin install", f"plugin install --from '{ROOT}/.build/plugin'")
    text = text.replace(":8080", f":{(port := foreign.free_port())}").replace("--port 8080", f"--port {port}")
    script, wanted = tutorials.session(text)
    folder = tmp_path / "tutorial"
    folder.mkdir()
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    wrong = tutorials.differences(done.stdout, wanted)
    assert done.returncode == 0 and not wrong, "\n".join(wrong) + done.stdout[-3000:]
    shutil.rmtree(folder)
