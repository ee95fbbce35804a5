# SPDX-License-Identifier: Apache-2.0
"""Memory goes back to the system."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import foreign

SCRIPT = Path(__file__).resolve().parent / "backlog_memory.py"


def test_what_a_backlog_took_goes_back(authority: foreign.Authority) -> None:
    """50 wss nodes, 50 MB of backlog: a minute after it has drained they hold what they held before it."""
    words = [sys.executable, SCRIPT, "play", authority.ca, authority.cert, authority.key]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    megabytes = json.loads(done.stdout)
    assert megabytes["during"] > megabytes["before"] + 40, megabytes
    assert megabytes["after"] < megabytes["before"] + 5, megabytes
