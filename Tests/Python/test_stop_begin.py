# SPDX-License-Identifier: Apache-2.0
"""Nodes that stop without holding up who stops them."""

from __future__ import annotations

from contextlib import ExitStack

import foreign
import neuron_ws
import pytest
from neuron_ws import EventKind, NodeClosed, NotRunning, Phase
from scenes.server import Server


def wait_for(node: neuron_ws.Node, phase: Phase) -> None:
    """Its events until it tells the phase."""
    while node.state.phase is not phase:
        node.poll(1)


def test_several_nodes_stop_side_by_side(server: foreign.Server) -> None:
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(neuron_ws.Node(f"n{number}", {"url": server.url}, events=EventKind.STATE))
            for number in range(3)
        ]
        for node in nodes:
            wait_for(node, Phase.OPEN)
        for node in nodes:
            node.stop_begin(timeout=30)
        for node in nodes:
            phases: list[Phase] = []
            node.on_state = lambda event, phases=phases: phases.append(event.phase)  # type: ignore[misc]
            while Phase.IDLE not in phases:
                assert node.poll(60) > 0
            # It says that it has stopped a moment before it takes no more stops.
            node.stop()
            with pytest.raises(NotRunning):
                node.stop_begin()


def test_it_returns_at_once_and_the_shorter_time_counts() -> None:
    with Server(deaf=True) as deaf, neuron_ws.Node("n", {"url": deaf.url}, events=EventKind.STATE) as node:
        wait_for(node, Phase.OPEN)
        node.stop_begin(timeout=3600)
        node.stop_begin(timeout=0)
        wait_for(node, Phase.IDLE)


def test_of_a_closed_node_there_is_nothing_to_stop() -> None:
    node = neuron_ws.Node("n", {"url": "ws://127.0.0.1:9/"})
    with pytest.raises(NotRunning):
        node.stop_begin()
    with pytest.raises(ValueError, match="a number of seconds"):
        node.stop_begin(-1)
    node.close()
    with pytest.raises(NodeClosed):
        node.stop_begin()
