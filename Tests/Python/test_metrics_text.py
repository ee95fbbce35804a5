# SPDX-License-Identifier: Apache-2.0
"""The metrics of all nodes of a process, as a scraper reads them."""

from __future__ import annotations

import json
import os
import threading

import pytest
from neuron_ws import InvalidArgument, MetricsFormat, Node, metrics_text
from prometheus_client.openmetrics.parser import text_string_to_metric_families

OPENMETRICS, JSON = MetricsFormat.OPENMETRICS, MetricsFormat.JSON
SETTINGS = {"url": "ws://127.0.0.1:9/"}
NAME = 'line "1"\\ü'


def labels(text: str) -> list[dict[str, str]]:
    """Of the link's samples, when the whole text is well formed and has each family and each set of labels once."""
    families = list(text_string_to_metric_families(text))
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1
    assert text.count("# TYPE ") == len(families) == len({family.name for family in families})
    for family in families:
        sets = [(sample.name, *sorted(sample.labels.items())) for sample in family.samples]
        assert len(sets) == len(set(sets))
    return [sample.labels for family in families if family.name == "neuron_ws_link" for sample in family.samples]


def test_each_node_is_in_it_while_it_lives() -> None:
    assert labels(metrics_text(OPENMETRICS)) == []
    with Node("a", SETTINGS), Node(NAME, SETTINGS), Node("a", SETTINGS):
        expected = [{"node": "a"}, {"node": NAME}, {"node": "a", "number": "2"}]
        assert labels(metrics_text(OPENMETRICS)) == expected
        found = json.loads(metrics_text(JSON))
        assert [{key: node[key] for key in ("node", "number") if key in node} for node in found] == expected
        assert all(node["messages_accepted"] == 0 for node in found)
    assert labels(metrics_text(OPENMETRICS)) == []
    assert json.loads(metrics_text(JSON)) == []


def test_a_format_that_is_none() -> None:
    with pytest.raises(InvalidArgument, match="`format` is 7; expected 0 or 1"):
        metrics_text(MetricsFormat(7))


def test_while_nodes_come_and_go() -> None:
    ends = threading.Event()

    def come_and_go(name: str) -> None:
        while not ends.is_set():
            with Node(name, SETTINGS) as node:
                node.start()

    threads = [threading.Thread(target=come_and_go, args=(name,)) for name in ("a", "a", "b")]
    for thread in threads:
        thread.start()
    try:
        for _ in range(50):
            assert len(labels(metrics_text(OPENMETRICS))) <= 3
    finally:
        ends.set()
        for thread in threads:
            thread.join()
    assert labels(metrics_text(OPENMETRICS)) == []


def test_a_forked_child_has_its_own_nodes_alone() -> None:
    with Node("parent", SETTINGS):
        child = os.fork()
        if child == 0:
            os._exit(0 if json.loads(metrics_text(JSON)) == [] else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert len(json.loads(metrics_text(JSON))) == 1
