# SPDX-License-Identifier: Apache-2.0
"""Which library the package loads, in processes of their own; and that pip installs the package."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import foreign
import pytest

SAY = "import neuron_ws, neuron_ws._library as l; print(l.library._name); print(neuron_ws.version())"


def run(code: str, *, package: Path = foreign.BINDING, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NEURON_WS_")}
    environment.update(variables, PYTHONPATH=str(package), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package alone, in no source tree."""
    folder = tmp_path / "a" / "b" / "c"
    shutil.copytree(foreign.BINDING / "neuron_ws", folder / "neuron_ws", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_variable_goes_before_all_else(package: Path, tmp_path: Path) -> None:
    shutil.copy(foreign.LIBRARY, package / "neuron_ws" / "libneuron_ws.so.1")
    named = tmp_path / "named.so"
    shutil.copy(foreign.LIBRARY, named)
    assert run(SAY, package=package, NEURON_WS_LIBRARY=str(named)).stdout.splitlines() == [str(named), "1.0.0"]


def test_the_variable_has_no_fallback(package: Path) -> None:
    shutil.copy(foreign.LIBRARY, package / "neuron_ws" / "libneuron_ws.so.1")
    result = run(SAY, package=package, NEURON_WS_LIBRARY="/nowhere/libneuron_ws.so")
    assert result.returncode == 1
    assert "LibraryNotFound" in result.stderr
    assert "/nowhere/libneuron_ws.so: no such file" in result.stderr
    assert "nothing else was tried" in result.stderr


@pytest.mark.parametrize("name", ["libneuron_ws.so.1", "libneuron_ws.so"])
def test_beside_the_package(package: Path, name: str) -> None:
    beside = package / "neuron_ws" / name
    shutil.copy(foreign.LIBRARY, beside)
    assert run(SAY, package=package).stdout.splitlines() == [str(beside), "1.0.0"]


def test_in_the_build_folder_of_a_source_tree(tmp_path: Path) -> None:
    copy = tmp_path / "tree" / "bindings" / "python"
    shutil.copytree(foreign.BINDING / "neuron_ws", copy / "neuron_ws", ignore=shutil.ignore_patterns("__pycache__"))
    built = tmp_path / "tree" / ".build" / "release" / "libneuron_ws.so"
    built.parent.mkdir(parents=True)
    shutil.copy(foreign.LIBRARY, built)
    without_header = run(SAY, package=copy)
    assert str(built) not in without_header.stdout
    (tmp_path / "tree" / "include").mkdir()
    shutil.copy(foreign.HEADER, tmp_path / "tree" / "include")
    assert run(SAY, package=copy).stdout.splitlines() == [str(built), "1.0.0"]


def test_by_soname(package: Path, tmp_path: Path) -> None:
    folder = tmp_path / "system"
    folder.mkdir()
    shutil.copy(foreign.LIBRARY, folder / "libneuron_ws.so.1")
    result = run(SAY, package=package, LD_LIBRARY_PATH=str(folder))
    assert result.stdout.splitlines() == ["libneuron_ws.so.1", "1.0.0"]


@pytest.mark.skipif(ctypes.util.find_library("neuron_ws") is not None, reason="the library is installed on this system")
def test_the_error_names_everything_that_was_tried(package: Path) -> None:
    result = run("import neuron_ws", package=package)
    assert result.returncode == 1
    assert "LibraryNotFound" in result.stderr
    for place in ("neuron_ws/libneuron_ws.so.1: no such file", "neuron_ws/libneuron_ws.so: no such file",
                  "\n  libneuron_ws.so.1: ", "set NEURON_WS_LIBRARY"):
        assert place in result.stderr, place
    caught = run("try:\n import neuron_ws\nexcept ImportError as error:\n print(type(error).__name__)", package=package)
    assert caught.stdout.strip() == "LibraryNotFound"


def compiled(folder: Path, source: str) -> Path:
    (folder / "other.c").write_text(source)
    library = folder / "other.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, folder / "other.c"], check=True)
    return library


def test_a_library_of_another_abi_is_refused(tmp_path: Path) -> None:
    functions = "".join(
        f"int {name}(void) {{ return 0; }}\n"
        for name in __import__("neuron_ws._structures", fromlist=["FUNCTIONS"]).FUNCTIONS
        if name != "neuron_ws_abi_version"
    )
    other = compiled(tmp_path, functions + "unsigned neuron_ws_abi_version(void) { return 2; }\n")
    result = run("import neuron_ws", NEURON_WS_LIBRARY=str(other))
    assert result.returncode == 1
    assert f"{other}: its ABI is version 2, and this package needs 1" in result.stderr


def test_another_library_of_that_name_is_refused(tmp_path: Path) -> None:
    other = compiled(tmp_path, "unsigned neuron_ws_abi_version(void) { return 1; }\n")
    result = run("import neuron_ws", NEURON_WS_LIBRARY=str(other))
    assert result.returncode == 1
    assert "LibraryNotFound" in result.stderr and "undefined symbol: neuron_ws_version" in result.stderr


def test_loading_starts_no_thread() -> None:
    code = "import neuron_ws, os; print(len(os.listdir('/proc/self/task')))"
    assert run(code, NEURON_WS_LIBRARY=str(foreign.LIBRARY)).stdout.strip() == "1"


def test_pip_installs_the_package_into_a_fresh_environment(tmp_path: Path) -> None:
    # Offline: hatchling, which builds the wheel, is the one that runs these tests; nothing is fetched.
    wheels = tmp_path / "wheels"
    source = tmp_path / "source"
    shutil.copytree(foreign.BINDING, source, ignore=shutil.ignore_patterns("__pycache__", "*.so*"))
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation", "-w"]
    subprocess.run([*build, wheels, source], check=True, timeout=120)
    wheel, = wheels.glob("neuron_ws-1.0.0-py3-none-any.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "--no-index", wheel], check=True, timeout=120)
    environment = {**os.environ, "NEURON_WS_LIBRARY": str(foreign.LIBRARY)}
    environment.pop("PYTHONPATH", None)
    command = [python, "-c", "import neuron_ws.aio; print(neuron_ws.__file__)"]
    result = subprocess.run(command, check=True, env=environment, cwd=tmp_path, capture_output=True, text=True)
    module = Path(result.stdout.strip())
    assert tmp_path / "venv" in module.parents and module.with_name("py.typed").is_file()


def test_the_package_is_typed() -> None:
    files = [foreign.BINDING / "neuron_ws", *sorted((foreign.BINDING / "examples").glob("*.py"))]
    result = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null", *files],
        capture_output=True, text=True, cwd=foreign.BINDING,
    )
    assert result.returncode == 0, result.stdout + result.stderr
