#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages' bill of materials as SPDX JSON: spdx.py FOLDER > sbom.spdx.json

What lies in FOLDER, with its SHA-256, and what is linked in or needed beside: cmake/libraries and the Swift runtime.
Wheels are looked into: their files, and the libraries that lie in them, by the version that each says it has.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import zipfile
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                              (ROOT / "include/neuron_ws.h").read_text()))
OURS = "SPDXRef-neuron-ws"
# What auditwheel takes into a wheel: its name in cmake/libraries, its version in its bytes, its licence.
GRAFTED = {
    "libjansson": ("jansson", rb"(?<![\w.])(2\.\d+(?:\.\d+)?)\0", "MIT"),
    "libsqlite3": ("sqlite3", rb"(?<![\w.])(3\.\d+\.\d+)\0", "blessing"),
}
# What is in the Swift runtime, see NOTICE; and what the full one calls.
RUNTIME_PARTS = {"llvm-parts": "Apache-2.0 WITH LLVM-exception", "unicode-character-database": "Unicode-3.0"}
GCC_RUNTIME = ["libstdcxx", "libgcc"]


def needed() -> list[tuple[str, str]]:
    """The name and the least version of each library."""
    lines = [line.split() for line in (ROOT / "cmake/libraries").read_text().splitlines()]
    return [(words[0], words[1]) for words in lines if words and not words[0].startswith("#")]


def package(name: str, version: str, license: str) -> dict[str, object]:
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": license, "licenseDeclared": license,
            "copyrightText": "NOASSERTION"}


def file(number: str, name: str, content: bytes, license: str = "Apache-2.0") -> dict[str, object]:
    sums = {"SHA1": hashlib.sha1(content).hexdigest(), "SHA256": hashlib.sha256(content).hexdigest()}
    return {"SPDXID": f"SPDXRef-File-{number}", "fileName": f"./{name}",
            "checksums": [{"algorithm": kind, "checksumValue": sum} for kind, sum in sums.items()],
            "licenseConcluded": license, "copyrightText": "NOASSERTION"}


class Wheel:
    """A wheel as a package of its own, with its files and the libraries in it."""

    def __init__(self, path: Path, number: int) -> None:
        self.name = f"wheel-{number}"
        own = package(self.name, VERSION, "Apache-2.0")
        own.update(name="neuron_ws", packageFileName=f"./{path.name}")
        self.packages = [own]
        self.files: list[dict[str, object]] = []
        self.relations = [(OURS, "CONTAINS", f"SPDXRef-{self.name}")]
        with zipfile.ZipFile(path) as archive:
            names = [name for name in sorted(archive.namelist()) if not name.endswith("/")]
            for place, name in enumerate(names):
                self.add(f"{number}-{place}", f"{path.name}/{name}", archive.read(name))

    def add(self, number: str, name: str, content: bytes) -> None:
        license = "Apache-2.0"
        if ".libs/" in name:
            library, license = self.grafted(name, content)
            self.relations.append((library, "CONTAINS", f"SPDXRef-File-{number}"))
        else:
            self.relations.append((f"SPDXRef-{self.name}", "CONTAINS", f"SPDXRef-File-{number}"))
        self.files.append(file(number, name, content, license))

    def grafted(self, name: str, content: bytes) -> tuple[str, str]:
        stem = re.split(r"[-.]", name.rpartition("/")[2])[0]
        if stem not in GRAFTED:
            raise SystemExit(f"{name} holds a library that cmake/spdx.py does not know: say in GRAFTED what it is")
        library, pattern, license = GRAFTED[stem]
        found = re.search(pattern, content)
        if found is None:
            raise SystemExit(f"{name} does not say its version: expected {pattern!r} in it")
        made = package(f"{self.name}-{library}", found[1].decode(), license)
        made["name"] = library
        self.packages.append(made)
        self.relations.append((f"SPDXRef-{self.name}", "CONTAINS", str(made["SPDXID"])))
        return str(made["SPDXID"]), license


def analyze(packages: list[dict[str, object]], files: list[dict[str, object]],
            relations: list[tuple[str, str, str]]) -> str:
    """Gives each package that has files the code over them (SPDX 2.3 §7.9), and returns that over all."""
    sums = {str(file["SPDXID"]): file["checksums"][0]["checksumValue"] for file in files}  # type: ignore[index]

    def code(names: list[str]) -> str:
        return hashlib.sha1("".join(sorted(sums[name] for name in names)).encode()).hexdigest()

    for package in packages:
        own = [other for one, kind, other in relations
               if one == package["SPDXID"] and kind == "CONTAINS" and other in sums]
        if own:
            package.update(filesAnalyzed=True, packageVerificationCode={"packageVerificationCodeValue": code(own)})
    return code(list(sums))


def document(folder: Path) -> dict[str, object]:
    swift = subprocess.run(["swiftc", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"Swift version (\S+)", swift)
    packages = [package("neuron-ws", VERSION, "Apache-2.0"),
                package("swift-runtime", found[1] if found else "6.3", "Apache-2.0 WITH Swift-exception")]
    relations = [(f"{OURS}", "STATIC_LINK", "SPDXRef-swift-runtime")]
    for name, license in RUNTIME_PARTS.items():
        packages.append(package(name, "NOASSERTION", license))
        relations.append(("SPDXRef-swift-runtime", "CONTAINS", f"SPDXRef-{name}"))
    for name in GCC_RUNTIME:
        packages.append(package(name, "NOASSERTION", "GPL-3.0-or-later WITH GCC-exception-3.1"))
        relations.append((OURS, "DYNAMIC_LINK", f"SPDXRef-{name}"))
    for name, version in needed():
        packages.append(package(name, f">= {version}", "NOASSERTION"))
        relations.append((OURS, "DYNAMIC_LINK", f"SPDXRef-{name}"))
    files = []
    for number, path in enumerate(sorted(path for path in folder.iterdir() if path.is_file())):
        if path.name in ("SHA256SUMS", "sbom.spdx.json"):
            continue
        files.append(file(str(number), path.name, path.read_bytes()))
        relations.append((OURS, "CONTAINS", f"SPDXRef-File-{number}"))
        if path.suffix == ".whl":
            wheel = Wheel(path, number)
            packages += wheel.packages
            files += wheel.files
            relations += wheel.relations
    code = analyze(packages, files, relations)
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"neuron_ws-{VERSION}",
        "documentNamespace": f"https://neuron-ws.invalid/spdx/{VERSION}/{code}",
        "creationInfo": {"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: neuron_ws/cmake/spdx.py"]},
        "documentDescribes": [OURS], "packages": packages, "files": files,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in [("SPDXRef-DOCUMENT", "DESCRIBES", OURS), *relations]],
    }


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1])), sys.stdout, indent=1)
    print()
