# SPDX-License-Identifier: Apache-2.0
"""A node whose cable, addresses and routes change under it; the networks are in network_links.py."""

from __future__ import annotations

import functools

import namespaces
from network_links import INTERVAL, TIMEOUT, WATCHFUL

play = functools.partial(namespaces.play, "network_links.py")
# What a busy machine may take to look.
SLACK = 2.0
# Behind a mishap nothing but the wait between two attempts is waited for.
BACK = WATCHFUL["reconnect-max"] + SLACK


def test_packets_that_are_dropped_in_the_middle_are_noticed_within_the_bound() -> None:
    got = play("dropped")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK, got
    assert got["reason"] == "PING_TIMEOUT" and got["all"] and got["back"] < BACK, got


def test_a_black_hole_of_ipv6_costs_less_than_a_second() -> None:
    got = play("black_hole")
    assert got["peer"].startswith("10.7.0.2:")
    # 250 ms of it are RFC 8305's; the quickest counts, on a machine that does other things.
    assert min(got["times"]) < 1, got


def test_an_interface_that_goes_down_and_up() -> None:
    got = play("interface")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK and got["all"] and got["back"] < BACK, got


def test_another_address() -> None:
    got = play("address")
    assert got["noticed"] < INTERVAL + TIMEOUT + SLACK and got["all"] and got["back"] < BACK, got
    assert {peer.split(":")[0] for peer in got["peers"]} == {"10.7.0.1", "10.7.0.9"}


def test_a_link_that_loses_and_delays_is_slow_and_not_dead() -> None:
    got = play("lossy")
    assert got["all"] and got["opened"] == 1, got
