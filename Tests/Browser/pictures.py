# SPDX-License-Identifier: Apache-2.0
"""Makes the manual's pictures anew, in docs/images: the page of `demo --web` in a browser, `check` at a terminal.

    make pictures
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("Interop", "Tool")]

import devtools  # noqa: E402
import foreign  # noqa: E402
from screen import svg  # noqa: E402
from terminal import Terminal  # noqa: E402

FOLDER = Path(foreign.ROOT, "docs/images")
# Seconds of the plant's life before the picture: with the unplugged server in their midst.
BEFORE, BEHIND = 45, 40

# The browser's own choice of fonts differs from system to system.
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  %s
</fontconfig>
"""
ALIAS = '<match><test name="family"><string>%s</string></test><edit name="family" mode="prepend" binding="strong">' \
    "<string>%s</string></edit></match>"
CHOICES = {"system-ui": "Inter", "sans-serif": "Inter", "monospace": "JetBrains Mono"}


@contextmanager
def plant() -> Iterator[str]:
    """`demo --web`: the address of its page."""
    process = subprocess.Popen([foreign.TOOL, "demo", "--web"], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://\S+", line):
                yield match[0]
                break
    finally:
        process.terminate()
        process.wait()


def pages(folder: Path) -> None:
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS % "\n  ".join(ALIAS % choice for choice in CHOICES.items()))
    environment = {**os.environ, "FONTCONFIG_FILE": str(fonts), "XDG_CACHE_HOME": str(folder)}
    with plant() as address, devtools.chromium(environment) as browser:
        page = browser.page()
        page.resize(1200, 660)
        page.open(address)
        page.wait("document.querySelectorAll('#tree .tag').length > 5")
        page.pause(BEFORE)
        page.click("[data-unplug='5']")
        page.pause(BEHIND)
        page.evaluate(
            "[...document.querySelectorAll('#tree .tag .label')].find((one) => one.textContent === 'force').click()")
        page.picture(settled(page, "page.png"))
        page.prefer(prefers_color_scheme="dark")
        page.click("#tab-connections")
        page.picture(settled(page, "page-dark.png"))
        page.prefer(prefers_color_scheme="light")
        page.resize(360, 700, 2, True)
        page.click("#tab-tags")
        page.picture(settled(page, "page-phone.png"))
        assert page.complaints() == []


def settled(page: devtools.Page, name: str) -> Path:
    """What is drawn once a second has been drawn, and nothing is pointed at."""
    page.evaluate("document.activeElement.blur()")
    page.call("Input.dispatchMouseEvent", type="mouseMoved", x=1, y=1)
    page.pause(1.5)
    return FOLDER / name


def check(folder: Path) -> None:
    """`check` of a server with a certificate, as a terminal shows it."""
    server = subprocess.Popen(
        [foreign.TOOL, "serve", "--tls", "--port", "8443"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        told = ""
        while not (match := re.search(r"\S+/ca\.pem", told)) or "listening" not in told:
            told += server.stdout.readline()
        shutil.copy(match[0], folder / "plant-ca.pem")
        words = ["check", "wss://localhost:8443/data", "--ca", "plant-ca.pem"]
        before = Path.cwd()
        os.chdir(folder)
        with Terminal(*words, columns=100) as terminal:
            terminal.wait()
            shown = terminal.shown
        os.chdir(before)
    finally:
        server.terminate()
        server.wait()
    (FOLDER / "check.svg").write_text(svg("neuron-ws " + " ".join(words), shown, columns=100))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        check(Path(name))
        pages(Path(name))
    for picture in sorted(FOLDER.iterdir()):
        print(f"{picture.relative_to(foreign.ROOT)}  {picture.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
