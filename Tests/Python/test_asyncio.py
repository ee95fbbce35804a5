# SPDX-License-Identifier: Apache-2.0
"""The programs of asyncio that users read first, the example and the one of docs/python.md, with many messages."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import foreign

EXAMPLE = foreign.BINDING / "examples" / "asyncio_example.py"
PAGE = foreign.HEADER.parents[1] / "docs" / "python.md"
# More than events wait, NEURON_WS_EVENTS_MAX.
MANY = 100_000


def run(command: list[object], timeout: float) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(foreign.BINDING)}
    words = [sys.executable, "-W", "error", *map(str, command)]
    return subprocess.run(words, env=environment, capture_output=True, text=True, timeout=timeout)


def test_the_example_awaits_more_outcomes_than_events_wait() -> None:
    with foreign.Server(keep=False) as server:
        result = run([EXAMPLE, server.url, MANY], 300)
    assert (result.stdout, result.stderr) == (f"{MANY} delivered, each written\n", "")


def test_the_program_of_the_manual_awaits_more_outcomes_than_events_wait(tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)
    (program,) = [block for block in blocks if "asyncio.gather" in block]
    path = tmp_path / "program.py"
    with foreign.Server(keep=False) as server:
        path.write_text(program.replace("127.0.0.1:8080", f"127.0.0.1:{server.port}").replace("10))", f"{MANY}))"))
        result = run([path], 300)
    assert (result.stdout, result.stderr) == (f"{MANY} {{'DELIVERED'}}\n", "")
