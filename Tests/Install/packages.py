#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages as their users have them: installed in a fresh Debian root that has no Swift, used, and removed again.

packages.py [--keep] [--architecture arm64] [--root DIR]. As root; needs debootstrap, .build/packages (make deb) and
.build/wheels (make wheel). Another architecture's are in .build/packages-ARCH and run under qemu, which the kernel must
know (binfmt_misc). DIR is a root that debootstrap has made before. Prints a line for each step and ends with how many
passed; the exit status is 1 if one did not.
"""

from __future__ import annotations

import argparse
import fnmatch
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import gateway
import tutorials
from consumers import C_PROGRAM, CMAKE_LISTS, EXPECTED, PYTHON_PROGRAM
from system import System

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / ".build/packages"
WHEELS = ROOT / ".build/wheels"
OWN = subprocess.run(["dpkg", "--print-architecture"], check=True, capture_output=True, text=True).stdout.strip()
OURS = ["libneuron-ws1", "libneuron-ws-dev", "neuron-ws", "neuron-plugin-websocket", "python3-neuron-ws"]


def run_foreign_programs(architecture: str) -> None:
    """Has the kernel hand programs of another architecture to qemu."""
    name = {"arm64": "qemu-aarch64"}.get(architecture)
    place = Path("/proc/sys/fs/binfmt_misc")
    if architecture == OWN or name is None or (place / name).exists():
        return
    if not (place / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", place], check=False)
    subprocess.run(["update-binfmts", "--enable", name], check=False)
    if not (place / name).exists():
        raise SystemExit(f"the kernel does not run programs of {architecture}: {place}/{name} is missing; mount "
                         "binfmt_misc there, and install qemu-user-static and binfmt-support")


def bootstrap(folder: Path, architecture: str, made: Path | None) -> System:
    sites = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)", "Codename: bookworm"],
                           check=True, capture_output=True, text=True).stdout.split()
    site = next((site for site in sites if not site.endswith("-security")), None)
    if site is None:
        raise SystemExit("apt knows no mirror of Debian 12 (bookworm)")
    if made is None:
        made_now = subprocess.run(
            ["debootstrap", f"--arch={architecture}", "--variant=minbase", "bookworm", folder, site],
            capture_output=True, text=True)
        if made_now.returncode != 0:
            raise SystemExit(f"debootstrap for {architecture} failed:\n{(made_now.stdout + made_now.stderr)[-4000:]}")
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
    # As a release has it: whoever takes all of it gets what is not his, too.
    for file in [*PACKAGES.parent.glob("packages*/*.deb"), *WHEELS.glob("*.whl"), *WHEELS.glob("*.tar.gz")]:
        shutil.copy(file, target)
    system = System(folder, architecture)
    for package in system.packages(*OURS):
        if not list(folder.glob(package[1:])):
            raise SystemExit(f"{package} is missing in {PACKAGES.parent}: make deb ARCH={architecture}")
    system.run("apt-get update -q")
    return system


# ---- the steps -----------------------------------------------------------------------------------------------------

def library_alone(system: System) -> None:
    system.install(*system.packages("libneuron-ws1"))
    assert "libneuron_ws.so.1" in system.run("ldconfig -p")
    assert "not found" not in system.run("ldd /usr/lib/*/libneuron_ws.so.1"), "a library is missing"


def all_of_them(system: System) -> None:
    system.install(*system.packages(*OURS))
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
    system.put("/tmp/load.c", (ROOT / "Tests/Package/load.c").read_text())
    out = system.run("ls -l /usr/lib/*/libneuron_ws.so.1.* /usr/bin/neuron-ws; ldd /usr/lib/*/libneuron_ws.so.1; "
                     f"ls -l /packages/*_{system.architecture}.deb; gcc -std=c99 -o /tmp/load /tmp/load.c -ldl; "
                     "/tmp/load /usr/lib/*/libneuron_ws.so.1")
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
               "--no-index --find-links /packages neuron_ws'")
    out = system.run("su user -c 'cd / && /home/user/v/bin/python /tmp/program.py; "
                     "/home/user/v/bin/python -c \"from neuron_ws._library import library; print(library)\"'")
    assert EXPECTED in out and "/home/user/v/" in out, out
    tutorial(system, "python", "PATH=/home/user/v/bin:$PATH\n")
    system.run("userdel -r user")
    system.install(*system.packages("python3-neuron-ws"))


def manual_pages(system: System) -> None:
    # minbase leaves manual pages out of nothing: they are files.
    for page in ("man1/neuron-ws.1", "man3/neuron_ws.3", "man3/neuron_ws_node_push.3", "man3/neuron_ws_cache_list.3",
                 "man5/neuron_ws_settings.5"):
        assert system.run(f"ls /usr/share/man/{page}.gz").strip(), page
    commands = re.findall(r"^  (\w+)  +", system.run("neuron-ws --help"), re.M)
    page = system.run("zcat /usr/share/man/man1/neuron-ws.1.gz")
    completion = system.run("cat /usr/share/bash-completion/completions/neuron-ws")
    for command in commands:
        assert command == "help" or f"\n.SS {command}\n" in page, command
        assert re.search(rf"\b{command}\b", completion), command
    assert {"cache", "selftest"} <= set(commands), commands


def plugin_into_a_gateway(system: System) -> None:
    for version in ("2.12", "2.13", "2.14", "2.15"):
        system.run(f"test -s /usr/lib/neuron-ws/plugin/{version}/libplugin-websocket.so")
    out = system.run("neuron-ws plugin install --neuron /nonexistent; test $? = 1", check=False)
    assert "/nonexistent" in out, out


def tutorial(system: System, name: str, before: str = "") -> None:
    gateway.lay_out(system, "/opt/neuron")
    port = gateway.free_port()
    page = (tutorials.DOCS / f"tutorial-{name}.md").read_text()
    script, wanted = tutorials.session(page.replace(":8080", f":{port}").replace("--port 8080", f"--port {port}"))
    wanted = [text.replace("Neuron 2.15.1", f"Neuron {gateway.VERSION}") for text in wanted]
    system.run("rm -rf /tmp/tutorial")
    system.put("/tmp/tutorial/script", before + script)
    out = system.run("cd /tmp/tutorial && bash ./script < /dev/null")
    wrong = tutorials.differences(out, wanted)
    assert not wrong, "\n".join(wrong)
    system.run("rm -rf /tmp/tutorial /opt/neuron")


def tutorial_for_c(system: System) -> None:
    tutorial(system, "c")


def tutorial_for_python(system: System) -> None:
    tutorial(system, "python")


def tutorial_for_neuron(system: System) -> None:
    tutorial(system, "neuron")


def a_gateway_with_the_installed_plugin(system: System) -> None:
    with gateway.Running(system, "/usr/lib/neuron-ws/plugin/2.15/libplugin-websocket.so") as running:
        running.sends()


def installed_over_an_older_version_while_a_gateway_runs(system: System) -> None:
    """dpkg writes beside and renames: what is loaded stays as it was, and is the older one until the next start."""
    system.run("apt-get purge -y -q " + " ".join(OURS))
    names = ["libneuron-ws1", "neuron-plugin-websocket", "neuron-ws"]
    for name, package in zip(names, system.packages(*names)):
        system.run(f"""rm -rf /tmp/old && mkdir /tmp/old && cd /tmp/old && dpkg-deb -R {package} d
            sed -i 's/^Version:.*/Version: 0.9.0/; s/\\(libneuron-ws1 (>= \\)[^)]*/\\10.9.0/' d/DEBIAN/control
            find d -name 'lib*.so*' -type f -exec sh -c 'echo older >> "$0"' {{}} \\;
            dpkg-deb -Znone -b d /tmp/{name}_0.9.0.deb""")
    system.install(*(f"/tmp/{name}_0.9.0.deb" for name in names))
    with gateway.Running(system, "/usr/lib/neuron-ws/plugin/2.15/libplugin-websocket.so") as running:
        running.sends()
        system.install(*system.packages(*names))
        assert "0.9.0" not in system.run("dpkg-query -W -f '${Version} ' " + " ".join(names))
        running.sends()
    system.install(*system.packages(*OURS))


def removed_while_a_gateway_runs(system: System) -> None:
    with gateway.Running(system, "/usr/lib/neuron-ws/plugin/2.15/libplugin-websocket.so") as running:
        running.sends()
        # The server that it sends to is the tool's, which is loaded as well.
        system.run("apt-get purge -y -q " + " ".join(OURS))
        assert "No such file" in system.run("ls /usr/lib/neuron-ws/plugin", check=False)
        running.sends()
    system.install(*system.packages(*OURS))


def two_versions_side_by_side(system: System) -> None:
    """The next ABI's library has a name and a package of its own; programs of the first go on with theirs."""
    [package] = system.packages("libneuron-ws1")
    system.run(f"rm -rf /tmp/next && mkdir /tmp/next && dpkg-deb -R {package} /tmp/next/d")
    system.run("""cd /tmp/next
        sed -i 's/^Package:.*/Package: libneuron-ws2/; s/^Version:.*/Version: 2.0.0/' d/DEBIAN/control
        rm -f d/DEBIAN/symbols d/DEBIAN/shlibs d/DEBIAN/md5sums; cd d/usr/share; rm -rf lintian
        mv doc/libneuron-ws1 doc/libneuron-ws2; cd ../lib/*-linux-gnu; rm libneuron_ws.so.1
        mv libneuron_ws.so.1.* libneuron_ws.so.2.0.0; ln -s libneuron_ws.so.2.0.0 libneuron_ws.so.2
        LC_ALL=C sed -i 's/libneuron_ws[.]so[.]1\\x00/libneuron_ws.so.2\\x00/' libneuron_ws.so.2.0.0
        dpkg-deb -Znone -b /tmp/next/d /tmp/libneuron-ws2.deb""")
    system.install("/tmp/libneuron-ws2.deb")
    assert "libneuron_ws.so.1." in system.run("readlink -f /usr/lib/*/libneuron_ws.so.1")
    assert "libneuron_ws.so.2" in system.run("ls /usr/lib/*/")
    assert EXPECTED in system.run("/tmp/c/program")
    system.run("apt-get purge -y -q libneuron-ws2")
    assert EXPECTED in system.run("/tmp/c/program")


