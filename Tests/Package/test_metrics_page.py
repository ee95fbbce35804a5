# SPDX-License-Identifier: Apache-2.0
"""docs/metrics.md and the Grafana dashboard name the metrics that the library writes, each of them, and no others."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Interop"))

import foreign  # noqa: E402

foreign.use_binding()

import neuron_ws  # noqa: E402
from prometheus_client.openmetrics.parser import text_string_to_metric_families  # noqa: E402

PAGE = (ROOT / "docs/metrics.md").read_text()
DASHBOARD = ROOT / "docs/grafana/neuron_ws.json"


def samples() -> dict[str, tuple[str, str]]:
    """As scraped: each sample's name, with its bucket where it is one, with its kind and its unit."""
    found = {}
    with neuron_ws.Node("n", {"url": "ws://127.0.0.1:9/"}):
        for family in text_string_to_metric_families(neuron_ws.metrics_text()):
            for sample in family.samples:
                limit = sample.labels.get("le")
                if limit != "+Inf":  # the count, under another name
                    found[sample.name + (f'{{le="{limit}"}}' if limit else "")] = family.type, family.unit
    return found


def members() -> list[str]:
    with neuron_ws.Node("n", {"url": "ws://127.0.0.1:9/"}) as node:
        return [name for name in json.loads(node.metrics_text(neuron_ws.MetricsFormat.JSON)) if name != "node"]


def test_the_page_explains_each_number() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == list(samples())
    assert [row[1].strip("`") for row in rows] == members()
    for name, _, kind, meaning in rows:
        expected = [part for part in samples()[name.strip("`")] if part]
        assert kind.split(";")[0].split(", ") == expected, name
        assert len(meaning) > 20, name


def test_each_number_has_the_name_of_its_place_in_the_struct() -> None:
    """The texts take a number by its place: one table says its name."""
    struct = re.search(r"^typedef struct neuron_ws_metrics \{(.*?)^\} neuron_ws_metrics_t;",
                       (ROOT / "include/neuron_ws.h").read_text(), re.M | re.S)
    assert struct is not None
    assert re.findall(r"^ +uint64_t (\w+);", struct[1], re.M) == members()


def test_the_page_has_an_alarm_for_three() -> None:
    """The rules' metrics are those that the table marks."""
    rules = re.findall(r"^ +expr: (.*)$", PAGE, re.M)
    marked = re.findall(r"^\| `(\w+)`.*\*\*Alarm\*\*", PAGE, re.M)
    assert len(rules) == 3
    assert sorted(metrics_in(" ".join(rules))) == sorted(marked)


def metrics_in(query: str) -> set[str]:
    return set(re.findall(r"\bneuron_ws_\w+", query))


def queries(part: Any) -> Iterator[str]:
    """What the dashboard asks for, wherever it stands."""
    if isinstance(part, dict):
        for key, value in part.items():
            if isinstance(value, str) and (key == "expr" or (key == "query" and "neuron_ws" in value)):
                yield value
            else:
                yield from queries(value)
    elif isinstance(part, list):
        for value in part:
            yield from queries(value)


def test_each_query_of_the_dashboard_names_a_metric() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked: set[str] = set()
    kinds = {name.split("{")[0]: kind for name, (kind, _) in samples().items()}
    for query in queries(board):
        named = metrics_in(query)
        assert named and named <= set(kinds), query
        assert query.count("(") == query.count(")") and query.count("{") == query.count("}"), query
        # A counter is asked for how fast it grows, a gauge for how it is.
        for name in named:
            grows = re.search(rf"\b(rate|increase)\({name}\b", query) is not None
            assert grows == (kinds[name] in ("counter", "histogram")), query
        asked |= named
    assert set(kinds) - asked == set()


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    assert board["title"] and board["uid"] and "id" not in board
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert 0 <= place["x"] and place["x"] + place["w"] <= 24, panel["title"]
        squares = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                   for y in range(place["y"], place["y"] + place["h"])}
        assert not squares & taken, panel["title"]
        taken |= squares
        assert panel["datasource"]["uid"] == "${datasource}"
    assert {variable["name"] for variable in board["templating"]["list"]} == {"datasource", "node"}
