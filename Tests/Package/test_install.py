# SPDX-License-Identifier: Apache-2.0
"""`make install` as on a machine that is not ours, and who builds with what it put there: pkg-config, CMake.

No home folder, no network, no dpkg nor apt nor sudo on the PATH; blanks and umlauts in every path. What was built is
not built again: without `make build` these tests are skipped.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Install"))

from consumers import ADDED_LISTS, C_PROGRAM, CMAKE_LISTS, EXPECTED  # noqa: E402

PREFIX = "/opt/Geräte der Halle 1"
FORBIDDEN = re.compile(r"(dpkg|apt|sudo|debconf|pkexec)")
VERSION = ".".join(re.findall(
    r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", (ROOT / "include/neuron_ws.h").read_text()))


def machine(folder: Path) -> dict[str, str]:
    """The environment of a machine without Debian's tools and without a home."""
    programs = folder / "Programme"
    programs.mkdir()
    kept = [str(programs)]
    for place in os.environ["PATH"].split(os.pathsep):
        there = sorted(Path(place).iterdir()) if Path(place).is_dir() else []
        if not any(FORBIDDEN.match(file.name) for file in there):
            kept.append(place)
            continue
        for file in there:
            link = programs / file.name
            if not FORBIDDEN.match(file.name) and not link.is_symlink():
                link.symlink_to(file)
    same = {name: value for name, value in os.environ.items()
            if not re.match(r"MAKE|MFLAGS|PYTHONPATH|NEURON_WS|DESTDIR|PREFIX", name)}
    return {**same, "PATH": os.pathsep.join(kept), "HOME": "/nonexistent", "LC_ALL": "C.UTF-8",
            "SWIFT_BACKTRACE": "enable=no"}


def offline() -> list[str]:
    """What stands before a command that must not reach a network; nothing where this user may not forbid it."""
    for way in (["unshare", "-n"], ["unshare", "-rn"]):
        if subprocess.run([*way, "true"], capture_output=True).returncode == 0:
            return way
    return []


