# SPDX-License-Identifier: Apache-2.0
"""Inside a host that exports its own jansson and OpenSSL, the library uses its own ones, and none of the host's
data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Interop"))

import foreign  # noqa: E402

LIBRARIES = re.compile(r"lib(jansson|ssl|crypto)\.so")


def defined_functions(library: Path) -> set[str]:
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout
    return {name.split("@")[0] for _, kind, name in map(str.split, lines.splitlines()) if kind in "TWi"}


def undefined(library: Path) -> set[str]:
    lines = subprocess.run(["nm", "-D", "--undefined-only", library], check=True, capture_output=True, text=True).stdout
    return {line.split()[-1].split("@")[0] for line in lines.splitlines()}


def foreign_functions() -> list[str]:
    """Every function of jansson, libssl and libcrypto that the library or libssl itself refers to."""
    listed = subprocess.run(["ldd", foreign.LIBRARY], check=True, capture_output=True, text=True).stdout
    found = [Path(path) for path in re.findall(r"=> (\S+)", listed) if LIBRARIES.search(path)]
    assert len(found) == 3, listed
    offered = set().union(*map(defined_functions, found))
    asked = undefined(foreign.LIBRARY).union(*map(undefined, found))
    return sorted(offered & asked)


@pytest.fixture(scope="module", params=[["-fPIE", "-pie"], ["-fno-pie", "-no-pie"]], ids=["pie", "no-pie"])
def host(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("capture")
    names = foreign_functions()
    assert {"json_loadb", "SSL_new"} <= set(names) or any(name.startswith("SSL_") for name in names)
    assert any(name.startswith("json_") for name in names) and any(name.startswith("EVP_") for name in names)
    source = folder / "foreign.c"
    functions = "".join(f'long {name}(void) {{ return foreign_called("{name}"); }}\n' for name in names)
    source.write_text("long foreign_called(const char *name);\n" + functions)
    program = folder / "host"
    command = ["gcc", "-std=gnu99", "-g", f"-I{foreign.HEADER.parent}", "-rdynamic", *request.param, "-o", program]
    # Their prototypes are not those that gcc knows for some of the names; that is the point of them.
    subprocess.run([*command, "-fno-builtin", "-w", source, HERE / "host.c", "-ldl"], check=True)
    assert {"foreign_called", names[0], names[-1]} <= defined_functions(program)
    relocations = subprocess.run(["readelf", "-rW", program], check=True, capture_output=True, text=True).stdout
    assert re.search(r"_COPY .*environ@", relocations), relocations
    return program


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> foreign.Authority:
    return foreign.Authority(tmp_path_factory.mktemp("ca"))


def run(host: Path, authority: foreign.Authority, mode: str) -> tuple[subprocess.CompletedProcess[str], list[object]]:
    with foreign.Server(tls=authority.server_context()) as server:
        command = [host, foreign.LIBRARY, str(server.port), authority.ca, mode]
        result = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return result, list(server.messages)


@pytest.mark.parametrize("mode", ["deepbind", "bare"])
def test_none_of_the_hosts_functions_is_called(host: Path, authority: foreign.Authority, mode: str) -> None:
    result, messages = run(host, authority, mode)
    assert (result.returncode, result.stdout) == (0, "foreign 0\n"), result.stderr
    assert [json.loads(str(message))["values"] for message in messages] == [{"real": 2.5}]


def test_without_deepbind_they_are(host: Path, authority: foreign.Authority) -> None:
    # So the test above can fail: this host does take symbols from a library that does not guard itself.
    result, _ = run(host, authority, "plain")
    assert result.returncode not in (0, 1, 2), result.stdout + result.stderr


def test_data_of_the_host_is_not_asked_for() -> None:
    # Data that a program names lives in the program, and a library loaded with RTLD_DEEPBIND sees libc's own, as libc's
    # file has it. These four have a value there; environ has none.
    lines = subprocess.run(["readelf", "--dyn-syms", "-W", foreign.LIBRARY], check=True, capture_output=True, text=True)
    data = re.findall(r" OBJECT +\w+ +\w+ +UND ([^@\s]+)", lines.stdout)
    assert set(data) <= {"stdin", "stdout", "stderr", "__progname"}, data
