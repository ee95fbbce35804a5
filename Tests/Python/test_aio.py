# SPDX-License-Identifier: Apache-2.0
"""neuron_ws.aio: the scenes on asyncio's loop and on uvloop's, and under each version of Python that is here."""

from __future__ import annotations

import importlib.util
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import foreign
import pytest
from neuron_ws import Dropped, Outcome
from scenes import __main__ as scenes
from scenes.harness import loop_factory

HERE = Path(__file__).parent
OLDEST = (3, 9)


@pytest.fixture(params=["asyncio", "uvloop"])
def loops(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "asyncio":
        yield
        return
    uvloop = pytest.importorskip("uvloop")
    loop_factory.append(uvloop.new_event_loop)
    yield
    loop_factory.pop()


@pytest.mark.parametrize("name", scenes.SCENES)
def test_scene(name: str, loops: None) -> None:
    scenes.run(name)


def pythons() -> dict[str, Path]:
    """The newest of each Python from 3.9 on that pyenv or the system has, but for the one that runs this."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    candidates = [*root.glob("versions/*/bin/python3"), *Path("/usr/bin").glob("python3.*")]
    found: dict[tuple[int, int], tuple[int, Path]] = {}
    for path in candidates:
        named = re.fullmatch(r"3\.(\d+)\.(\d+)", path.parents[1].name) or re.fullmatch(r"python3\.(\d+)()", path.name)
        if named is None:
            continue
        version, patch = (3, int(named[1])), int(named[2] or 0)
        if version >= OLDEST and version != sys.version_info[:2] and patch >= found.get(version, (0, path))[0]:
            found[version] = patch, path
    return {f"3.{minor}": path for (_, minor), (_, path) in sorted(found.items())}


@pytest.mark.parametrize("version", [f"3.{minor}" for minor in range(9, 14)])
def test_under_each_python(version: str) -> None:
    python = pythons().get(version)
    if python is None:
        pytest.skip("not here, or the one that runs these tests")
    environment = {**os.environ, "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "PYTHONPATH": str(foreign.BINDING)}
    command = [str(python), "-m", "scenes", "--few"]
    done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=1800)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.split() == list(scenes.SCENES)


def test_the_scenes_are_typed() -> None:
    """They are programs as users write them: what mypy says of them, it says of the package's types."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null", "scenes"]
    command += ["test_aio.py", "test_wording.py", "test_log_records.py"]
    command += [str(path) for path in sorted((HERE.parent / "Examples").glob("*.py"))]
    folders = [foreign.BINDING, HERE.parent / "Interop", HERE.parent / "Cache", foreign.ROOT / "examples/modbus_bridge"]
    environment = {**os.environ, "MYPYPATH": ":".join(map(str, folders))}
    result = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


def test_dropped_survives_pickling() -> None:
    for outcome in (Outcome.DROPPED_STOPPED, Outcome.DROPPED_REFUSED_BY_PEER, Outcome(99)):
        error = pickle.loads(pickle.dumps(Dropped(7, outcome)))
        assert (type(error), error.id, error.outcome) == (Dropped, 7, outcome)
        assert error.status_name == f"NEURON_WS_{outcome.name}"
        assert str(error).startswith("message 7 was not delivered: ")
    error = pickle.loads(pickle.dumps(Dropped(7, Outcome.DROPPED_REFUSED_BY_PEER, 1009, "too big")))
    assert (error.close_code, error.close_reason) == (1009, "too big")


def test_exit_without_closing_neither_hangs_nor_crashes() -> None:
    code = (
        "import asyncio, neuron_ws.aio\n"
        f"node = neuron_ws.aio.Node('n', {{'url': 'ws://127.0.0.1:{foreign.free_port()}/'}}, on_state=print)\n"
        "async def main():\n    node.start(); await node.put_message('x'); await asyncio.sleep(0.1)\n"
        "asyncio.run(main())\n"
    )
    environment = {**os.environ, "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "PYTHONPATH": str(foreign.BINDING)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def test_asyncio_is_not_loaded_by_those_who_do_not_use_it() -> None:
    code = "import sys, neuron_ws; assert 'asyncio' not in sys.modules"
    environment = {**os.environ, "NEURON_WS_LIBRARY": str(foreign.LIBRARY), "PYTHONPATH": str(foreign.BINDING)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
    assert importlib.util.find_spec("neuron_ws.aio") is not None