def run(command: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run([*offline(), "bash", "-ec", command], env=environment, cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1200)
    assert done.returncode == 0, done.stdout[-6000:]
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    if not (ROOT / ".build/release/libneuron_ws.so").is_file():
        pytest.skip("the library is not built: make build")
    return machine(tmp_path_factory.mktemp("Maschine"))


@pytest.fixture(scope="module")
def installed(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The prefix, in a root of its own."""
    root = tmp_path_factory.mktemp("Wurzel mit Lücke")
    run(f'make install PREFIX="{PREFIX}" DESTDIR="{root}"', environment, ROOT)
    yield root / PREFIX[1:]
    # 20 MB of libraries.
    shutil.rmtree(root)


def libraries(prefix: Path) -> Path:
    return next(prefix.glob("lib/**/libneuron_ws.so")).parent


def test_the_library_lies_under_its_version_with_its_links(installed: Path) -> None:
    folder = libraries(installed)
    real = folder / f"libneuron_ws.so.{VERSION}"
    assert real.is_file() and not real.is_symlink()
    for name in ("libneuron_ws.so.1", "libneuron_ws.so"):
        assert (folder / name).is_symlink() and (folder / name).resolve() == real.resolve()


@pytest.mark.parametrize("file", [
    "include/neuron_ws.h", "include/neuron_ws.hpp", "bin/neuron-ws", "share/man/man1/neuron-ws.1",
    "share/man/man3/neuron_ws.3", "share/man/man3/neuron_ws_node_push.3", "share/man/man5/neuron_ws_settings.5",
    "share/bash-completion/completions/neuron-ws", "lib/neuron-ws/plugin/2.15/libplugin-websocket.so",
    "lib/neuron-ws/plugin/websocket.json", "share/doc/neuron_ws/LICENSE", "share/doc/neuron_ws/NOTICE",
    "share/doc/neuron_ws/neuron_ws.supp", "share/doc/neuron_ws/docs/c-api.md",
])
def test_each_part_lies_where_it_belongs(file: str, installed: Path) -> None:
    assert (installed / file).stat().st_size > 0


def test_nothing_lies_outside_of_the_prefix(installed: Path) -> None:
    root = installed.parents[len(Path(PREFIX).parts) - 2]
    outside = [path for path in root.rglob("*") if not path.is_dir() and installed not in path.parents]
    assert outside == []


def test_no_installed_text_names_the_prefix_or_the_root(installed: Path) -> None:
    """A tree that is moved still works: what finds the library is relative to its own place."""
    for file in (*installed.rglob("*.pc"), *installed.rglob("*.cmake")):
        assert str(installed) not in file.read_text() and "Geräte" not in file.read_text(), file


def test_the_tool_runs_bound_at_once_and_is_stripped(installed: Path, environment: dict[str, str]) -> None:
    tool = installed / "bin/neuron-ws"
    assert run(f'"{tool}" version', environment, installed).startswith(f"neuron-ws {VERSION} ")
    assert re.search(r"\(FLAGS_1\).*NOW", run(f'readelf -dW "{tool}"', environment, installed))
    assert ".debug_info" not in run(f'readelf -SW "{tool}"', environment, installed)


def test_the_tool_finds_the_plugin_beside_itself(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    for name in ("plugins/schema", "config", "persistence"):
        (tmp_path / name).mkdir(parents=True)
    tool = installed / "bin/neuron-ws"
    run(f'"{tool}" plugin install --neuron "{tmp_path}" --version 2.15', environment, tmp_path)
    assert (tmp_path / "plugins/custom/libplugin-websocket.so").is_file()


def test_the_library_alone_makes_no_folder_for_manual_pages(
        installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    """Nor for anything else; and where manual pages are wanted, no folder of theirs has to be there before."""
    run(f'DESTDIR="{tmp_path}" cmake --install .build/cmake --component library', environment, ROOT)
    names = {path.name for path in tmp_path.rglob("*") if not path.is_dir()}
    assert names == {f"libneuron_ws.so.{VERSION}", "libneuron_ws.so.1"}


def test_a_program_by_pkg_config(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "program.c").write_text(C_PROGRAM)
    there = {**environment, "PKG_CONFIG_PATH": str(libraries(installed) / "pkgconfig")}
    out = run('test "$(pkg-config --modversion neuron_ws)" = ' + VERSION + "; "
              'eval "gcc -std=c99 -Wall -Werror program.c $(pkg-config --cflags --libs neuron_ws) -o program"; '
              f'LD_LIBRARY_PATH="{libraries(installed)}" ./program', there, tmp_path)
    assert f"{VERSION} {EXPECTED}" in out, out


def test_a_program_by_find_package(installed: Path, environment: dict[str, str], tmp_path: Path) -> None:
    source = tmp_path / "Anwendung für Öfen"
    source.mkdir()
    (source / "program.c").write_text(C_PROGRAM)
    (source / "CMakeLists.txt").write_text(CMAKE_LISTS)
    out = run(f'cmake -S . -B build "-DCMAKE_PREFIX_PATH={installed}" && cmake --build build && build/program',
              environment, source)
    assert f"{VERSION} {EXPECTED}" in out, out


def test_a_program_by_add_subdirectory(environment: dict[str, str], tmp_path: Path) -> None:
    """It gets the library and nothing else: neither tool nor plugin nor manual pages are built or installed."""
    source = tmp_path / "Anwendung für Öfen"
    source.mkdir()
    (source / "program.c").write_text(C_PROGRAM)
    (source / "CMakeLists.txt").write_text(ADDED_LISTS)
    out = run(f'cmake -S . -B build "-DNEURON_WS_TREE={ROOT}" "-DNEURON_WS_SCRATCH={ROOT}/.build" && '
              f'cmake --build build && build/program && DESTDIR="{tmp_path}/root" cmake --install build',
              environment, source)
    assert f"{VERSION} {EXPECTED}" in out, out
    assert not (tmp_path / "root/usr/local/bin").exists() and list((tmp_path / "root").rglob("neuron_ws.h"))


def test_the_plugin_builds_where_the_tree_s_own_path_has_blanks(environment: dict[str, str], tmp_path: Path) -> None:
    tree = tmp_path / "Tüte mit Lücke"
    for folder in ("bindings/neuron", "include"):
        shutil.copytree(ROOT / folder, tree / folder)
    run("cmake -S bindings/neuron -B out && cmake --build out", environment, tree)
    assert (tree / "out/libplugin-websocket.so").is_file()


# ---- for whom it is built already ----------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def without_swift(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As behind sudo, which has a PATH of its own."""
    kept = [place for place in environment["PATH"].split(os.pathsep) if not (Path(place) / "swift").exists()]
    if len(kept) == len(environment["PATH"].split(os.pathsep)):
        pytest.skip("swift is where all programs are")
    return {**environment, "PATH": os.pathsep.join(kept)}


def test_what_is_built_is_installed_without_the_compiler(without_swift: dict[str, str], tmp_path: Path) -> None:
    out = run(f'make install PREFIX=/usr DESTDIR="{tmp_path}"', without_swift, ROOT)
    assert "swift is not on PATH: " in out and "is taken as it was built" in out
    assert (tmp_path / "usr/bin/neuron-ws").is_file()
    [found] = tmp_path.rglob("neuron_ws.pc")
    # So that pkg-config knows the compiler's own folders, and leaves them out.
    there = {**without_swift, "PKG_CONFIG_PATH": str(found.parent)}
    assert run("pkg-config --cflags --libs neuron_ws", there, tmp_path).split() == ["-lneuron_ws"]


def test_without_the_compiler_nothing_old_is_installed(without_swift: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(["sh", ROOT / "cmake/swift-build.sh", tmp_path, "neuron_ws"], env=without_swift, text=True,
                          capture_output=True)
    assert done.returncode == 1
    assert "libneuron_ws.so is not there: the Swift 6.3 toolchain builds neuron_ws, and is not on PATH" in done.stderr
    (tmp_path / "release").mkdir()
    (tmp_path / "release/libneuron_ws.so").touch()
    os.utime(tmp_path / "release/libneuron_ws.so", (0, 0))
    done = subprocess.run(["sh", ROOT / "cmake/swift-build.sh", tmp_path, "neuron_ws"], env=without_swift, text=True,
                          capture_output=True)
    assert done.returncode == 1 and " is newer than " in done.stderr


def test_the_debug_symbols_are_installed_for_who_wants_them(environment: dict[str, str], tmp_path: Path) -> None:
    """And a debugger finds them beside what is stripped."""
    run(f'make install PREFIX="{PREFIX}" DESTDIR="{tmp_path}"', environment, ROOT)
    run(f'DESTDIR="{tmp_path}" cmake --install .build/cmake --component debug', environment, ROOT)
    found = {path.name: path for path in tmp_path.rglob("*.debug") if path.is_file()}
    assert {f"libneuron_ws.so.{VERSION}.debug", "neuron-ws.debug", "libplugin-websocket.so.debug"} <= found.keys()
    for name, symbols in found.items():
        assert symbols.parent.name == ".debug", symbols
        assert ".debug_info" in run(f'readelf -SW "{symbols}"', environment, tmp_path)
        stripped = symbols.parents[1] / name.removesuffix(".debug")
        # Behind the name stands a sum.
        link = f'readelf --string-dump=.gnu_debuglink "{stripped}" | tr -cd "[:print:]"'
        assert name in run(link, environment, tmp_path)
