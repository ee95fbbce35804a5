#!/usr/bin/env python3
"""The packages as their users have them: installed in a fresh Debian root that has no Swift, used, and removed again.

packages.py [--keep] [--architecture arm64] [--root DIR]. As root; needs debootstrap, .build/packages (make deb) and
.build/wheels (make wheel). Another architecture's are in .build/packages-ARCH and run under qemu, which the kernel must
know (binfmt_misc). DIR is a root that debootstrap has made before. Prints a line for each step and ends with how many
passed; the exit status is 1 if one did not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".build/packages"
WHEELS = ROOT / ".build/wheels"
OWN = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
OURS = ["libneuron-ws1", "libneuron-ws-dev", "neuron-ws", "neuron-plugin-websocket", "python3-neuron-ws"]

C_PROGRAM = r"""
#include <neuron_ws.h>
#include <stdio.h>
int main(void) {
    neuron_ws_tag_t tag = {.name = "t", .type = NEURON_WS_TYPE_DOUBLE, .value = {.d64 = 21.5}};
    neuron_ws_group_t group = {.size = sizeof group, .driver = "plc", .group = "g", .timestamp_ms = 1,
                               .tags = &tag, .tag_count = 1, .tag_size = sizeof tag};
    char text[256];
    size_t length = 0;
    if (neuron_ws_encode(NEURON_WS_FORMAT_VALUES, NULL, &group, text, sizeof text, &length) != NEURON_WS_OK) return 1;
    printf("%s %.*s\n", neuron_ws_version(), (int)length, text);
    return 0;
}
"""
EXPECTED = '{"node":"plc","group":"g","timestamp":1,"values":{"t":21.5},"errors":{},"metas":{}}'
CMAKE_LISTS = """
cmake_minimum_required(VERSION 3.16)
project(user C)
find_package(neuron_ws 1.0 REQUIRED)
add_executable(program program.c)
target_link_libraries(program neuron_ws::neuron_ws)
find_package(neuron_ws 2.0 QUIET)
if(neuron_ws_FOUND)
  message(FATAL_ERROR "version 2.0 was found")
endif()
"""
PYTHON_PROGRAM = """
import neuron_ws, neuron_ws.aio
print(neuron_ws.version(), neuron_ws.encode("values-format", "plc", "g", {"t": 21.5}, timestamp=1))
"""


class System:
    """A Debian root, entered with /proc and /dev of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str, check: bool = True) -> str:
        mounts = f"mount -t proc proc {self.folder}/proc && mount --rbind /dev {self.folder}/dev && "
        inside = f"exec chroot {self.folder} /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root " \
                 f"LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive /bin/sh -ec \"$COMMAND\""
        result = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", mounts + inside],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "COMMAND": command},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if check and result.returncode != 0:
            raise AssertionError(f"{command}\n{result.stdout[-3000:]}\nexit status {result.returncode}")
        return result.stdout

    def install(self, *names: str) -> str:
        return self.run("apt-get install -y -q --no-install-recommends " + " ".join(names))

    def files(self) -> set[str]:
        """All that packages put there; what apt and ldconfig keep for themselves is none of it."""
        out = self.run("find / -xdev \\( -path /proc -o -path /dev -o -path /tmp -o -path /root -o -path /packages"
                       " -o -path /var/lib/apt -o -path /var/cache -o -path /var/log -o -path /var/lib/dpkg"
                       " -o -path /etc/ld.so.cache \\) -prune -o -print")
        return set(out.splitlines())


def bootstrap(folder: Path, architecture: str, made: Path | None) -> System:
    sites = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)", "Codename: bookworm"],
                           check=True, capture_output=True, text=True).stdout.split()
    site = next((site for site in sites if not site.endswith("-security")), None)
    if site is None:
        raise SystemExit("apt knows no mirror of Debian 12 (bookworm)")
    if made is None:
        subprocess.run(["debootstrap", f"--arch={architecture}", "--variant=minbase", "bookworm", folder, site],
                       check=True, stdout=subprocess.DEVNULL)
    else:
        subprocess.run(["cp", "-a", f"{made}/.", folder], check=True)
    for name in ("sources.list", "sources.list.d"):
        place = Path("/etc/apt") / name
        if place.is_dir():
            shutil.copytree(place, folder / "etc/apt" / name, dirs_exist_ok=True)
        elif place.is_file():
            shutil.copy(place, folder / "etc/apt" / name)
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    target = folder / "packages"
    target.mkdir()
    own = PACKAGES if architecture == OWN else PACKAGES.with_name(f"{PACKAGES.name}-{architecture}")
    for package in [*own.glob("*.deb"), *PACKAGES.glob("*_all.deb")]:
        if "dbgsym" not in package.name:
            shutil.copy(package, target)
    # The wheel is this machine's.
    for wheel in WHEELS.glob("*") if architecture == OWN else []:
        if wheel.suffix in (".whl", ".gz"):
            shutil.copy(wheel, target)
    system = System(folder)
    system.run("apt-get update -q")
    return system


# ---- the steps -----------------------------------------------------------------------------------------------------

def library_alone(system: System) -> None:
    system.install("/packages/libneuron-ws1_*.deb")
    assert "libneuron_ws.so.1" in system.run("ldconfig -p")
    assert "not found" not in system.run("ldd /usr/lib/*/libneuron_ws.so.1"), "a library is missing"


