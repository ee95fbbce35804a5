# SPDX-License-Identifier: Apache-2.0
"""The tutorials of docs/ as one shell session each: their files are written, their steps carried out, in order.

`<!-- file: NAME -->` before a fenced block: a file. `<!-- step -->`: commands. `<!-- output -->`: what the commands
since the last one print, but for numbers of ten digits or more, which are times.
"""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = sorted(DOCS.glob("tutorial-*.md"))
BLOCK = re.compile(r"^<!-- (step|output|file: [\w.-]+) -->\n```\w*\n(.*?)^```$", re.M | re.S)
MARK = "----- tutorial: output ends here -----"


def session(page: str) -> tuple[str, list[str]]:
    """A script for bash, and what it prints until each MARK. What it leaves running ends with it."""
    script, wanted = ["set -e", "trap 'kill $(jobs -p) 2> /dev/null' EXIT"], []
    for number, (kind, text) in enumerate(BLOCK.findall(page)):
        if kind == "step":
            script.append(text)
        elif kind == "output":
            script.append(f"echo '{MARK}'")
            wanted.append(text)
        else:
            script.append(f"cat > '{kind[6:]}' <<'END OF FILE {number}'\n{text}END OF FILE {number}")
    return "\n".join(script) + "\n", wanted


def differences(printed: str, wanted: list[str]) -> list[str]:
    """Of what a session printed from what its page shows; none: it is right."""
    parts = [part.lstrip("\n") for part in printed.split(MARK + "\n")]
    found = [timeless(part) for part in parts[:-1]]
    if len(found) != len(wanted):
        return [f"it ended behind output {len(found)} of {len(wanted)}:\n{printed[-2000:]}"]
    pairs = zip(found, map(timeless, wanted))
    return [f"output {number} is\n{one}instead of\n{other}"
            for number, (one, other) in enumerate(pairs) if one != other]


def timeless(text: str) -> str:
    return re.sub(r"\d{10,}", "#", text)
