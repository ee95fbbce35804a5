# SPDX-License-Identifier: Apache-2.0
"""Scenes in networks of their own: a program that plays one by name in namespaces, and prints what came of it."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

NAMESPACES = ["unshare", "--net", "--mount"]


@functools.cache
def missing() -> str:
    """What keeps these tests from running here; empty: nothing does."""
    for tool in ["unshare", "ip", "nft", "mount", "ss"]:
        if not shutil.which(tool):
            return f"{tool} is not installed (make test-dependencies)"
    probe = subprocess.run([*NAMESPACES, "ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        return f"networks of one's own are not permitted here (they need root): {probe.stderr.strip()}"
    return ""


def play(scenes: str, scene: str) -> Any:
    """What came of a scene. That its process ended well is part of it: look-ups may hang in it still."""
    if missing():
        pytest.skip(missing())
    program = Path(__file__).resolve().parent / scenes
    done = subprocess.run([*NAMESPACES, sys.executable, str(program), scene], capture_output=True, text=True,
                          timeout=200, env=os.environ)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
