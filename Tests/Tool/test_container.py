# SPDX-License-Identifier: Apache-2.0
"""The Dockerfile of docs/neuron.md, its steps done in a folder that is laid out as the official image is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from foreign import LIBRARY, ROOT
from test_plugin_command import FORM, LIBRARY as LIBRARY_PLACE, LIST, PLUGIN, built, gateway_in, plugin

__all__ = ["built"]
PAGE = (ROOT / "docs" / "neuron.md").read_text(encoding="utf-8")
# Which Debian package has a library that ours names.
PACKAGES = {"libssl.so.3": "libssl3", "libcrypto.so.3": "libssl3", "libjansson.so.4": "libjansson4",
            "libz.so.1": "zlib1g", "libsqlite3.so.0": "libsqlite3-0",
            "libstdc++.so.6": "libstdc++6", "libgcc_s.so.1": "libstdc++6"}
LIBC = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
OTHER = "libplugin-other.so"


def instructions() -> list[tuple[str, str]]:
    """The fragment's steps, as (word, rest)."""
    found = re.search(r"```dockerfile\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    text = re.sub(r"\\\n\s*", " ", found[1])
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in text.splitlines() if line]


def context(folder: Path, built: Path) -> Path:
    """The three files as `make build plugin` leaves them: the library's name is a link."""
    folder.mkdir()
    shutil.copy(built / "2.15" / "libplugin-websocket.so", folder)
    shutil.copy(built / "websocket.json", folder)
    (folder / "libneuron_ws.so").write_text("library")
    (folder / "libneuron_ws.so.1").symlink_to("libneuron_ws.so")
    return folder


def do(command: str, root: Path) -> None:
    """By sh, with /opt in `root`."""
    subprocess.run(["sh", "-ec", command.replace("/opt/", f"{root}/opt/")], check=True, cwd="/")


def build(root: Path, source: Path) -> None:
    """Carries out COPY and RUN as an image builder does."""
    for word, rest in instructions():
        if word == "COPY":
            *files, place = rest.split()
            assert place.endswith("/")
            target = root / place[1:]
            target.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy(source / file, target)
        elif word == "RUN" and not rest.startswith("apt-get"):
            do(rest, root)


@pytest.mark.parametrize(
    "before, names",
    [
        (None, []),
        ("", []),
        ('{"plugins": []}', []),
        (f'{{"plugins": ["{OTHER}"]}}\n', [OTHER]),
        (f'{{\n  "plugins": [\n    "{OTHER}"\n  ]\n}}\n', [OTHER]),
        (f'{{"plugins": ["{OTHER}", "libplugin-websocket.so"]}}', [OTHER]),
    ],
    ids=["none", "empty", "no names", "another", "lines", "ours"],
)
def test_the_dockerfile_installs_the_plugin(before: str | None, names: list[str], tmp_path: Path, built: Path) -> None:
    root = tmp_path / "root"
    gateway = gateway_in(root / "opt" / "neuron")
    if before is not None:
        (gateway / LIST).write_text(before)
    source = context(tmp_path / "context", built)
    for _ in range(2):
        # A second time changes nothing.
        build(root, source)
        assert sorted(json.loads((gateway / LIST).read_text())["plugins"]) == sorted(
            [*names, "libplugin-websocket.so"])
    assert (gateway / PLUGIN).read_text() == "plugin for 2.15" and (gateway / FORM).read_text() == "{}"
    assert (gateway / LIBRARY_PLACE).read_text() == "library" and not (gateway / LIBRARY_PLACE).is_symlink()
    status = plugin("status", gateway)
    assert status.returncode == 0, status.stdout + status.stderr
    # An empty volume hides the list; the last step's command makes it, as the page says.
    (gateway / LIST).unlink()
    assert plugin("status", gateway).returncode == 1
    word, command = instructions()[-1]
    assert word == "RUN"
    do(command, root)
    assert plugin("status", gateway).returncode == 0


def test_an_image_without_the_folder_for_the_list_gets_it(tmp_path: Path, built: Path) -> None:
    root = tmp_path / "root"
    gateway = gateway_in(root / "opt" / "neuron")
    (gateway / "persistence").rmdir()
    build(root, context(tmp_path / "context", built))
    assert plugin("status", gateway).returncode == 0


def test_the_dockerfile_installs_what_the_library_needs() -> None:
    dump = subprocess.run(["readelf", "-dV", LIBRARY], check=True, capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dump)) - LIBC
    installed = next(rest for word, rest in instructions() if word == "RUN" and rest.startswith("apt-get"))
    assert {PACKAGES[name] for name in needed} <= set(installed.split()), needed
    asked = max(tuple(map(int, version.split("."))) for version in re.findall(r"GLIBC_([0-9.]+)", dump))
    assert asked <= (2, 34), "the page says glibc 2.34"