def a_machine_without_manual_pages(system: System) -> None:
    system.run("apt-get purge -y -q " + " ".join(OURS))
    system.put("/etc/dpkg/dpkg.cfg.d/no-manual", "path-exclude=/usr/share/man/*\n")
    system.run("mv /usr/share/man /usr/share/man.away")
    system.install(*system.packages(*OURS))
    assert system.run("neuron-ws version").startswith("neuron-ws 1.")
    assert "neuron" not in system.run("find /usr/share/man 2> /dev/null || true")
    system.run("rm -rf /usr/share/man /etc/dpkg/dpkg.cfg.d/no-manual; mv /usr/share/man.away /usr/share/man")
    system.run("apt-get purge -y -q " + " ".join(OURS))
    system.install(*system.packages(*OURS))


def without_openssl_the_wheel_says_what_to_install(system: System) -> None:
    system.run("apt-get purge -y -q " + " ".join(OURS))
    system.run("python3 -m venv /tmp/v && /tmp/v/bin/pip install -q --no-index --find-links /packages neuron_ws && "
               "dpkg --remove --force-depends libssl3")
    try:
        out = system.run("cd / && /tmp/v/bin/python /tmp/program.py", check=False)
        assert "LibraryNotFound" in out and "libssl3" in out and "OpenSSL 3" in out, out
    finally:
        system.install("libssl3")
    assert EXPECTED in system.run("cd / && /tmp/v/bin/python /tmp/program.py; rm -rf /tmp/v")
    system.install(*system.packages(*OURS))


