# SPDX-License-Identifier: Apache-2.0
"""What the page makes of messages: its own classes, asked in the browser without a server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import devtools
import foreign
import pytest

FOLDER = Path(foreign.ROOT / "Sources/neuron-ws/Page")
VECTORS = json.loads((foreign.ROOT / "Tests/Data/encode-vectors.json").read_text())


@pytest.fixture(scope="module")
def data(browser: devtools.Browser) -> Iterator[devtools.Page]:
    page = browser.page()
    for file in sorted(FOLDER.glob("Data/*.js")):
        page.call("Runtime.evaluate", expression=file.read_text())
    yield page
    assert page.complaints() == []
    page.close()


def asked(page: devtools.Page, expression: str, *values: object) -> Any:
    return page.evaluate(f"({expression})({', '.join(json.dumps(value) for value in values)})")


@pytest.mark.parametrize("text", [
    "18446744073709551615", "180.0", "-0.0", "1e400", "[1,2.50,\"a\\\"b\\\\\",null,true]", '{"__proto__":{"a":1}}',
    '{"a":[],"b":{}}', '"\\u0000\\ud83d\\ude00"',
])
def test_json_keeps_what_the_gateway_wrote(data: devtools.Page, text: str) -> None:
    told = asked(data, "(text) => compactJSON(JSONReader.read(text), 1000)", text)
    assert told == text or json.loads(told) == json.loads(text)
    if re.fullmatch(r"[-\d.e]+", text):
        assert told == text


@pytest.mark.parametrize("text", [
    "", " ", "{", "[1,]", "[1 2]", '{"a":1,}', "01", "1.", "nul", '"', '"\\"', "{1:2}", "[]]", "[" * 200 + "]" * 200,
])
def test_what_is_no_json_is_none(data: devtools.Page, text: str) -> None:
    assert asked(data, "(text) => JSONReader.read(text) === undefined", text)


@pytest.mark.parametrize("vector", VECTORS["vectors"] if isinstance(VECTORS, dict) else VECTORS,
                         ids=lambda vector: str(vector.get("name", ""))[:40])
def test_pretty_json_is_the_same_json(data: devtools.Page, vector: dict[str, Any]) -> None:
    text = vector.get("output") or vector.get("message") or json.dumps(vector)
    text = text if isinstance(text, str) else json.dumps(text)
    pretty = asked(data, "(text) => [...prettyJSON(text, 1e6)].map(([, piece]) => piece).join('')", text)
    assert re.sub(r"\s", "", pretty) == re.sub(r"\s", "", text)
    assert json.loads(pretty) == json.loads(text)


UNDERSTOOD = """(text) => messagesOf(text).map((message) => [message.format, message.device, message.group,
  message.readings.map((one) => [one.name, one.value === undefined ? null : compactJSON(one.value, 99), one.error,
    one.type, one.metas])])"""


@pytest.mark.parametrize(("message", "understood"), [
    ('{"node":"d","group":"g","timestamp":1,"values":{"a":1,"b":2.0},"errors":{"c":3002,"a":3008},'
     '"metas":{"a":{"q":1}}}',
     ["values-format", "d", "g", [["a", "1", 3008, "integer", "q 1"], ["b", "2.0", None, "float", ""],
                                  ["c", None, 3002, "", ""]]]),
    ('{"node":"d","group":"g","timestamp":1,"tags":[{"name":"a","value":"x","q":1},{"name":"b","error":2014}]}',
     ["tags-format", "d", "g", [["a", '"x"', None, "text", "q 1"], ["b", None, 2014, "", ""]]]),
    ('{"node":"d","group":"g","timestamp":1,"tags":[{"name":"a","value":1,"type":3},'
     '{"name":"b","value":true,"type":1}]}',
     ["ECP-format", "d", "g", [["a", "1", None, "float", ""], ["b", "true", None, "bool", ""]]]),
    ('{"node":"d","group":"g","timestamp":1,"tags":[{"name":"a","value":1,"type":"constructor"},'
     '{"name":"b","value":2,"type":"toString"}]}',
     ["tags-format", "d", "g", [["a", "1", None, "integer", ""], ["b", "2", None, "integer", ""]]]),
    ('{"version":"9.0","device":"d","path":["g"],"datastreams":[{"id":"a","feed":"f","datapoints":[{"at":1,"value":1},'
     '{"at":2,"value":2}]}],"errors":[{"id":"b","error":3002}]}',
     ["OpenGate", "d", None, [["a", "1", None, "integer", ""], ["a", "2", None, "integer", ""],
                              ["b", None, 3002, "", ""]]]),
    ('{"version":"9.0","datastreams":[{"id":"a","datapoints":[{"value":1}]}]}',
     ["OpenGate", "gateway", None, [["a", "1", None, "integer", ""]]]),
    ('{"uuid":"u","tags":[{"name":"a","value":21.2,"transferPrecision":1},{"name":"b","error":2014}]}',
     ["answer", None, None, [["a", "21.2", None, "float", ""], ["b", None, 2014, "", ""]]]),
    ('{"timestamp":1,"states":[{"node":"d","link":1,"running":3}]}', ["states", None, None, []]),
    ('{"at":1,"from":"d/g","v":{"a":1}}', ["custom", None, None, []]),
])
def test_messages_are_told_by_their_shape(data: devtools.Page, message: str, understood: list[object]) -> None:
    assert asked(data, UNDERSTOOD, message) == [understood]
    assert asked(data, UNDERSTOOD, f"[{message},1]") == [understood]


SEQUENCE = """(numbers) => {
  const sequence = new Sequence("s", 1);
  for (const number of numbers) sequence.take({ seq: number, isResent: false }, 1);
  return [sequence.missing, sequence.repeated, sequence.last];
}"""


@pytest.mark.parametrize(("numbers", "told"), [
    ([1, 2, 3], [0, 0, 3]), ([5, 6], [0, 0, 6]), ([1, 5], [3, 0, 5]), ([1, 5, 3, 3], [2, 1, 5]),
    ([1, 5, 2, 3, 4, 6], [0, 0, 6]), ([3, 3, 2], [0, 2, 3]), (list(range(0, 4000, 2)), [1999, 0, 3998]),
])
def test_what_is_missing_and_what_came_twice(data: devtools.Page, numbers: list[int], told: list[int]) -> None:
    assert asked(data, SEQUENCE, numbers) == told


def test_a_history_keeps_the_newest_points_one_a_second(data: devtools.Page) -> None:
    told = asked(data, """() => {
      const history = new History();
      for (let time = 0; time < 1000; time += 0.25) history.add(time * 1000, time);
      const times = [...Array(history.count).keys()].map((index) => history.time(index));
      return [history.count, times.every((time, index) => index === 0 || time > times[index - 1]),
        history.value(history.count - 1), history.range(990000), history.times.length];
    }""")
    assert told[0] == 240 and told[1] and told[2] == 999.75 and told[3][1] == 999.75 and told[4] == 240


def test_a_usual_interval_outlives_an_outage(data: devtools.Page) -> None:
    """A second each, then 30 s of nothing and a burst of what had queued: the usual is still about a second."""
    told = asked(data, """() => {
      const [steady, burst, unstamped] = [new Interval(), new Interval(), new Interval()];
      for (let at = 0; at < 60000; at += 1000) {
        steady.add(at, null);
        burst.add(at >= 20000 && at < 50000 ? 50000 + at / 1000 : at, at);
        unstamped.add(at >= 20000 && at < 50000 ? 50000 + at / 1000 : at, null);
      }
      return [steady.milliseconds, burst.milliseconds, unstamped.milliseconds,
        steady.isStale(61000), steady.isStale(63000), new Interval().isStale(1e9)];
    }""")
    assert told[0] == 1000 and told[1] == 1000 and 800 < told[2] < 2000
    assert told[3:] == [False, True, False]


def test_only_the_last_messages_keep_their_text(data: devtools.Page) -> None:
    told = asked(data, """() => {
      const records = new Records();
      const quiet = { record: null };
      const first = records.add({ connection: 1, at: 1, kind: "text", bytes: 5, text: "quiet" });
      [quiet.record, first.branch] = [first, quiet];
      const second = records.add({ connection: 1, at: 1, kind: "text", bytes: 5, text: "other" });
      for (let index = 0; index < 600; index += 1) {
        records.add({ connection: 1, at: 1, kind: "text", bytes: 100000, text: "x".repeat(100000) });
      }
      return [first.text, second.text, records.all.length, records.characters];
    }""")
    assert told[:2] == ["quiet", None] and told[2] < 50 and told[3] <= 4 << 20
