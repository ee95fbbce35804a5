# SPDX-License-Identifier: Apache-2.0
"""What needs no node: a group as the message it would become, the settings form, the version."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Optional, Union

from ._library import check, library, written
from ._values import Group, Metas, Precision, Timestamp, TypeName, json_text, utf8
from .enums import Format


def version() -> str:
    """The library's version, ``"1.0.0"``. Any thread."""
    text: bytes = library.neuron_ws_version()
    return text.decode()


def settings_schema() -> str:
    """The settings form in the gateway's schema format, a JSON text. Any thread."""
    text = ctypes.c_char_p()
    length = ctypes.c_size_t()
    check(library.neuron_ws_settings_schema(ctypes.byref(text), ctypes.byref(length)))
    return (text.value or b"").decode()


def _format_named(name: Union[Format, str, int]) -> int:
    if not isinstance(name, str):
        return int(name)
    plain = name.lower()
    if plain.endswith("-format"):
        plain = plain[: -len("-format")]
    try:
        return Format[plain.upper().replace("-", "_")]
    except KeyError:
        raise ValueError(f"no message format is named {name!r}") from None


def encode(
    format: Union[Format, str, int],
    driver: Optional[str] = None,
    group: Optional[str] = None,
    values: Optional[Mapping[str, object]] = None,
    *,
    errors: Optional[Mapping[str, int]] = None,
    timestamp: Timestamp = None,
    metas: Optional[Metas] = None,
    types: Optional[Mapping[str, TypeName]] = None,
    precision: Optional[Precision] = None,
    static_tags: Optional[Mapping[str, object]] = None,
    upload_err: Optional[bool] = None,
    schema: object = None,
    options: Optional[Mapping[str, object]] = None,
) -> str:
    """The message that a group would become, without a node. Any thread.

    format     a member of Format, its number, or a name such as ``"tags"`` or ``"tags-format"``
    driver …   the group as :meth:`Node.push` takes it; all left out for the formats that need no group
    schema     the template of the custom format, text or anything that JSON has a form for
    options    further members of the library's options, such as ``{"uuid": …}`` for the responses

    Raises Skipped where nothing would be sent, SettingsError for a bad template, and what :meth:`Node.push` raises for
    values.
    """
    collected = None
    if driver is not None or group is not None or values is not None:
        collected = Group(driver or "", group or "", values or {}, errors, timestamp, metas, types, precision)
    pointer = ctypes.byref(collected.structure) if collected is not None else None
    text = _options(static_tags, upload_err, schema, options)
    number = _format_named(format)
    return written(lambda *room: library.neuron_ws_encode(number, text, pointer, *room))


def encode_json(
    format: Union[Format, str, int],
    group: Union[str, bytes, Mapping[str, object]],
    *,
    static_tags: Optional[Mapping[str, object]] = None,
    upload_err: Optional[bool] = None,
    schema: object = None,
    options: Optional[Mapping[str, object]] = None,
) -> str:
    """The same of a group as JSON, as :meth:`Node.push_json` takes it. Any thread. Raises what that raises."""
    if isinstance(group, bytes):
        document = group
    else:
        document = utf8(group) if isinstance(group, str) else json_text(group)
    members = _options(static_tags, upload_err, schema, options)
    number = _format_named(format)
    return written(lambda *room: library.neuron_ws_encode_json(number, members, document, len(document), *room))


def _options(
    static_tags: Optional[Mapping[str, object]],
    upload_err: Optional[bool],
    schema: object,
    options: Optional[Mapping[str, object]],
) -> Optional[bytes]:
    members: dict[str, object] = dict(options or {})
    if static_tags is not None:
        members["static_tags"] = static_tags
    if upload_err is not None:
        members["upload_err"] = upload_err
    if schema is not None:
        members["schema"] = schema
    return json_text(members) if members else None
