# SPDX-License-Identifier: Apache-2.0
"""A network of this process's own: loopback alone, without the machine's pacing.

A kernel that paces even loopback (BBR does) halves what can be reached and lets runs vary wildly, so the benchmarks
and all that they start live in a network namespace whose congestion control is reno.
"""

import ctypes
import fcntl
import os
import socket
import struct
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
SIOCGIFFLAGS = 0x8913
SIOCSIFFLAGS = 0x8914
IFF_UP = 1

CONGESTION_CONTROL = Path("/proc/sys/net/ipv4/tcp_congestion_control")


def congestion_control() -> str:
    return CONGESTION_CONTROL.read_text().strip()


def enter_own_network() -> str:
    """Moves this process into a namespace of its own. Returns a sentence that says how measuring is done from now."""
    before = congestion_control()
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    # Without root a user namespace comes first: in it a plain user may have a network.
    flags = CLONE_NEWNET if user == 0 else CLONE_NEWUSER | CLONE_NEWNET
    if libc.unshare(flags) != 0:
        reason = os.strerror(ctypes.get_errno())
        return f"On the machine's own loopback with {before}: a network namespace was refused ({reason})."
    try:
        if user != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        _bring_up("lo")
    except OSError as error:
        raise SystemExit(f"the network namespace has no loopback: {error}; run with --no-namespace") from error
    try:
        CONGESTION_CONTROL.write_text("reno")
    except OSError as error:
        return f"In a network namespace, but with {congestion_control()}: reno was refused ({error.strerror})."
    return f"In a network namespace of its own with reno (the machine has {before})."


def _bring_up(name: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH22x", name.encode(), 0)
        flags = struct.unpack("16sH22x", fcntl.ioctl(control, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH22x", name.encode(), flags | IFF_UP))
