# SPDX-License-Identifier: Apache-2.0
"""What a program gives, before it goes to C: ctypes cuts numbers that do not fit, and says "wrong type" of the rest."""

from __future__ import annotations

import math

from .enums import OpenEnum

_UINT32_MAX = 0xFFFFFFFF


def number_of(value: object, kind: type[OpenEnum], what: str) -> int:
    """A member's number; one of a later version is the library's to judge. TypeError for what is none."""
    if isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31:
        return value
    members = ", ".join(f"{kind.__name__}.{member.name}" for member in kind)
    raise TypeError(f"{what} is one of {members}, not {value!r}")


def seconds_of(value: float, what: str = "a timeout") -> float:
    """A number of seconds; below 0 counts as 0. TypeError for what is no number, ValueError for NaN."""
    try:
        if value > 0:
            return value
        if value <= 0:
            return 0.0
    except TypeError:
        raise TypeError(f"{what} is a number of seconds, not {value!r}") from None
    raise ValueError(f"{what} is a number of seconds, not {value!r}")


def milliseconds(seconds: float) -> int:
    """Seconds as the library's 32 bits of ms: rounded up, so that a short time does not become none at all. Infinity
    is as long as there is. TypeError for what is no number, ValueError for NaN and below 0.
    """
    if seconds_of(seconds) > _UINT32_MAX / 1000:
        return _UINT32_MAX
    if seconds < 0:
        raise ValueError(f"a timeout is a number of seconds from 0 on, not {seconds!r}")
    return min(math.ceil(seconds * 1000), _UINT32_MAX)


def whole_seconds(seconds: float, what: str) -> int:
    """Seconds as the library's 32 bits of them, rounded up. Errors as milliseconds."""
    if seconds_of(seconds, what) > _UINT32_MAX:
        return _UINT32_MAX
    if seconds < 0:
        raise ValueError(f"{what} is a number of seconds from 0 on, not {seconds!r}")
    return math.ceil(seconds)
