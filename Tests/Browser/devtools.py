# SPDX-License-Identifier: Apache-2.0
"""Debian's chromium without a window, driven over the DevTools protocol."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Optional

from websockets.sync.client import ClientConnection, connect

# How long anything may take on a machine that is busy with other things.
PATIENCE = 60.0
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""

Event = dict[str, Any]


class Page:
    """A tab. `events` holds all that the protocol told of it."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.events: list[Event] = []
        self._browser = browser
        self._session = session
        self._target = target
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> Any:
        return self._browser.call(method, self._session, **parameters)

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """What the expression is, as JSON has it; a promise is awaited."""
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            details = told["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return told["result"].get("value")

    def wait(self, expression: str, timeout: float = PATIENCE) -> Any:
        """Waits until the expression is true, and returns what it is then."""
        end = time.monotonic() + timeout
        while not (value := self.evaluate(expression)):
            assert time.monotonic() < end, f"not within {timeout} s: {expression}\n{self.evaluate(VISIBLE)}"
            time.sleep(0.02)
        return value

    def pause(self, seconds: float) -> None:
        """Lets time go by, and takes what is told meanwhile: the browser waits for nobody who does not listen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")

    def click(self, selector: str) -> None:
        """With the mouse, in the middle of what the selector finds."""
        place = self.wait(
            f"""(() => {{
                const found = document.querySelector({json.dumps(selector)});
                if (found === null || found.hidden) return null;
                found.scrollIntoView({{ block: "nearest" }});
                const box = found.getBoundingClientRect();
                return box.width === 0 ? null : [box.x + box.width / 2, box.y + box.height / 2];
            }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def press(self, *keys: str) -> None:
        for key in keys:
            text = {"Enter": "\r", "Space": " "}.get(key, key if len(key) == 1 else "")
            name = " " if key == "Space" else key
            codes = {"Tab": 9, "Enter": 13, "Escape": 27, "Space": 32, "PageUp": 33, "PageDown": 34, "End": 35,
                     "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
            code = codes.get(key, ord(key[0].upper()))
            self.call("Input.dispatchKeyEvent", type="keyDown", key=name, text=text, windowsVirtualKeyCode=code)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def type(self, selector: str, text: str) -> None:
        self.evaluate(f"document.querySelector({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)

    def resize(self, width: int, height: int, scale: float = 1, is_phone: bool = False) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=is_phone)

    def prefer(self, **features: str) -> None:
        """prefers_color_scheme="dark" and the like."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=named)

    def picture(self, file: Path) -> None:
        shot = self.call("Page.captureScreenshot", format=file.suffix[1:], optimizeForSpeed=False)
        file.write_bytes(base64.b64decode(shot["data"]))

    def told(self, method: str) -> list[Any]:
        """What the events of this name have said so far."""
        self.evaluate("0")
        return [event["params"] for event in self.events if event["method"] == method]

    def complaints(self) -> list[str]:
        """Errors and warnings of the console, exceptions, violations of the content security policy."""
        entries = [told["entry"] for told in self.told("Log.entryAdded")]
        wrong = [f"{one['level']}: {one['text']}" for one in entries if one["level"] in ("error", "warning")]
        for told in self.told("Runtime.exceptionThrown"):
            details = told["exceptionDetails"]
            wrong.append(details.get("exception", {}).get("description", details["text"]))
        for told in self.told("Runtime.consoleAPICalled"):
            wrong.append(f"console.{told['type']}: {told['args']}")
        return wrong

    def addresses(self) -> set[str]:
        """Where the page has sent anything to."""
        found = {told["request"]["url"] for told in self.told("Network.requestWillBeSent")}
        return found | {told["url"] for told in self.told("Network.webSocketCreated")}

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)


VISIBLE = "document.body.innerText.slice(0, 3000)"


class Browser:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._pages: dict[str, Page] = {}
        self._number = 0

    def page(self, setup: Optional[Callable[[Page], object]] = None) -> Page:
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        self._pages[session] = page
        if setup is not None:
            setup(page)
        return page

    def call(self, method: str, session: str = "", **parameters: object) -> Any:
        self._number += 1
        message: Event = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._socket.send(json.dumps(message))
        while True:
            told = json.loads(self._socket.recv(timeout=PATIENCE))
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]
            page = self._pages.get(told.get("sessionId", ""))
            if page is not None and told.get("method", "") not in ("", "Network.webSocketFrameReceived"):
                page.events.append(told)


@contextmanager
def chromium(environment: Optional[dict[str, str]] = None) -> Iterator[Browser]:
    """One browser with a profile of its own."""
    folder = tempfile.mkdtemp(prefix="neuron-ws-browser-")
    command = [
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
        "--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--no-proxy-server", "--force-color-profile=srgb",
        "about:blank",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            match = re.search(r"DevTools listening on (ws://\S+)", line)
            if match:
                break
        else:
            raise AssertionError(f"chromium does not start: {''.join(lines)}")
        # Nobody reads what else it says; it must not wait for that.
        reader = threading.Thread(target=lambda: all(True for _ in process.stderr or []), daemon=True)
        reader.start()
        with connect(match[1], max_size=None, compression=None, ping_interval=None) as socket:
            yield Browser(socket)
            process.terminate()
            process.wait(PATIENCE)
        reader.join(PATIENCE)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)

