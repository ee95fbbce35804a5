#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages' bill of materials as SPDX JSON: spdx.py FOLDER > sbom.spdx.json

What lies in FOLDER, with its SHA-256, and what is linked in or needed beside: cmake/libraries and the Swift runtime.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = ".".join(re.findall(r"#define NEURON_WS_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)",
                              (ROOT / "include/neuron_ws.h").read_text()))
OURS = "SPDXRef-neuron-ws"


def needed() -> list[tuple[str, str]]:
    """The name and the least version of each library."""
    lines = [line.split() for line in (ROOT / "cmake/libraries").read_text().splitlines()]
    return [(words[0], words[1]) for words in lines if words and not words[0].startswith("#")]


def package(name: str, version: str, license: str) -> dict[str, object]:
    return {"SPDXID": f"SPDXRef-{name}", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
            "filesAnalyzed": False, "licenseConcluded": license, "licenseDeclared": license,
            "copyrightText": "NOASSERTION"}


def document(folder: Path) -> dict[str, object]:
    swift = subprocess.run(["swiftc", "--version"], capture_output=True, text=True).stdout
    found = re.search(r"Swift version (\S+)", swift)
    packages = [package("neuron-ws", VERSION, "Apache-2.0"),
                package("swift-runtime", found[1] if found else "6.3", "Apache-2.0 WITH Swift-exception")]
    relations = [(f"{OURS}", "STATIC_LINK", "SPDXRef-swift-runtime")]
    for name, version in needed():
        packages.append(package(name, f">= {version}", "NOASSERTION"))
        relations.append((OURS, "DYNAMIC_LINK", f"SPDXRef-{name}"))
    files = []
    for number, path in enumerate(sorted(path for path in folder.iterdir() if path.is_file())):
        if path.name in ("SHA256SUMS", "sbom.spdx.json"):
            continue
        content = path.read_bytes()
        sums = {"SHA1": hashlib.sha1(content).hexdigest(), "SHA256": hashlib.sha256(content).hexdigest()}
        files.append({"SPDXID": f"SPDXRef-File-{number}", "fileName": f"./{path.name}",
                      "checksums": [{"algorithm": kind, "checksumValue": sum} for kind, sum in sums.items()],
                      "licenseConcluded": "Apache-2.0", "copyrightText": "NOASSERTION"})
        relations.append((OURS, "CONTAINS", f"SPDXRef-File-{number}"))
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", "0")), timezone.utc)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"neuron_ws-{VERSION}",
        "documentNamespace": f"https://neuron-ws.invalid/spdx/{VERSION}",
        "creationInfo": {"created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": ["Tool: neuron_ws/cmake/spdx.py"]},
        "documentDescribes": [OURS], "packages": packages, "files": files,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in [("SPDXRef-DOCUMENT", "DESCRIBES", OURS), *relations]],
    }


if __name__ == "__main__":
    json.dump(document(Path(sys.argv[1])), sys.stdout, indent=1)
    print()
