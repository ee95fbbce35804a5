# SPDX-License-Identifier: Apache-2.0
"""The page of `serve --web` under load: 10,000 tags at 1 Hz, many messages, many names."""

from __future__ import annotations

import json
from typing import Any

import devtools
import pytest
from conftest import Gateway, Served, row
from websockets.sync.client import connect

DEVICES, GROUPS, TAGS = 10, 10, 100

FRAMES = """(async () => {
  const times = [];
  let slowest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) slowest = Math.max(slowest, entry.duration);
  });
  observer.observe({ type: "longtask" });
  const begin = performance.now();
  let before = begin;
  while (performance.now() - begin < 5000) {
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  observer.disconnect();
  times.sort((a, b) => a - b);
  const part = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { frames: times.length, middle: part(0.5), p95: part(0.95), p99: part(0.99), most: times.at(-1), slowest };
})()"""


def test_10_000_tags_at_1_hz_stay_smooth(
    page: devtools.Page, gateway: Gateway, record_property: Any, capsys: pytest.CaptureFixture[str],
) -> None:
    def push(turn: int) -> None:
        device, group = turn % DEVICES, turn // DEVICES % GROUPS
        values: dict[str, object] = {f"tag {tag}": turn * 0.25 + tag for tag in range(TAGS)}
        gateway.push(f"group {group}", values, device=f"device {device}")

    end = gateway.every(1 / (DEVICES * GROUPS), push)
    page.wait(f"document.getElementById('tag-count').textContent === '{DEVICES * GROUPS * TAGS:,}'")
    # Only what can be seen is there.
    assert page.evaluate("document.querySelectorAll('#tree [role=row]').length") < 60
    for what, scroll in (("at rest", "0"), ("scrolling", "40")):
        page.evaluate(f"""window.scrolling = setInterval(() => {{
            document.getElementById('tree').scrollTop += {scroll};
        }}, 16); 0""")
        told = page.evaluate(FRAMES)
        page.evaluate("clearInterval(window.scrolling)")
        with capsys.disabled():
            print(f"\n10,000 tags at 1 Hz, {what}: {told['frames'] / 5:.0f} frames/s, a frame takes "
                  f"{told['middle']:.1f} ms in the middle, {told['p95']:.1f} ms at 95 %, {told['p99']:.1f} ms at 99 %, "
                  f"{told['most']:.0f} ms at most; the longest task {told['slowest']:.0f} ms")
        record_property(f"frames_{what.replace(' ', '_')}", json.dumps(told))
        assert told["frames"] > 10
    # And it is still up to date: the rows in sight are fresh.
    page.wait("[...document.querySelectorAll('#tree .tag:not([hidden])')].every((one) => !one.matches('.stale'))")
    page.type("#search", "device 7")
    page.wait("[...document.querySelectorAll('#tree .device:not([hidden]) .label')]"
              ".map((one) => one.textContent).join() === 'device 7'")
    end()


def test_memory_is_bounded(page: devtools.Page, served: Served) -> None:
    """60 MB of messages, of which some 16 stay, although a tag, a group and a text of each do."""
    filler = "x" * 100_000
    with connect(served.url, compression=None) as socket:
        for number in range(600):
            values = {"n": number, "filler": filler, f"a tag of its own: {number}": f"a text of its own: {number}"}
            message = {"node": "d", "group": f"g{number % 200}", "values": values, "stream": f"a long name {number}"}
            socket.send(json.dumps({**message, "seq": number}))
            if number % 20 == 19:
                # The page has a queue at the server; nothing is to be left out of it here.
                page.wait(f"document.getElementById('tag-count').textContent.replace(',', '')"
                          f" === '{number + 1 + 2 * min(number + 1, 200)}'")
    page.call("HeapProfiler.collectGarbage")
    assert page.call("Runtime.getHeapUsage")["usedSize"] < 40_000_000
    page.click("#tab-traffic")
    page.wait("document.querySelectorAll('#traffic-list li').length > 20")
    assert page.evaluate("document.querySelectorAll('#traffic-list li').length") <= 120


def test_names_without_end_are_left_out_and_told(page: devtools.Page, served: Served) -> None:
    with connect(served.url, compression=None) as socket:
        for turn in range(60):
            values = {f"tag {turn} {tag}": tag for tag in range(1000)}
            socket.send(json.dumps({"node": "d", "group": f"g{turn}", "values": values}))
        page.wait("document.getElementById('left-out').textContent.includes('are not shown')")
    assert page.evaluate("document.querySelectorAll('#tree [role=row]').length") < 60
