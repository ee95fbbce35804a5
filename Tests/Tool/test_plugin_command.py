# SPDX-License-Identifier: Apache-2.0
"""`neuron-ws plugin`: into a gateway's folder, into one that runs, and out again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import foreign
from foreign import ROOT
from tool import run

PLUGIN = "plugins/custom/libplugin-websocket.so"
FORM = "plugins/custom/schema/websocket.json"
LIBRARY = "plugins/custom/libneuron_ws.so.1"
LIST = "persistence/plugins.json"
VERSION = "2.15.1"
X86_64, AARCH64 = 62, 183


def elf(name: str, processor: int = X86_64) -> bytes:
    """As much of a library as is looked at."""
    return b"\x7fELF" + bytes(14) + processor.to_bytes(2, "little") + bytes(60) + name.encode() + b"\0"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """As `make build plugin` lays it out; contents that can be told apart."""
    folder = tmp_path / "built"
    for version in ("2.14", "2.15"):
        (folder / version).mkdir(parents=True)
        (folder / version / "libplugin-websocket.so").write_text(f"plugin for {version}")
    (folder / "websocket.json").write_text("{}")
    (folder / "libneuron_ws.so.1").write_bytes(elf("libneuron_ws.so.1"))
    return folder


def gateway_in(folder: Path, version: str = VERSION) -> Path:
    """A fresh gateway: no plugins/custom, no persistence/plugins.json."""
    for name in ("plugins/schema", "config", "persistence"):
        (folder / name).mkdir(parents=True)
    program = folder / "neuron"
    program.write_text(f'#!/bin/sh\necho "Neuron {version} (abc1234 2026-01-01)"\n')
    program.chmod(0o755)
    return folder


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    return gateway_in(tmp_path / "neuron gateway")


def plugin(word: str, gateway: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return run("plugin", word, "--neuron", gateway, *more)


def test_a_fresh_gateway_gets_what_it_lacks(gateway: Path, built: Path) -> None:
    result = plugin("install", gateway, "--from", built)
    assert result.returncode == 0, result.stderr
    assert f"Neuron {VERSION} in {gateway}" in result.stdout and "made" in result.stdout
    assert (gateway / PLUGIN).read_text() == "plugin for 2.15" and os.access(gateway / PLUGIN, os.X_OK)
    assert (gateway / FORM).read_text() == "{}"
    assert (gateway / LIBRARY).read_bytes() == (built / "libneuron_ws.so.1").read_bytes()
    assert json.loads((gateway / LIST).read_text()) == {"plugins": ["libplugin-websocket.so"]}
    assert plugin("status", gateway).returncode == 0
    again = plugin("install", gateway, "--from", built)
    assert again.returncode == 0 and "as it was" in again.stdout and "made" not in again.stdout
    assert not list(gateway.rglob("*.new"))


def test_the_version_decides_which_plugin(tmp_path: Path, built: Path) -> None:
    older = gateway_in(tmp_path / "older", "2.14.2")
    assert plugin("install", older, "--from", built).returncode == 0
    assert (older / PLUGIN).read_text() == "plugin for 2.14"
    assert plugin("install", older, "--from", built, "--version", "2.15").returncode == 0
    assert (older / PLUGIN).read_text() == "plugin for 2.15"


def test_the_gateway_is_asked_in_its_own_folder(gateway: Path, built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neuron's program finds its library by a path relative to its folder, or by LD_LIBRARY_PATH."""
    (gateway / "libneuron-base.so").touch()
    (gateway / "neuron").write_text(
        '#!/bin/sh\n[ -e ./libneuron-base.so ] || exit 127\necho "Neuron $LD_LIBRARY_PATH (x 2026-01-01)"\n')
    monkeypatch.setenv("LD_LIBRARY_PATH", VERSION)
    result = plugin("install", gateway, "--from", built)
    assert result.returncode == 0 and f"Neuron {VERSION} in" in result.stdout, result.stderr


