# SPDX-License-Identifier: Apache-2.0
"""What a release is made with: the ABI's description, the bill of materials, what is linked, the licence."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "cmake"))
LIBRARY = Path(os.environ.get("NEURON_WS_LIBRARY") or ROOT / ".build/release/libneuron_ws.so")
TOOL = Path(os.environ.get("NEURON_WS_TOOL") or ROOT / ".build/release/neuron-ws")


def run(*command: object, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)  # type: ignore


def libraries() -> list[list[str]]:
    lines = (ROOT / "cmake/libraries").read_text().splitlines()
    return [line.split() for line in lines if line and not line.startswith("#")]


def test_each_library_has_a_least_version_and_a_package_that_the_packages_name() -> None:
    control = (ROOT / "cmake/debian/control").read_text()
    for words in libraries():
        assert len(words) == 4 and re.fullmatch(r"[\d.]+", words[1]), words
        assert re.search(rf"\b{words[3]}\b", control), f"debian/control's Build-Depends lacks {words[3]}"


def test_what_swift_links_to_is_in_the_list_too() -> None:
    package = (ROOT / "Package.swift").read_text()
    assert sorted(re.findall(r'pkgConfig: "(\w+)"', package)) == sorted(words[0] for words in libraries())


def test_the_packages_symbols_are_the_headers_functions() -> None:
    """NEURON_WS_WRITE_SYMBOLS=1 adds those that are missing, as new in this version."""
    import abi

    place = ROOT / "cmake/debian/libneuron-ws1.symbols"
    head, *lines = re.split(r"^(?= \w)", place.read_text(), flags=re.M)
    listed = {line.split("@")[0].strip(): line for line in lines}
    header = abi.HEADER.read_text()
    declared = set(re.findall(r"\b(neuron_ws_\w+)\([^{}]*\{ __builtin_trap", abi.empty_functions()))
    if os.environ.get("NEURON_WS_WRITE_SYMBOLS"):
        version = ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", header))
        for name in declared - set(listed):
            listed[name] = f" {name}@NEURON_WS_1 {version}\n"
        place.write_text(head + "".join(listed[name] for name in sorted(listed)))
    assert set(listed) == declared


def test_what_is_missing_is_named_and_nothing_is_installed(tmp_path: Path) -> None:
    # A pkg-config that knows nothing, and none at all.
    for name in ("swift", "gcc"):
        (tmp_path / name).symlink_to("/bin/true")
    for name in ("sh", "awk", "dirname", "cat"):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    (tmp_path / "pkg-config").symlink_to("/bin/false")
    done = run("/bin/sh", ROOT / "cmake/check-tools.sh", env={"PATH": str(tmp_path)})
    assert done.returncode == 1 and all(words[3] in done.stderr for words in libraries()), done.stderr
    (tmp_path / "pkg-config").unlink()
    done = run("/bin/sh", ROOT / "cmake/check-tools.sh", env={"PATH": str(tmp_path)})
    assert done.returncode == 1 and "pkg-config" in done.stderr, done.stderr


def test_the_bill_of_materials_lists_each_file_and_each_library(tmp_path: Path) -> None:
    (tmp_path / "a.deb").write_bytes(b"a")
    done = run(sys.executable, ROOT / "cmake/spdx.py", tmp_path)
    bill = json.loads(done.stdout)
    assert bill["spdxVersion"] == "SPDX-2.3" and [file["fileName"] for file in bill["files"]] == ["./a.deb"]
    sums = {sum["algorithm"]: sum["checksumValue"] for sum in bill["files"][0]["checksums"]}
    assert sums["SHA256"] == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    names = {package["name"] for package in bill["packages"]}
    runtimes = {"swift-runtime", "llvm-parts", "unicode-character-database", "libstdcxx", "libgcc"}
    assert names == {"neuron-ws"} | runtimes | {words[0] for words in libraries()}
    # SPDX 2.3 §7.8: a package that is said to hold files says by a code which.
    analyzed = {package["name"]: package.get("packageVerificationCode") for package in bill["packages"]
                if package["filesAnalyzed"]}
    code = hashlib.sha1(sums["SHA1"].encode()).hexdigest()
    assert analyzed == {"neuron-ws": {"packageVerificationCodeValue": code}}
    known = {package["SPDXID"] for package in bill["packages"]} | {file["SPDXID"] for file in bill["files"]}
    assert all(relation["relatedSpdxElement"] in known for relation in bill["relationships"])


def wheel(folder: Path, **libraries: bytes) -> Path:
    place = folder / "neuron_ws-1.0.0-py3-none-manylinux_2_34_x86_64.whl"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("neuron_ws/", b"")
        archive.writestr("neuron_ws/__init__.py", b"a")
        for name, content in libraries.items():
            archive.writestr(f"neuron_ws.libs/{name}-0123abcd.so.4.14.0", content)
    return place


def test_the_bill_of_materials_lists_what_is_in_a_wheel(tmp_path: Path) -> None:
    wheel(tmp_path, libjansson=b"GLIBC_2.4\0\x7f2.14\0json_", libsqlite3=b"GLIBC_2.3.4\0003.40.1\0002022")
    bill = json.loads(run(sys.executable, ROOT / "cmake/spdx.py", tmp_path).stdout)
    inside = {package["name"]: package["versionInfo"] for package in bill["packages"] if "wheel" in package["SPDXID"]}
    assert inside == {"neuron_ws": "1.0.0", "jansson": "2.14", "sqlite3": "3.40.1"}
    files = {file["fileName"].rpartition("/")[2]: file for file in bill["files"]}
    assert len(files) == 4 and files["__init__.py"]["checksums"][1]["checksumValue"].startswith("ca978112ca1b")
    assert files["libjansson-0123abcd.so.4.14.0"]["licenseConcluded"] == "MIT"
    known = {thing["SPDXID"] for thing in bill["packages"] + bill["files"]}
    assert len(known) == len(bill["packages"] + bill["files"])
    assert all(relation["relatedSpdxElement"] in known for relation in bill["relationships"])


@pytest.mark.parametrize("libraries, told", [
    ({"libfoo": b""}, "libfoo-0123abcd.so.4.14.0 holds a library that cmake/spdx.py does not know"),
    ({"libjansson": b"2.14"}, "libjansson-0123abcd.so.4.14.0 does not say its version"),
])
def test_a_library_in_a_wheel_that_nobody_knows_makes_no_bill(
        libraries: dict[str, bytes], told: str, tmp_path: Path) -> None:
    wheel(tmp_path, **libraries)
    done = run(sys.executable, ROOT / "cmake/spdx.py", tmp_path)
    assert done.returncode == 1 and told in done.stderr, done.stderr


def test_a_release_holds_the_tree_and_each_file_that_was_built(tmp_path: Path) -> None:
    import spdx

    for name in ("cmake", "include"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    distribution = f"wheels/neuron_ws-{spdx.VERSION}.tar.gz"
    built = ["packages/a_amd64.deb", "packages-arm64/a_arm64.deb", "wheels/a.whl", distribution]
    for name in built:
        file = tmp_path / ".build" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.suffix == ".whl":
            wheel(file.parent).rename(file)
        else:
            file.write_text(name)
    git = ["git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e"]
    for words in (["init", "-q"], ["add", "cmake", "include"], ["commit", "-qm", "all"]):
        assert run(*git, *words).returncode == 0, words
    done = run("sh", tmp_path / "cmake/release.sh")
    assert done.returncode == 0, done.stderr
    listed = sorted(line.split()[1] for line in done.stdout.splitlines())
    assert listed == sorted(path.name for path in (tmp_path / "dist").iterdir() if path.name != "SHA256SUMS")
    for name in built:
        assert (tmp_path / "dist" / Path(name).name).read_bytes() == (tmp_path / ".build" / name).read_bytes()
    assert f"neuron_ws-{spdx.VERSION}-tree.tar.gz" in listed and "sbom.spdx.json" in listed


@pytest.mark.skipif(shutil.which("abidw") is None, reason="abigail-tools is not installed")
def test_a_changed_type_breaks_the_abi_and_a_longer_struct_end_does_not(tmp_path: Path, monkeypatch) -> None:
    import abi

    def described(change: tuple[str, str], name: str) -> Path:
        text = abi_header.read_text()
        assert change[0] in text
        header = tmp_path / "neuron_ws.h"
        header.write_text(text.replace(*change, 1))
        monkeypatch.setattr(abi, "HEADER", header)
        monkeypatch.setattr(sys, "argv", ["abi.py", str(tmp_path / name)])
        abi.main()
        return tmp_path / name

    abi_header = ROOT / "include/neuron_ws.h"
    monkeypatch.setattr(abi, "RELEASED", tmp_path / "none")
    released = described(("NEURON_WS_API", "NEURON_WS_API"), "released.abi")
    monkeypatch.setattr(abi, "RELEASED", released)
    monkeypatch.setattr(abi, "HEADER", abi_header)
    monkeypatch.setattr(sys, "argv", ["abi.py", str(tmp_path / "now.abi")])
    assert abi.main() == 0
    broken = described(("    float f32;", "    int64_t f32[4];"), "broken.abi")
    assert run("abidiff", released, broken).returncode & 4


@pytest.mark.skipif(shutil.which("abidw") is None, reason="abigail-tools is not installed")
def test_programs_of_the_last_release_run(tmp_path: Path) -> None:
    """What `make abi-dump` does: the library exports the header's functions, and none that was released has changed."""
    if not LIBRARY.is_file():
        pytest.skip("the library is not built: make build")
    done = run(sys.executable, ROOT / "cmake/abi.py", tmp_path / "now.abi", LIBRARY)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_licence_has_its_copyright_line_and_the_python_package_the_same() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence and re.search(r"^ +Copyright 20\d\d The neuron_ws authors$", licence, re.M)
    assert "[yyyy]" not in licence
    for name in ("LICENSE", "NOTICE"):
        assert (ROOT / "bindings/python" / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_the_notice_names_what_is_contained() -> None:
    notice = (ROOT / "NOTICE").read_text()
    assert "Swift runtime" in notice and "Runtime Library Exception" in notice
    # jansson lies in the wheels, and its licence asks for its whole text.
    assert "jansson:" in notice and "The above copyright notice and this permission notice shall be included" in notice


def test_no_manual_page_holds_a_comments_signs(tmp_path: Path) -> None:
    assert run(sys.executable, ROOT / "cmake/manual.py", tmp_path / "man", tmp_path / "completion").returncode == 0
    pages = sorted((tmp_path / "man").rglob("*.[135]"))
    assert len(pages) > 10
    # Between what stands in the C of a page, comments are comments.
    text = re.sub(r"^\.nf$.*?^\.fi$", "", (tmp_path / "man/man3/neuron_ws.3").read_text(), flags=re.M | re.S)
    assert "/*" not in text and "SPDX" not in text


def test_each_function_setting_and_command_has_its_place_in_the_manual(tmp_path: Path) -> None:
    if not TOOL.is_file():
        pytest.skip("the tool is not built: make build")
    made = run(sys.executable, ROOT / "cmake/manual.py", tmp_path / "man", tmp_path / "completion", TOOL)
    assert made.returncode == 0, made.stderr
    header = re.sub(r"/\*.*?\*/", "", (ROOT / "include/neuron_ws.h").read_text(), flags=re.S)
    for function in re.findall(r"NEURON_WS_API[^;]*?\b(neuron_ws_\w+)\(", header):
        # A page of its own, which leads to that of its group; there its comment stands under its name.
        group = (tmp_path / f"man/man3/{function}.3").read_text().split()[1]
        named = re.findall(r"^\.SS (.*)$", (tmp_path / "man" / group).read_text(), re.M)
        assert any(function in names.split(", ") for names in named), f"{group} does not tell of {function}"
    schema = json.loads(run(TOOL, "schema").stdout)
    settings = (tmp_path / "man/man5/neuron_ws_settings.5").read_text().replace("\\-", "-")
    missing = [key for key in schema if key != "tag_regex" and f"\n.B {key}\n" not in settings]
    assert missing == []
    commands = re.findall(r"^  (\w+)  +", run(TOOL, "--help").stdout, re.M)
    page = (tmp_path / "man/man1/neuron-ws.1").read_text()
    assert "cache" in commands and "selftest" in commands
    for command in commands:
        assert command == "help" or f"\n.SS {command}\n" in page, f"{command} is not in neuron-ws(1)"
        for name in ("neuron-ws", "_neuron-ws", "neuron-ws.fish"):
            assert re.search(rf"\b{command}\b", (tmp_path / "completion" / name).read_text()), f"{command}: {name}"