def containers(system: System) -> None:
    """The Dockerfiles of docs/neuron.md, their steps done here, where the image would be."""
    system.run("apt-get purge -y -q " + " ".join(OURS))
    page = (ROOT / "docs/neuron.md").read_text()
    found = re.findall(r"```dockerfile\n(.*?)```", page, re.S)
    assert len(found) == 2
    there = gateway.context(system)
    for text in found:
        gateway.lay_out(system, "/opt/neuron")
        for line in re.sub(r"\\\n\s*", " ", text).splitlines():
            word, _, rest = line.partition(" ")
            if word == "COPY":
                *files, place = rest.split()
                assert place.endswith("/")
                system.run(f"mkdir -p {place}")
                for name in [name for pattern in files for name in fnmatch.filter(there, pattern)]:
                    shutil.copy(there[name], system.folder / place[1:] / name)
            elif word == "RUN":
                # The image's own lists are deleted by it; here they are needed on.
                system.run(rest.replace("rm -rf /var/lib/apt/lists/*", "true"))
        with gateway.Running(system, "/opt/neuron/plugins/custom/libplugin-websocket.so") as running:
            running.sends()
        system.run("rm -rf /opt/neuron")
    system.install(*system.packages(*OURS))


def removed_again(system: System, before: set[str]) -> None:
    system.run("apt-get purge -y -q " + " ".join(OURS))
    left = sorted(line for line in system.files() - before if "neuron" in line)
    assert not left, left


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keep", action="store_true", help="leave the root where it is")
    parser.add_argument("--architecture", default=OWN)
    parser.add_argument("--root", type=Path, help="a fresh root, made before")
    parser.add_argument("--only", action="append", help="a step by its name, may be repeated")
    options = parser.parse_args()
    run_foreign_programs(options.architecture)
    folder = Path(tempfile.mkdtemp(prefix="neuron_ws-root-"))
    folder.chmod(0o755)
    try:
        return run(folder, options)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, options: argparse.Namespace) -> int:
    start = time.monotonic()
    system = bootstrap(folder, options.architecture, options.root)
    print(f"{time.monotonic() - start:6.1f} s  a fresh root in {folder}", flush=True)
    before = system.files()

    def removed(system: System) -> None:
        removed_again(system, before)

    steps = [library_alone, all_of_them, tool, selftest, program_by_pkg_config, what_it_costs, program_by_cmake,
             python_from_the_package, tutorial_for_c, tutorial_for_python, tutorial_for_neuron, python_from_the_wheel,
             manual_pages, plugin_into_a_gateway, a_gateway_with_the_installed_plugin,
             installed_over_an_older_version_while_a_gateway_runs, removed_while_a_gateway_runs,
             two_versions_side_by_side, a_machine_without_manual_pages,
             without_openssl_the_wheel_says_what_to_install, containers, removed]
    chosen = [step for step in steps if not options.only or step.__name__ in [*options.only, "all_of_them"]]
    failed = 0
    for step in chosen:
        name = step.__name__.replace("_", " ")
        start = time.monotonic()
        try:
            step(system)
            print(f"{time.monotonic() - start:6.1f} s  {name}: passed", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"{time.monotonic() - start:6.1f} s  {name}: FAILED\n{error}", flush=True)
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
