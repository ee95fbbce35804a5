# SPDX-License-Identifier: Apache-2.0
"""Builds the host program and the plugin, plain and under sanitizers, and talks to a running host."""

from __future__ import annotations

import os
import platform
import queue
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Interop"))

import foreign  # noqa: E402

ROOT = foreign.ROOT
NEURON = ROOT / "bindings" / "neuron"
PLUGINS = Path(os.environ.get("NEURON_WS_PLUGINS") or ROOT / ".build" / "plugin")
VERSIONS = ("2.12", "2.13", "2.14", "2.15")
LIBRARIES = re.compile(r"lib(jansson|ssl|crypto)\.so")
# What the host itself has for plugins to find.
HOSTS_OWN = {"json_dumps", "json_loadb", "json_delete"}
FLAGS = [
    *foreign.compiler("gcc"), "-std=gnu11", "-D_GNU_SOURCE", "-g", "-O1", "-Wall", "-Wextra", "-Werror",
    f"-I{NEURON}/include",
]


def plugin_path(version: str) -> Path:
    return PLUGINS / version / "libplugin-websocket.so"


def names(library: Path, *options: str) -> set[str]:
    lines = subprocess.run(["nm", "-D", *options, library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def loaded(library: Path) -> list[Path]:
    """Where the libraries are that this one loads."""
    if not foreign.TRIPLET:
        listed = subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout
        return [Path(path) for path in re.findall(r"=> (\S+)", listed)]
    dynamic = subprocess.run(["readelf", "-dW", library], check=True, capture_output=True, text=True).stdout
    folders = [Path(foreign.SYSROOT) / part / foreign.TRIPLET for part in ("usr/lib", "lib")]
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    return [folder / name for name in needed for folder in folders if (folder / name).exists()]


def foreign_source(folder: Path) -> Path:
    """Functions named like all of jansson's and OpenSSL's that the library, or OpenSSL itself, refers to."""
    listed = loaded(foreign.LIBRARY)
    found = [path for path in listed if LIBRARIES.search(str(path))]
    assert len(found) == 3, listed
    offered = set().union(*(names(path, "--defined-only") for path in found))
    asked = names(foreign.LIBRARY, "--undefined-only").union(*(names(path, "--undefined-only") for path in found))
    wanted = sorted(name for name in (offered & asked) - HOSTS_OWN if re.fullmatch(r"[A-Za-z]\w*", name))
    assert any(name.startswith("SSL_") for name in wanted) and any(name.startswith("json_") for name in wanted)
    source = folder / "foreign.c"
    functions = "".join(f'long {name}(void) {{ return foreign_called("{name}"); }}\n' for name in wanted)
    source.write_text("long foreign_called(const char *name);\n" + functions)
    return source


def build_host(folder: Path, version: str) -> Path:
    """The host with jansson's and OpenSSL's names exported in front, beside the plugin as it is shipped."""
    extra, program = folder / "foreign.o", folder / "host"
    subprocess.run([FLAGS[0], "-fno-builtin", "-w", "-c", foreign_source(folder), "-o", extra], check=True)
    minor = f"-DNEURON_VERSION_MINOR={version.split('.')[1]}"
    command = [*FLAGS, minor, "-rdynamic", "-o", program, *sorted(HERE.glob("*.c")), extra, "-ldl", "-lpthread"]
    subprocess.run(command, check=True)
    shutil.copy(plugin_path(version), folder)
    shutil.copy(foreign.LIBRARY, folder / "libneuron_ws.so.1")
    return program


def runtime_folder(clang: Path) -> Path:
    """Where the sanitizers' shared runtimes are."""
    asked = [clang, f"-print-file-name=libclang_rt.asan-{platform.machine()}.so"]
    return Path(subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()).resolve().parent


def build_sanitized(folder: Path, sanitizer: str) -> Path:
    """The host, the plugin and the library with a sanitizer, `address` or `thread`; the compiler is Swift's own clang,
    because all must share one runtime. They share jansson too: nothing can keep them apart then."""
    clang = Path(shutil.which("swiftc") or "swiftc").resolve().parent / "clang"
    scratch = ROOT / ".build" / {"address": "asan", "thread": "tsan"}[sanitizer]
    swift = ["swift", "build", f"--sanitize={sanitizer}", "--scratch-path", scratch, "--product", "neuron_ws"]
    subprocess.run(swift, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
    program = folder / "host"
    kinds = "address,undefined" if sanitizer == "address" else sanitizer
    runtime = [f"-fsanitize={kinds}", "-shared-libsan", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
    flags = [clang, *FLAGS[1:], "-DNEURON_VERSION_MINOR=15", *runtime]
    host = [*flags, "-DHOST_HAS_SYSTEM_JANSSON", "-rdynamic", "-o", program, *sorted(HERE.glob("*.c"))]
    # The runtimes of Swift's clang look for libdispatch.
    dispatch = clang.parents[1] / "lib" / "swift" / "linux"
    links = [f"-Wl,-rpath,{runtime_folder(clang)}:{dispatch}", "-Wl,--no-as-needed", f"-L{dispatch}", "-ldispatch"]
    subprocess.run([*host, "-ldl", "-lpthread", "-ljansson", *links], check=True)
    plugin = [*flags, f"-I{NEURON}/src", f"-I{ROOT}/include", "-fPIC", "-fvisibility=hidden", "-shared"]
    links = ["-Wl,-z,nodelete", f"-Wl,--version-script={NEURON}/websocket.map"]
    output = ["-o", folder / "libplugin-websocket.so"]
    subprocess.run([*plugin, *sorted((NEURON / "src").glob("*.c")), *links, *output], check=True)
    shutil.copy(scratch / "debug" / "libneuron_ws.so", folder / "libneuron_ws.so.1")
    return program


class Host:
    """A running host program; `do` gives it a command and returns its answer."""

    def __init__(
        self, program: Path, plugin: Optional[Path] = None, *, under: list[str] = [], environment: dict[str, str] = {}
    ) -> None:
        plugin = plugin or program.parent / "libplugin-websocket.so"
        self.lines: list[str] = []
        self._answers: queue.Queue[str] = queue.Queue()
        self._process = subprocess.Popen(
            [*under, *foreign.emulator(), program, plugin], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
        )
        self.errors = ""
        self._readers = [threading.Thread(target=read) for read in (self._read, self._read_errors)]
        for reader in self._readers:
            reader.start()

    def do(self, command: str, timeout: float = 60) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer = self._answers.get(timeout=timeout)
        assert answer.startswith("= "), f"{command}: {answer}{self.errors}"
        return answer[2:]

    def number(self, command: str) -> int:
        return int(self.do(command))

    def end(self, timeout: float = 60) -> int:
        """Lets it delete its node and exit; the exit status."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            status = self._process.wait(timeout)
        finally:
            self._process.kill()
        for reader in self._readers:
            reader.join(10)
        return status

    def __enter__(self) -> Host:
        return self

    def __exit__(self, *_: object) -> None:
        status = self.end()
        assert status == 0, f"exit status {status}\n{self.errors}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            line = line.rstrip("\n")
            if line.startswith("="):
                self._answers.put(line if line != "=" else "= ")
            else:
                self.lines.append(line)
        self._answers.put("the host has ended\n")

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.errors += line
