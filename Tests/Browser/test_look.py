# SPDX-License-Identifier: Apache-2.0
"""What the page of `serve --web` is to eyes, hands and screen readers."""

from __future__ import annotations

from typing import Any

import devtools
import pytest
from conftest import Gateway, row

TABS = ("connections", "traffic", "inspect", "ask")


@pytest.fixture
def filled(page: devtools.Page, gateway: Gateway) -> devtools.Page:
    """The page with two devices, an error, an answer, and a tag in its details."""
    gateway.push("fast", {f"tag {number}": number for number in range(60)}, errors={"bad": 3002})
    gateway.push("slow", {"a": 1, "b": "a text of some length, which does not fit into its column"}, device="plc2")
    gateway.push("fast", {f"tag {number}": number for number in range(60)}, errors={"bad": 3002})
    row(page, "tag 1")
    page.evaluate("document.querySelector('#tree .tag .name').click()")
    page.wait("document.getElementById('facts').textContent !== ''")
    return page


WIDER = """[...document.querySelectorAll("body *")].filter((one) => {
  const box = one.getBoundingClientRect();
  return box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5) && one.closest(".away-text") === null;
}).map((one) => one.outerHTML.slice(0, 100))"""


@pytest.mark.parametrize("width", [360, 620, 900, 1280])
def test_nothing_is_wider_than_the_window(filled: devtools.Page, width: int) -> None:
    filled.resize(width, 640, 2, width < 600)
    for tab in (*TABS, *(["tags"] if width < 900 else [])):
        filled.click(f"#tab-{tab}")
        filled.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        assert filled.evaluate("document.documentElement.scrollWidth") <= width, tab
        assert filled.evaluate(WIDER) == [], tab


