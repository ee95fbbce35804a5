"""Messages that are ready for the library: made once, tried as often as it takes until the queue has room."""

from __future__ import annotations

import ctypes
import operator
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

from ._handle import Handle
from ._library import check, library
from ._structures import DriverStateStructure
from ._values import Group, Metas, Precision, Timestamp, TypeName, c_text, json_text, utf8
from .enums import MessageKind

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
