# SPDX-License-Identifier: Apache-2.0
"""Messages that are ready for the library: made once, tried as often as it takes until the queue has room."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

from ._arguments import milliseconds, seconds_of
from ._handle import Handle
from ._library import check, library
from ._structures import CommandStructure, DriverStateStructure
from ._values import Group, Metas, Precision, Timestamp, TypeName, c_text, json_text, utf8
from .enums import MessageKind, Status
from .errors import InvalidArgument

# NEURON_WS_COMMAND_TIMEOUT_MAX_MS
_COMMAND_SECONDS_MAX = 86_400

# What a member of a response says.
MatchValue = Union[str, int, float, bool]
# Gives the message to a node and returns its number there. Raises what the library answers, QueueFull among it.
Outgoing = Callable[[Handle], int]


def _numbered(handle: Handle, function: Any, *arguments: object) -> int:
    number = ctypes.c_uint64()
    with handle.borrowed() as pointer:
        check(function(pointer, *arguments, ctypes.byref(number)))
    return number.value


def group(
    driver: str,
    group: str,
    values: Mapping[str, object],
    errors: Optional[Mapping[str, int]] = None,
    timestamp: Timestamp = None,
    metas: Optional[Metas] = None,
    types: Optional[Mapping[str, TypeName]] = None,
    precision: Optional[Precision] = None,
) -> Outgoing:
    """A collected group. TypeError, ValueError and OverflowError for values that no tag can hold."""
    collected = Group(driver, group, values, errors, timestamp, metas, types, precision)
    return lambda handle: _numbered(handle, library.neuron_ws_node_push, ctypes.byref(collected.structure))


def group_json(group: Union[str, bytes, Mapping[str, object]]) -> Outgoing:
    """A collected group as JSON, text or dictionary."""
    if isinstance(group, bytes):
        text = group
    else:
        text = utf8(group) if isinstance(group, str) else json_text(group)
    return lambda handle: _numbered(handle, library.neuron_ws_node_push_json, text, len(text))


def message(message: Union[str, bytes]) -> Outgoing:
    """A message as it is: ``str`` as text, ``bytes`` as binary."""
    kind = MessageKind.TEXT if isinstance(message, str) else MessageKind.BINARY
    octets = utf8(message) if isinstance(message, str) else bytes(memoryview(message))
    return lambda handle: _numbered(handle, library.neuron_ws_node_send, kind, octets, len(octets))


def command(
    command: Union[str, bytes, Mapping[str, object]],
    match: Optional[str],
    value: Optional[MatchValue],
    timeout: float,
    retries: int,
) -> Outgoing:
    """A command whose response comes as an event. TypeError, ValueError and OverflowError as for other messages."""
    is_text = isinstance(command, (str, Mapping))
    if isinstance(command, Mapping):
        octets = json_text(command)
    else:
        octets = utf8(command) if isinstance(command, str) else bytes(memoryview(command))
    if seconds_of(timeout) > _COMMAND_SECONDS_MAX:
        # C's 32 bits would say another time.
        said = f"`timeout` is {timeout:.12g} s; expected 0.001 to {_COMMAND_SECONDS_MAX}"
        raise InvalidArgument(Status.INVALID_ARGUMENT, "NEURON_WS_INVALID_ARGUMENT", said)
    if not 0 <= operator.index(retries) < 2**32:
        raise OverflowError(f"{retries} retries do not fit into 32 bits")
    structure = CommandStructure(
        size=ctypes.sizeof(CommandStructure), kind=MessageKind.TEXT if is_text else MessageKind.BINARY, bytes=octets,
        length=len(octets), timeout_ms=milliseconds(timeout), retries=retries,
        match_member=None if match is None else c_text(match, "the member that a response has"),
        match_value=None if value is None else c_text(_match_text(value), "the value that a response has"))
    return lambda handle: _numbered(handle, library.neuron_ws_node_request, ctypes.byref(structure))


def _match_text(value: MatchValue) -> str:
    """As it stands in JSON; a text without its quotes. TypeError for what no response can say there."""
    if not isinstance(value, (str, int, float)):
        raise TypeError(f"the value that a response has is a text, a number or a bool, not {value!r}")
    return value if isinstance(value, str) else json_text(value).decode()


def states(states: Mapping[str, tuple[int, int]]) -> Outgoing:
    """How the drivers stand: their names, each with its link and its running state."""
    structures = (DriverStateStructure * len(states))()
    for structure, (name, state) in zip(structures, states.items()):
        structure.node = c_text(name, "a driver's name")
        structure.link, structure.running = _link_and_running(name, state)
        structure.is_driver = True
    size = ctypes.sizeof(DriverStateStructure)
    return lambda handle: _numbered(handle, library.neuron_ws_node_push_states, structures, len(structures), size)


def _link_and_running(name: str, state: tuple[int, int]) -> tuple[int, int]:
    """TypeError for what are no two numbers, OverflowError for those that C would cut."""
    try:
        link, running = (operator.index(number) for number in state)
    except (TypeError, ValueError):
        raise TypeError(f"driver {name!r}: a state is two numbers, link and running, not {state!r}") from None
    for number in (link, running):
        if not -(2**31) <= number < 2**31:
            raise OverflowError(f"driver {name!r}: {number} does not fit into 32 bits")
    return link, running
