# SPDX-License-Identifier: Apache-2.0
"""A browser, the tool's server with its page, and gateways that push to it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Interop"))

import devtools  # noqa: E402
import foreign  # noqa: E402

for needed in (foreign.TOOL, foreign.LIBRARY):
    if not needed.is_file():
        pytest.exit(f"{needed} is not there: build it first, or set NEURON_WS_TOOL, NEURON_WS_LIBRARY", returncode=2)
foreign.use_binding()

import neuron_ws  # noqa: E402


class Served:
    """`neuron-ws serve --web` on a port of its own."""

    def __init__(self, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [foreign.TOOL, "serve", "--web", "--json", "--port", str(port)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.page = str(told["page"])
        self.url = str(told["url"]) + "/"
        self.port = int(self.page.split(":")[-1].strip("/"))
        # Nobody reads the rest; the server must not wait for that.
        self._reader = threading.Thread(target=lambda: all(True for _ in self.process.stdout or []), daemon=True)
        self._reader.start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(devtools.PATIENCE)
        self._reader.join(devtools.PATIENCE)


class Gateway:
    """A node whose events are polled on a thread, so that it answers requests."""

    def __init__(self, url: str, *, answer: Optional[Callable[[Any], object]] = None, **settings: object) -> None:
        given = {"url": url, "reconnect-min": 0.1, "reconnect-max": 0.3, **settings}
        self.node = neuron_ws.Node("gateway", given, on_request=answer)
        self.node.subscribe("*", "*")
        self.node.start()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self._thread.start()
        self.wait(lambda: self.node.state.link)

    def _poll(self) -> None:
        while not self._ending.is_set():
            self.node.poll(timeout=0.05)

    def push(self, group: str, values: dict[str, object], device: str = "plc1", **more: Any) -> None:
        self.node.push(device, group, values, **more)

    def wait(self, condition: Callable[[], object]) -> None:
        foreign.wait_until(condition, devtools.PATIENCE)

    def every(self, seconds: float, push: Callable[[int], object]) -> Callable[[], None]:
        """Pushes again and again on a thread, until what is returned is called."""
        ending = threading.Event()

        def run() -> None:
            number = 0
            while not ending.wait(seconds if number else 0):
                push(number)
                number += 1

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def end() -> None:
            ending.set()
            thread.join(devtools.PATIENCE)

        return end

    def close(self) -> None:
        self._ending.set()
        self._thread.join(devtools.PATIENCE)
        self.node.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[devtools.Browser]:
    assert devtools.CHROMIUM, "chromium is not there: make test-dependencies installs it"
    with devtools.chromium() as running:
        yield running


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served()
    yield running
    running.stop()


@pytest.fixture
def gateway(served: Served) -> Iterator[Gateway]:
    running = Gateway(served.url)
    yield running
    running.close()


ROW = """
window.rowOf = (name) => {
  const nodes = [...document.querySelectorAll("#tree [role=row]:not([hidden])")];
  const node = nodes.find((one) => one.querySelector(".label").textContent === name);
  if (node === undefined) return null;
  const text = (part) => node.querySelector(part).textContent;
  return { look: node.className, value: text(".value"), type: text(".type"), age: text(".age"), note: text(".note"),
    colour: getComputedStyle(node.querySelector(".age")).color };
};
window.isEmpty = () => getComputedStyle(document.getElementById("welcome")).display !== "none";
"""


@pytest.fixture
def page(browser: devtools.Browser, served: Served) -> Iterator[devtools.Page]:
    """The page, open and live. At the end: it has complained of nothing, and talked to its own server alone."""
    tab = browser.page()
    tab.call("Page.addScriptToEvaluateOnNewDocument", source=ROW)
    tab.resize(1280, 800)
    tab.open(served.page)
    tab.wait("document.getElementById('status').textContent === 'Live'")
    yield tab
    assert tab.complaints() == []
    own = (served.page, f"ws://127.0.0.1:{served.port}/.neuron-ws/live?token=", "about:blank", "data:")
    assert [address for address in tab.addresses() if not address.startswith(own)] == []
    tab.close()


def row(page: devtools.Page, name: str, condition: str = "true") -> dict[str, Any]:
    """What the tree shows of a device, group or tag, once the condition over `row` holds."""
    found = page.wait(
        f"(() => {{ const row = rowOf({json.dumps(name)}); return row !== null && ({condition}) ? row : null; }})()")
    return dict(found)