CONTRAST = """(() => {
  const style = getComputedStyle(document.documentElement);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (name) => {
    canvas.fillStyle = style.getPropertyValue("--" + name);
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const found = {};
  for (const ink of ["ink", "muted", "accent", "error", "warn", "good"]) {
    for (const ground of ["surface", "raised", "soft"]) found[`${ink} on ${ground}`] = ratio(light(ink), light(ground));
  }
  return { found, ground: light("surface") };
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_readable(filled: devtools.Page, scheme: str) -> None:
    filled.prefer(prefers_color_scheme=scheme)
    told = filled.evaluate(CONTRAST)
    assert (told["ground"] > 0.5) == (scheme == "light")
    # WCAG 2.2, 1.4.3: contrast of text.
    assert {pair: ratio for pair, ratio in told["found"].items() if ratio < 4.5} == {}
    # Canvases have their colours from the same sheet.
    filled.wait("palette.accent === getComputedStyle(document.documentElement).getPropertyValue('--accent').trim()")


def test_the_tree_is_walked_by_keyboard(filled: devtools.Page) -> None:
    filled.evaluate("document.activeElement.blur()")
    filled.press("/")
    assert filled.evaluate("document.activeElement.id") == "search"
    filled.press("Escape")
    assert filled.evaluate("document.activeElement.id") == "tree"

    def active() -> Any:
        filled.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
        return filled.evaluate(
            "document.getElementById(document.getElementById('tree').getAttribute('aria-activedescendant'))"
            "?.querySelector('.label').textContent")

    filled.press("Home")
    assert active() == "plc1"
    filled.press("ArrowDown", "ArrowDown")
    assert active() == "tag 0"
    filled.press("Enter")
    filled.wait("document.getElementById('inspected').textContent === 'plc1 / fast / tag 0'")
    filled.press("PageDown", "PageDown")
    assert active() not in ("tag 0", "fast")
    filled.press("End")
    assert active() == "b"
    filled.press("Home", "ArrowLeft")
    filled.wait("rowOf('fast') === null")
    filled.press("ArrowDown")
    assert active() == "plc2"
    filled.press("ArrowUp", "ArrowRight", "ArrowRight")
    assert active() == "fast"
    filled.press("ArrowLeft", "ArrowLeft")
    assert active() == "plc1"
    outline = "getComputedStyle(document.querySelector('#tree .active')).outlineStyle"
    assert filled.evaluate(outline) == "solid"


def test_every_stop_of_tab_can_be_seen(filled: devtools.Page) -> None:
    filled.evaluate("document.activeElement.blur()")
    stops: list[list[Any]] = []
    for _ in range(40):
        filled.press("Tab")
        told = filled.evaluate("""(() => {
            const one = document.activeElement;
            if (one === document.body) return null;
            const shown = one.matches(".choices input") ? one.nextElementSibling : one;
            const { outlineStyle, outlineWidth } = getComputedStyle(shown);
            return [one.id || one.name || one.textContent, outlineStyle, parseFloat(outlineWidth)];
        })()""")
        if stops and told and told[0] == stops[0][0]:
            break
        if told is not None:
            stops.append(told)
    names = [stop[0] for stop in stops]
    assert {"search", "tree", "open-all", "ask-tag", "raw"} <= set(names)
    assert [stop for stop in stops if stop[2] == 0 or stop[1] == "none"] == []
    # Tabs are one stop, and are walked by the arrows.
    filled.evaluate("document.getElementById('tab-inspect').focus()")
    filled.press("ArrowRight")
    assert filled.evaluate("document.activeElement.id") == "tab-ask"
    assert filled.evaluate("document.getElementById('ask').offsetHeight") > 0


CONTROLS = {"button", "textbox", "searchbox", "radio", "checkbox", "combobox", "tab", "tabpanel", "treegrid", "image",
            "Canvas", "img", "list", "row", "region", "navigation"}


def test_all_controls_have_names_for_a_screen_reader(filled: devtools.Page) -> None:
    filled.call("Accessibility.enable")
    seen = set()
    for tab in TABS:
        filled.click(f"#tab-{tab}")
        nodes = filled.call("Accessibility.getFullAXTree")["nodes"]
        nameless = []
        for node in nodes:
            role = node.get("role", {}).get("value")
            if node.get("ignored") or role not in CONTROLS:
                continue
            seen.add(role)
            properties = {one["name"] for one in node.get("properties", [])}
            if not node.get("name", {}).get("value") and (role != "list" or "focusable" in properties):
                nameless.append(node)
        assert nameless == [], tab
    assert {"button", "textbox", "searchbox", "radio", "checkbox", "combobox", "tab", "treegrid", "row"} <= seen
    rows = [node for node in nodes if node.get("role", {}).get("value") == "row"]
    assert any(value["name"] == "level" for node in rows for value in node["properties"])
    # Values are not read out as they come; what connections do is.
    live = filled.evaluate(
        "[...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((one) => one.id)")
    assert sorted(live) == ["announcements", "answers", "ask-error"]


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 200), (640, 300), (1280, 400)])
def test_a_low_window_has_room_for_the_views(filled: devtools.Page, width: int, height: int) -> None:
    """1280 x 1024 enlarged to 400 %, and a phone that lies: three rows of the tree, and a way to them."""
    filled.resize(width, height)
    if width < 900:
        filled.click("#tab-tags")
    filled.wait(
        f"document.getElementById('tree').clientHeight >= Math.min({height}, 300) / 4"
        " && document.getElementById('tree').clientHeight >= 2 * parseInt(getComputedStyle("
        "document.getElementById('tree')).getPropertyValue('--row'))")
    filled.evaluate("document.getElementById('tree').scrollIntoView({ block: 'end' })")
    bottom = filled.evaluate("document.getElementById('tree').getBoundingClientRect().bottom")
    assert bottom <= height + 1
    for tab in TABS:
        filled.click(f"#tab-{tab}")
        filled.wait(f"document.getElementById('{tab}').clientHeight >= 150")
        assert filled.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_long_number_leaves_the_streams_name_its_room(page: devtools.Page, gateway: Gateway) -> None:
    page.click("#tab-connections")
    for number in (1, 2**53 - 1):
        gateway.node.send(f'{{"seq":{number},"stream":"s"}}')
    page.wait("document.querySelector('#sequence-rows th') !== null")
    assert page.evaluate("document.querySelector('#sequences thead th').getBoundingClientRect().height") < 40


@pytest.mark.parametrize("width", [360, 900])
def test_long_numbers_stay_in_the_table(page: devtools.Page, gateway: Gateway, width: int) -> None:
    """Columns of sixteen digits each: last seq, missing, repeated."""
    page.resize(width, 800)
    page.click("#tab-connections")
    for number in (1, 2**53 - 2, 2**53 - 1):
        gateway.node.send(f'{{"seq":{number},"stream":"a stream of the plant"}}')
    page.wait("document.querySelector('#sequence-rows td') !== null")
    right = "getBoundingClientRect().right"
    assert page.evaluate(
        f"document.querySelector('#sequences table').{right} <= document.getElementById('sequences').{right} + 1")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
