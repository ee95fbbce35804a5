# SPDX-License-Identifier: Apache-2.0
"""The walkthrough of docs/neuron.md, with the server that stands there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hosting import ROOT, Host, foreign

PAGE = (ROOT / "docs" / "neuron.md").read_text(encoding="utf-8")


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[tuple[int, list[str]]]:
    """The page's server on a port of its own, and the lines that it prints."""
    found = re.search(r"<!-- file: server.py -->\n```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None and len(found[1].strip().splitlines()) <= 12
    port = foreign.free_port()
    lines: list[str] = []
    script = tmp_path / "server.py"
    script.write_text(found[1].replace("8080", str(port)).replace("0.0.0.0", "127.0.0.1"))
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    output = process.stdout
    reader = threading.Thread(target=lambda: [lines.append(line) for line in output])
    reader.start()
    yield port, lines
    process.kill()
    process.wait()
    reader.join(10)


def test_the_file_absent_and_then_there(host: Host, shown: tuple[int, list[str]]) -> None:
    port, lines = shown
    host.do("create ws")
    assert host.number(f'setting {{"params":{{"format":0,"url":"ws://127.0.0.1:{port}","reconnect-max":0.5}}}}') == 0
    assert host.number("start") == 0 and host.number("linked") == 1
    host.do("subscribe file grp")
    host.do("error file grp tag0 1011")
    # What waits in a gateway's node is taken from the end.
    foreign.wait_until(lambda: len(lines) == 1)
    host.do("text file grp tag0 world")
    foreign.wait_until(lambda: len(lines) == 2)
    documented = re.findall(r'^ +(\{"node":"file".*\})$', PAGE, re.MULTILINE)
    assert len(documented) == 2
    assert [re.sub(r'"timestamp":\d+', "", line.strip()) for line in lines] == [
        re.sub(r'"timestamp":\d+', "", line) for line in documented
    ]
    assert all(json.loads(line)["timestamp"] > 1_600_000_000_000 for line in lines)
