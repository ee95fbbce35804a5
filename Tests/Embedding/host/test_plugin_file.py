# SPDX-License-Identifier: Apache-2.0
"""The plugin as a file: what it exports and needs, how large it is, its form, and where it finds the library."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hosting
from hosting import NEURON, Host, foreign


def run(*command: object) -> str:
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("version", hosting.VERSIONS)
def test_it_exports_its_description_alone_and_needs_libc_alone(version: str) -> None:
    path = hosting.plugin_path(version)
    assert hosting.names(path, "--defined-only") == {"neu_plugin_module"}
    dynamic = run("readelf", "-d", path)
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    assert set(needed) <= {"libc.so.6", "libdl.so.2", "libpthread.so.0"} and "NODELETE" in dynamic
    undefined = run("nm", "-D", "--undefined-only", path).splitlines()
    hosts = [line for line in undefined if "@GLIBC" not in line and line.split()[0] != "w"]
    assert hosts == []


@pytest.mark.parametrize("version", hosting.VERSIONS)
def test_the_gateways_upload_takes_it(version: str) -> None:
    assert hosting.plugin_path(version).stat().st_size < 256 * 1024


def test_the_form_is_the_librarys() -> None:
    run(sys.executable, NEURON / "tools" / "make_schema.py", foreign.LIBRARY, "--check")


def test_the_form_begins_with_the_commercial_plugins_fields() -> None:
    form = json.loads((NEURON / "websocket.json").read_text(encoding="utf-8"))
    fields = ["format", "url", "ca", "cert", "key", "keypass"]
    assert [key for key in form if key in fields] == fields and list(form)[:3] == ["format", "schema", "url"]
    for key, field in form.items():
        assert {"name", "name_zh", "description", "description_zh", "attribute", "type", "valid"} <= set(field), key
    assert {form[key]["type"] for key in ("ca", "cert", "key")} == {"file"}
    assert form["schema"]["condition"] == {"field": "format", "value": 3}


def test_the_assertions_are_made_from_the_facts() -> None:
    run(sys.executable, NEURON / "tools" / "make_assertions.py", "--check")


@pytest.mark.parametrize("version", hosting.VERSIONS)
def test_the_assertions_can_fail(version: str, tmp_path: Path) -> None:
    # A plugin built for one version does not pass the assertions of another: each version differs in something.
    minor = int(version.split(".")[1])
    other = 12 if minor != 12 else 15
    source = tmp_path / "other.c"
    source.write_text(f'#include "neuron_host.h"\n#include "host/assertions_2_{other}.h"\n')
    command = ["gcc", "-std=gnu11", f"-I{NEURON}/include", f"-DNEURON_VERSION_MINOR={minor}", "-fsyntax-only", source]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0 and "static assertion failed" in result.stderr


def test_cmake_refuses_a_version_that_it_does_not_know(tmp_path: Path) -> None:
    command = ["cmake", "-S", NEURON, "-B", tmp_path, "-DNEURON_VERSION=2.11"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0 and "it takes 2.12, 2.13, 2.14 or 2.15" in result.stderr


def place(program: Path, folder: Path) -> Path:
    """The plugin alone in a folder, as plugins/ of the gateway."""
    folder.mkdir(parents=True)
    return Path(shutil.copy(program.parent / "libplugin-websocket.so", folder))


def library(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=source, text=True, check=True)


def setting(program: Path, plugin: Path) -> tuple[int, str]:
    with Host(program, plugin) as host:
        host.do("create app")
        return host.number('setting {"params":{"url":"ws://127.0.0.1:1/"}}'), host.do("log 60")


def test_a_missing_library_is_said_with_what_to_install(program: Path, tmp_path: Path) -> None:
    status, line = setting(program, place(program, tmp_path / "plugins"))
    assert status != 0 and "libneuron_ws.so.1" in line and "install the package libneuron-ws1" in line


def test_a_library_with_another_binary_interface_is_refused(program: Path, tmp_path: Path) -> None:
    plugin = place(program, tmp_path / "plugins")
    library(plugin.parent / "libneuron_ws.so.1", "unsigned neuron_ws_abi_version(void) { return 7; }")
    status, line = setting(program, plugin)
    assert status != 0 and "has the binary interface 7, not 1" in line and "install the package" in line


def test_a_library_that_lacks_a_function_is_too_old(program: Path, tmp_path: Path) -> None:
    plugin = place(program, tmp_path / "plugins")
    library(plugin.parent / "libneuron_ws.so.1", "unsigned neuron_ws_abi_version(void) { return 1; }")
    status, line = setting(program, plugin)
    assert status != 0 and "is too old: it lacks neuron_ws_version" in line and "install the package" in line


def test_the_library_is_found_in_the_lib_folder_beside(program: Path, tmp_path: Path) -> None:
    plugin = place(program, tmp_path / "plugins")
    (tmp_path / "lib").mkdir()
    shutil.copy(foreign.LIBRARY, tmp_path / "lib" / "libneuron_ws.so.1")
    status, line = setting(program, plugin)
    assert status == 0 and "/../lib/libneuron_ws.so.1" in line


def test_a_library_installed_meanwhile_is_found_without_a_restart(program: Path, tmp_path: Path) -> None:
    plugin = place(program, tmp_path / "plugins")
    with Host(program, plugin) as host:
        host.do("create app")
        assert host.number('setting {"params":{"url":"ws://127.0.0.1:1/"}}') != 0
        shutil.copy(foreign.LIBRARY, plugin.parent / "libneuron_ws.so.1")
        assert host.number('setting {"params":{"url":"ws://127.0.0.1:1/"}}') == 0
