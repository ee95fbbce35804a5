# SPDX-License-Identifier: Apache-2.0
"""Nodes in networks in which something is wrong; the networks are in network_scenes.py."""

from __future__ import annotations

import errno
import functools
from typing import Any

import namespaces

play = functools.partial(namespaces.play, "network_scenes.py")


# ------------------------------------------------------------------------------------------------------------- names


def test_names_that_hang_hold_up_no_other() -> None:
    """64 names hang, more nodes wait for them; whose name stands in the hosts file connects, and so after a restart."""
    got = play("hanging_names")
    # A name server's silence lasts ten seconds and more.
    assert max(got["with 40"], got["with 64"], got["after the last stop"]) < 5
    assert got["look-ups"] == got["left"] == 64
    assert got["ended after"] < 5
    assert got["refused after"] < 5
    assert got["refused"]["reason"] == "DNS"
    assert "late.plant was not looked up: 64 other names are being looked up" in got["refused"]["message"]


def test_abandoned_lookups_are_bounded() -> None:
    """Twenty nodes lose patience each second, for twelve seconds."""
    got = play("abandoned_names")
    assert 20 < got["most"] <= 32
    assert got["attempts"] >= 5
    assert got["known"] < 5


def test_a_new_name_server_is_used_though_the_old_one_is_still_waited_for() -> None:
    """The old look-up takes thirty seconds."""
    assert play("new_name_servers")["after"] < 20


def test_hosts_names_without_a_lease() -> None:
    got = play("link_local_only")
    assert max(got.values()) < 5


def test_no_useless_questions_for_ipv6() -> None:
    got = play("no_ipv6")
    assert max(got["four"], got["hosts"], got["six"]) < 5
    assert got["four's questions"] == [1]
    assert got["hosts' questions"] == []
    assert "check the spelling" in got["unknown"]["message"]
    assert "the name is known, but has no address of that kind" in got["no IPv4"]["message"]


# --------------------------------------------------------------------------------------------------------- addresses


def test_the_second_address_is_tried() -> None:
    """One attempt at the address that is wrong, one at the other, and there it stays."""
    for name, asked in play("second_address").items():
        assert len(asked) == 2 and asked[0] != asked[1], (name, asked)


def test_twenty_dead_addresses_end_in_time_and_hide_no_living_one() -> None:
    """Silent and refused ones: each has its quarter of a second, and none of them its own timeout."""
    got = play("dead_addresses")
    assert got["all"]["reason"] == "CONNECT_TIMEOUT" and 2.9 < got["after"] < 15, got
    assert got["one lives"] < 20, got


# ---------------------------------------------------------------------------------------------------------- errnos


def told(result: dict[str, Any], number: int, text: str) -> None:
    assert result["errno"] == number, result
    assert text in result["message"], result


def test_routes_that_lead_nowhere() -> None:
    got = play("routes")
    expected = {
        "blackhole": (errno.EINVAL, "a route of type blackhole leads there"),
        "prohibit": (errno.EACCES, "A route of type prohibit"),
        "unreachable": (errno.EHOSTUNREACH, "a route of type unreachable"),
        "none": (errno.ENETUNREACH, "has no route there"),
        "no interface": (errno.EINVAL, "fe80::1%eth0"),
        "nobody": (errno.EHOSTUNREACH, "Nobody has that address"),
    }
    assert set(got) == set(expected)
    for name, results in got.items():
        for result in results:
            told(result, *expected[name])


def test_firewalls_that_say_no() -> None:
    got = play("firewall")
    drop = got.pop("drop")
    assert "firewalls" in drop["message"]
    for name, result in got.items():
        assert "firewall" in result["message"], (name, result)
        assert result["errno"] != 0


def test_connections_that_are_cut() -> None:
    got = play("cut_connections")
    told(got["reset"], errno.ECONNRESET, "a firewall on the way")
    told(got["killed"], errno.ECONNABORTED, "this host ended the connection")


def test_what_this_host_lacks() -> None:
    got = play("scarcity")
    told(got["source"], errno.EADDRNOTAVAIL, "is not one of this host (source-address)")
    told(got["other version"], errno.EADDRNOTAVAIL, "IP version 4 only, and the source address ::1")
    told(got["link-local source"], errno.EINVAL, "fe80::1%eth0")
    told(got["interface"], errno.ENODEV, "no network interface eth77 (bind-interface)")
    told(got["interface down"], errno.ENETUNREACH, "whether v0 leads there (bind-interface)")
    told(got["ports"], errno.EADDRNOTAVAIL, "no local address or port is left")
    told(got["ports of a source"], errno.EADDRNOTAVAIL, "no local address or port is left")
    told(got["descriptors"], errno.EMFILE, "no file descriptors left")
    told(got["descriptors for names"], errno.EMFILE, "Too many open files")