def test_a_program_that_has_the_old_file_open_keeps_it(gateway: Path, built: Path) -> None:
    assert plugin("install", gateway, "--from", built).returncode == 0
    with open(gateway / PLUGIN) as old:
        before = os.fstat(old.fileno()).st_ino
        (built / "2.15" / "libplugin-websocket.so").write_text("a newer one")
        result = plugin("install", gateway, "--from", built)
        assert result.returncode == 0 and "replaced" in result.stdout
        assert old.read() == "plugin for 2.15" and os.stat(gateway / PLUGIN).st_ino != before
    assert (gateway / PLUGIN).read_text() == "a newer one"


def test_other_plugins_stay_listed(gateway: Path, built: Path) -> None:
    (gateway / LIST).write_text('{"plugins": ["libplugin-other.so"]}')
    assert plugin("install", gateway, "--from", built).returncode == 0
    assert json.loads((gateway / LIST).read_text())["plugins"] == ["libplugin-other.so", "libplugin-websocket.so"]
    assert plugin("remove", gateway).returncode == 0
    assert json.loads((gateway / LIST).read_text())["plugins"] == ["libplugin-other.so"]
    assert not any((gateway / name).exists() for name in (PLUGIN, FORM, LIBRARY))
    status = plugin("status", gateway)
    assert status.returncode == 1 and "missing" in status.stdout and "unlisted" in status.stdout


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "break_it, said",
    [
        (lambda g, b: (g / "neuron").unlink(), "give --version"),
        (lambda g, b: (g / "neuron").write_text("#!/bin/sh\nexit 1\n"), "does not run here"),
        (lambda g, b: (g / "neuron").write_text("#!/bin/sh\necho hello\n"), "does not name a version"),
        (lambda g, b: (g / "neuron").write_text("#!/bin/sh\necho Neuron 2.11.0\n"), "there is one for 2.14, 2.15"),
        (lambda g, b: (g / LIST).write_text("{"), "is not JSON"),
        (lambda g, b: (g / LIST).write_text("[]"), 'no array "plugins"'),
        (lambda g, b: (g / "plugins" / "libplugin-websocket.so").write_text("another"), "is in the way"),
        (lambda g, b: shutil.rmtree(g / "config"), "is no Neuron"),
        (lambda g, b: (b / "websocket.json").unlink(), "websocket.json is not there"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_changed(break_it: object, said: str, gateway: Path, built: Path) -> None:
    break_it(gateway, built)  # type: ignore[operator]
    before = files_of(gateway)
    result = plugin("install", gateway, "--from", built)
    assert result.returncode == 1 and said in result.stderr, result.stderr
    assert files_of(gateway) == before


@pytest.mark.parametrize("content, said", [
    (b"root:x:0:0", "is no library"), (elf("libneuron_ws.so.2"), "does not call itself libneuron_ws.so.1"),
    (elf("libneuron_ws.so.1", AARCH64), "is for another processor than the plugin"),
])
def test_a_library_that_the_plugin_cannot_load_is_refused(
    content: bytes, said: str, gateway: Path, built: Path, tmp_path: Path
) -> None:
    (built / "2.15" / "libplugin-websocket.so").write_bytes(elf("libplugin-websocket.so"))
    (tmp_path / "library").write_bytes(content)
    before = files_of(gateway)
    result = plugin("install", gateway, "--from", built, "--library", tmp_path / "library")
    assert result.returncode == 1 and said in result.stderr, result.stderr
    assert files_of(gateway) == before


def with_system_library(content: bytes | None, command: list[object], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs it where that file is the system's library, which nobody else sees."""
    place = ""
    if content is not None:
        (folder / "system").write_bytes(content)
        place = f"cp '{folder}/system' /usr/local/lib/libneuron_ws.so.1 && "
    script = f'mount -t tmpfs none /usr/local/lib && {place}exec "$@"'
    return subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", *map(str, command)], capture_output=True,
                          text=True, timeout=30)


HAS_NAMESPACES = subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0
HAS_LIBRARY = any(Path("/usr/lib").glob("**/libneuron_ws.so.1"))


@pytest.mark.skipif(not HAS_NAMESPACES or HAS_LIBRARY, reason="no mounts of its own, or the library is installed")
@pytest.mark.parametrize("system", [elf("libneuron_ws.so.1"), elf("libneuron_ws.so.1", AARCH64), None])
def test_without_a_library_of_ours_it_is_said_which_one_is_used(
    system: bytes | None, gateway: Path, built: Path, tmp_path: Path
) -> None:
    """A library beside the plugin, of an earlier installation, is loaded before the system's."""
    (built / "2.15" / "libplugin-websocket.so").write_bytes(elf("libplugin-websocket.so"))
    assert plugin("install", gateway, "--from", built).returncode == 0
    (built / "libneuron_ws.so.1").unlink()
    # As the packages lay it: no library beside the tool.
    tool = tmp_path / "bin" / "neuron-ws"
    tool.parent.mkdir()
    shutil.copy(foreign.TOOL, tool)
    command = [tool, "plugin", "install", "--neuron", gateway, "--from", built]
    done = with_system_library(system, command, tmp_path)
    is_there = (gateway / LIBRARY).exists()
    (gateway / LIBRARY).unlink(missing_ok=True)
    again = with_system_library(system, command, tmp_path)
    assert done.returncode == 0, done.stderr
    if system == elf("libneuron_ws.so.1"):
        uses = "the system's /usr/local/lib/libneuron_ws.so.1 is used"
        assert f"removed   {gateway / LIBRARY}" in done.stdout and uses in done.stdout and not is_there
        assert again.returncode == 0 and uses in again.stdout
    else:
        assert f"{gateway / LIBRARY} is used, as it was" in done.stdout and is_there
        assert again.returncode == 1 and "install the package libneuron-ws1" in again.stderr


def test_a_list_that_is_a_link_stays_one(gateway: Path, built: Path, tmp_path: Path) -> None:
    target = tmp_path / "volume.json"
    target.write_text('{"plugins": ["libplugin-other.so"]}')
    target.chmod(0o640)
    (gateway / LIST).symlink_to(target)
    assert plugin("install", gateway, "--from", built).returncode == 0
    assert json.loads(target.read_text())["plugins"] == ["libplugin-other.so", "libplugin-websocket.so"]
    assert (gateway / LIST).is_symlink() and target.stat().st_mode & 0o777 == 0o640
    target.unlink()
    result = plugin("install", gateway, "--from", built)
    assert result.returncode == 1 and f"is a link to {target}, which is no file" in result.stderr


def test_wrong_words_are_usage(gateway: Path) -> None:
    result = plugin("instal", gateway)
    assert result.returncode == 2 and "did you mean install?" in result.stderr
    assert run("plugin", "install").returncode == 2


@pytest.fixture
def running(gateway: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that runs as the gateway does, with the plugin's file mapped."""
    shutil.copy(shutil.which("sleep") or "/bin/sleep", gateway / "neuron")
    process = subprocess.Popen([gateway / "neuron", "60"])
    yield process
    process.kill()
    process.wait()


def test_a_running_gateway_is_said(gateway: Path, built: Path, running: subprocess.Popen[bytes]) -> None:
    result = plugin("install", gateway, "--from", built, "--version", "2.15")
    assert result.returncode == 0 and f"Neuron runs (process {running.pid}): start it anew" in result.stdout
    status = plugin("status", gateway, "--version", "2.15")
    assert status.returncode == 0 and "has not loaded the plugin" in status.stdout


def test_the_built_plugin_is_found_by_itself(gateway: Path) -> None:
    if not (ROOT / ".build" / "plugin" / "2.15").is_dir():
        pytest.skip("the plugin is not built: make plugin")
    result = plugin("install", gateway)
    assert result.returncode == 0, result.stderr
    assert (gateway / PLUGIN).read_bytes() == (ROOT / ".build/plugin/2.15/libplugin-websocket.so").read_bytes()
    assert (gateway / LIBRARY).stat().st_size > 1_000_000
