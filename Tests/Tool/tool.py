# SPDX-License-Identifier: Apache-2.0
"""How the tests run the tool."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Optional

import foreign

TIMEOUT = 60


def run(*words: object, text: Optional[str] = None, **more: Any) -> subprocess.CompletedProcess[str]:
    """Runs the tool to its end, without colours, with `text` as its standard input."""
    return subprocess.run(
        [str(foreign.TOOL), *map(str, words)], input=text, capture_output=True, text=True, timeout=TIMEOUT, **more
    )


def start(*words: object, **more: Any) -> subprocess.Popen[str]:
    """Starts the tool with its output in a pipe."""
    return subprocess.Popen(
        [str(foreign.TOOL), *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def lines(*documents: Any) -> str:
    """JSON lines; a text stands for itself."""
    return "".join((d if isinstance(d, str) else json.dumps(d)) + "\n" for d in documents)


def settings(folder: Path, **members: Any) -> Path:
    """A settings file."""
    path = folder / "settings.json"
    path.write_text(json.dumps(members))
    return path


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, **changes}
