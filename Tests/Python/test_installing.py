# SPDX-License-Identifier: Apache-2.0
"""`pip install ./bindings/python` behind `make build`, wheels and the source distribution, as their users have them.

Offline: hatchling, which builds them, is the one that runs these tests; nothing is fetched.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import foreign
import pytest

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
OFFLINE = ["--no-index", "--no-build-isolation", "--no-deps"]
SAY = "import neuron_ws, neuron_ws._library as l; print(l.library._name); print(neuron_ws.version())"
NOBODY = 65534


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory(prefix="neuron_ws-pip-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def tree(place: Path) -> Path:
    """What of a source tree pip sees behind `make build`; nobody but its owner may write there."""
    tree = place / "Quellen für pip"
    ignored = shutil.ignore_patterns("__pycache__", "*.so*")
    shutil.copytree(foreign.BINDING, tree / "bindings/python", ignore=ignored)
    for file, target in ((foreign.HEADER, "include"), (foreign.LIBRARY.resolve(), ".build/release")):
        (tree / target).mkdir(parents=True)
        shutil.copy(file, tree / target / file.name)
    return tree


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" and "NEURON_WS" not in name}
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1", "PIP_NO_CACHE_DIR": "1", **more}


def run(command: list[object], folder: Path, **more: str) -> str:
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environment(**more), text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_pip_installs_the_tree_into_a_virtual_environment(tree: Path, tmp_path: Path) -> None:
    run([sys.executable, "-m", "venv", "--without-pip", "v"], tmp_path)
    python = tmp_path / "v/bin/python"
    run([*PIP, "--python", python, "install", *OFFLINE, "./bindings/python"], tree, PYTHONPATH=site_packages())
    loaded, version = run([python, "-c", SAY], tmp_path).splitlines()
    # Not the tree's: that may go.
    assert loaded.startswith(str(tmp_path / "v")) and version == told_version()
    run([*PIP, "--python", python, "uninstall", "-y", "neuron_ws"], tree)
    assert [path for path in (tmp_path / "v").rglob("*neuron*") if path.is_file()] == []


def site_packages() -> str:
    import hatchling

    return str(Path(hatchling.__file__).parents[1])


def told_version() -> str:
    return ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", foreign.HEADER.read_text()))


def test_pip_installs_the_tree_for_an_ordinary_user(tree: Path, place: Path) -> None:
    home = place / "home"
    home.mkdir()
    become: list[object] = []
    if os.geteuid() == 0:
        become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        os.chown(home, NOBODY, NOBODY)
    python = next((python for python in (sys.executable, "/usr/bin/python3") if subprocess.run(
        [*map(str, become), "sh", "-c", '"$0" -c ""', python], capture_output=True).returncode == 0), None)
    if python is None:
        pytest.skip("no Python is open to everybody")
    user = {"HOME": str(home), "TMPDIR": str(home), "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    before = sorted(tree.rglob("*"))
    run([*become, python, *PIP[1:], "install", *OFFLINE, "--target", home / "base", "./bindings/python"], tree,
        PYTHONPATH=site_packages(), **user)
    out = run([*become, python, "-c", SAY], home, PYTHONPATH=str(home / "base"), **user)
    assert out.splitlines()[0].startswith(str(home / "base")), out
    assert sorted(tree.rglob("*")) == before, "something was written into the tree"


@pytest.fixture(scope="module")
def wheel(tree: Path, place: Path) -> Path:
    run([*PIP, "wheel", *OFFLINE, "-w", place / "wheels", "./bindings/python"], tree)
    return next((place / "wheels").glob("*.whl"))


def test_a_wheel_carries_the_library_for_its_platform_and_the_licence(wheel: Path) -> None:
    machine = os.uname().machine
    assert wheel.name == f"neuron_ws-{told_version()}-py3-none-linux_{machine}.whl"
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
        assert {"neuron_ws/libneuron_ws.so.1", "neuron_ws/py.typed"} <= set(names)
        for name in ("LICENSE", "NOTICE"):
            packed, = (one for one in names if ".dist-info/" in one and one.endswith(f"/{name}"))
            assert file.read(packed) == (foreign.ROOT / name).read_bytes(), name
        metadata = file.read(next(name for name in names if name.endswith("/METADATA"))).decode()
        tags = file.read(next(name for name in names if name.endswith("/WHEEL"))).decode()
        assert file.getinfo("neuron_ws/libneuron_ws.so.1").file_size < 12 << 20, "its debug symbols are in it"
    assert f"Version: {told_version()}\n" in metadata and "Root-Is-Purelib: false" in tags


def test_a_source_distribution_uses_the_systems_library(tree: Path, place: Path) -> None:
    code = f"import hatchling.build as b; print(b.build_sdist({str(place)!r}))"
    name = run([sys.executable, "-c", code], tree / "bindings/python").split()[-1]
    folder = place / name.removesuffix(".tar.gz")
    with tarfile.open(place / name) as file:
        names = {member.name.partition("/")[2] for member in file}
        file.extractall(place, filter="data")
    assert {"LICENSE", "NOTICE", "README.md", "neuron_ws/py.typed", "hatch_build.py"} <= names
    assert not [name for name in names if ".so" in name]
    run([*PIP, "wheel", *OFFLINE, "-w", place / "pure", folder], place)
    assert [path.name for path in (place / "pure").iterdir()] == [f"neuron_ws-{told_version()}-py3-none-any.whl"]


@pytest.mark.parametrize("needs", ["libssl.so.3", "libjansson.so.4", "libsqlite3.so.0"])
def test_what_the_system_lacks_is_named_with_what_to_install(needs: str, tmp_path: Path) -> None:
    # A library that asks for a version that no system has stands for a system that has none.
    bytes_ = foreign.LIBRARY.read_bytes()
    absent = needs[:-1] + "Z"
    assert needs.encode() + b"\0" in bytes_
    shutil.copytree(foreign.BINDING / "neuron_ws", tmp_path / "neuron_ws", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "neuron_ws/libneuron_ws.so.1").write_bytes(
        bytes_.replace(needs.encode() + b"\0", absent.encode() + b"\0"))
    done = subprocess.run([sys.executable, "-c", "import neuron_ws"], cwd=tmp_path, env=environment(),
                          capture_output=True, text=True)
    what = {"libssl.so.3": "OpenSSL 3", "libjansson.so.4": "jansson", "libsqlite3.so.0": "SQLite"}[needs]
    assert done.returncode == 1 and "LibraryNotFound" in done.stderr
    assert f"it needs {absent}, which this system does not have: install {what}" in done.stderr, done.stderr


def test_an_openssl_or_glibc_that_is_too_old_is_named(tmp_path: Path) -> None:
    foreign.use_binding()
    from neuron_ws._library import _reason

    text = "/lib/libc.so.6: version `GLIBC_2.34' not found (required by neuron_ws/libneuron_ws.so.1)"
    assert _reason(OSError(text)).endswith("this system's glibc is older than 2.34, which it needs")
    text = "/lib/libssl.so.3: version `OPENSSL_3.0.0' not found (required by neuron_ws/libneuron_ws.so.1)"
    assert _reason(OSError(text)).endswith("this system's OpenSSL is older than 3.0.0, which it needs")