def all_of_them(system: System) -> None:
    system.install(*(f"/packages/{name}_*.deb" for name in OURS))
    for name in OURS:
        assert "install ok installed" in system.run(f"dpkg-query -W -f '${{Status}}' {name}"), name
    assert system.run("command -v swift || true") == ""


def tool(system: System) -> None:
    assert system.run("neuron-ws version").startswith("neuron-ws 1."), "version"
    assert "Every message arrived, once and in order." in system.run("neuron-ws demo")


def selftest(system: System) -> None:
    out = system.run("neuron-ws selftest --rounds 20000 --threads 4")
    assert "All right." in out, out


def what_it_costs(system: System) -> None:
    """For the note: sizes, what is needed, and memory that loading adds."""
    out = system.run("ls -l /usr/lib/*/libneuron_ws.so.1.* /usr/bin/neuron-ws; ldd /usr/lib/*/libneuron_ws.so.1; "
                     "du -b /packages/*.deb")
    print(textwrap.indent(out, "           "), end="")


def program_by_pkg_config(system: System) -> None:
    system.install("gcc", "libc6-dev", "pkg-config")
    (system.folder / "tmp/c").mkdir()
    (system.folder / "tmp/c/program.c").write_text(C_PROGRAM)
    out = system.run(
        "cd /tmp/c && gcc -Wall -Werror program.c $(pkg-config --cflags --libs neuron_ws) -o program && ./program")
    assert EXPECTED in out, out


def program_by_cmake(system: System) -> None:
    system.install("cmake", "make")
    (system.folder / "tmp/c/CMakeLists.txt").write_text(CMAKE_LISTS)
    out = system.run("cd /tmp/c && cmake -S . -B build && cmake --build build && build/program")
    assert EXPECTED in out, out


def python_from_the_package(system: System) -> None:
    (system.folder / "tmp/program.py").write_text(PYTHON_PROGRAM)
    assert EXPECTED in system.run("cd / && /usr/bin/python3 /tmp/program.py")


def python_from_the_wheel(system: System) -> None:
    system.install("python3-venv")
    system.run("apt-get remove -y -q python3-neuron-ws")
    system.run("useradd -m user && su user -c 'python3 -m venv /home/user/v && /home/user/v/bin/pip install -q "
               "--no-index /packages/*.whl'")
    out = system.run("su user -c 'cd / && /home/user/v/bin/python /tmp/program.py; "
                     "/home/user/v/bin/python -c \"from neuron_ws._library import library; print(library)\"'")
    assert EXPECTED in out and "/home/user/v/" in out, out
    system.run("userdel -r user")
    system.install("/packages/python3-neuron-ws_*.deb")


def manual_pages(system: System) -> None:
    # minbase leaves manual pages out of nothing: they are files.
    for page in ("man1/neuron-ws.1", "man3/neuron_ws.3", "man3/neuron_ws_node_push.3", "man5/neuron_ws_settings.5"):
        assert system.run(f"ls /usr/share/man/{page}.gz").strip(), page


def plugin_into_a_gateway(system: System) -> None:
    for version in ("2.12", "2.13", "2.14", "2.15"):
        system.run(f"test -s /usr/lib/neuron-ws/plugin/{version}/libplugin-websocket.so")
    out = system.run("neuron-ws plugin install --neuron /nonexistent; test $? = 1", check=False)
    assert "/nonexistent" in out, out


def upgrade_under_a_running_program(system: System) -> None:
    """The files are replaced beside those that a program has loaded, which goes on."""
    out = system.run(
        "neuron-ws serve --port 0 --timeout 30 > /tmp/serve.log & sleep 2; "
        "apt-get install -y -q --reinstall /packages/libneuron-ws1_*.deb /packages/neuron-ws_*.deb > /dev/null; "
        "kill -0 $! && kill -INT $! && wait $!; echo ended with $?")
    assert "ended with 0" in out, out


def removed_again(system: System, before: set[str]) -> None:
    system.run("apt-get purge -y -q " + " ".join(OURS))
    left = sorted(line for line in system.files() - before if "neuron" in line)
    assert not left, left


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    parser.add_argument("--architecture", default=OWN)
    parser.add_argument("--root", type=Path, help="a fresh root, made before")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="neuron_ws-root-"))
    folder.chmod(0o755)
    start = time.monotonic()
    system = bootstrap(folder, options.architecture, options.root)
    print(f"{time.monotonic() - start:6.1f} s  a fresh root in {folder}", flush=True)
    before = system.files()

    def removed(system: System) -> None:
        removed_again(system, before)

    steps = [library_alone, all_of_them, what_it_costs, tool, program_by_pkg_config, program_by_cmake,
             python_from_the_package, python_from_the_wheel, manual_pages, plugin_into_a_gateway,
             upgrade_under_a_running_program, removed]
    if options.architecture != OWN:
        steps.remove(python_from_the_wheel)
        steps.insert(4, selftest)
    failed = 0
    for step in steps:
        name = step.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            step(system)
            print(f"{time.monotonic() - start:6.1f} s  {name}: passed", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"{time.monotonic() - start:6.1f} s  {name}: FAILED\n{error}", flush=True)
    if not options.keep:
        shutil.rmtree(folder)
    print(f"{len(steps) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
