# SPDX-License-Identifier: Apache-2.0
"""Python values as neuron_ws_tag_t."""

from __future__ import annotations

import ctypes
import json
import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Optional, SupportsFloat, SupportsIndex, Union

from ._structures import GroupStructure, TagStructure
from .enums import Type

TypeName = Union[Type, str, int]
Precision = Union[int, Mapping[str, int]]
Metas = Mapping[str, Mapping[str, object]]
Timestamp = Union[int, float, datetime, None]

# The union member of a scalar number, and the range the type takes.
_INTEGERS: dict[Type, tuple[str, int, int]] = {
    Type.INT8: ("i8", -(2**7), 2**7 - 1),
    Type.UINT8: ("u8", 0, 2**8 - 1),
    Type.INT16: ("i16", -(2**15), 2**15 - 1),
    Type.UINT16: ("u16", 0, 2**16 - 1),
    Type.INT32: ("i32", -(2**31), 2**31 - 1),
    Type.UINT32: ("u32", 0, 2**32 - 1),
    Type.INT64: ("i64", -(2**63), 2**63 - 1),
    Type.UINT64: ("u64", 0, 2**64 - 1),
    Type.BIT: ("u8", 0, 1),
    Type.WORD: ("u16", 0, 2**16 - 1),
    Type.DWORD: ("u32", 0, 2**32 - 1),
    Type.LWORD: ("u64", 0, 2**64 - 1),
    Type.ERROR: ("i32", -(2**31), 2**31 - 1),
}

_ARRAYS: dict[Type, tuple[Any, Optional[Type]]] = {
    Type.ARRAY_INT8: (ctypes.c_int8, Type.INT8),
    Type.ARRAY_UINT8: (ctypes.c_uint8, Type.UINT8),
    Type.ARRAY_INT16: (ctypes.c_int16, Type.INT16),
    Type.ARRAY_UINT16: (ctypes.c_uint16, Type.UINT16),
    Type.ARRAY_INT32: (ctypes.c_int32, Type.INT32),
    Type.ARRAY_UINT32: (ctypes.c_uint32, Type.UINT32),
    Type.ARRAY_INT64: (ctypes.c_int64, Type.INT64),
    Type.ARRAY_UINT64: (ctypes.c_uint64, Type.UINT64),
    Type.ARRAY_FLOAT: (ctypes.c_float, None),
    Type.ARRAY_DOUBLE: (ctypes.c_double, None),
    Type.ARRAY_BOOL: (ctypes.c_bool, None),
}

_TEXTS = frozenset((Type.STRING, Type.PTR, Type.TIME, Type.DATA_AND_TIME, Type.ARRAY_CHAR))


def utf8(text: str) -> bytes:
    """UTF-8. A lone surrogate becomes bytes that are none; the library writes U+FFFD for them, so no tag is lost."""
    return text.encode("utf-8", "surrogatepass")


def c_text(text: str, what: str) -> bytes:
    """UTF-8 for an argument that ends at its first NUL byte. ValueError where the text holds one, TypeError for what is
    no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"{what} is a str, not {text!r}")
    if "\0" in text:
        raise ValueError(f"{what} holds a NUL character: {text!r}")
    return utf8(text)


def json_text(value: object) -> bytes:
    """Compact JSON. ValueError for NaN and infinities, TypeError for what JSON has no form for."""
    return utf8(json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain))


def _plain(value: object) -> int:
    if isinstance(value, SupportsIndex):
        return operator.index(value)
    raise TypeError(f"JSON has no form for {type(value).__name__}")


def type_named(name: TypeName) -> Type:
    """A type by member, number or name. ValueError for none that exists."""
    if isinstance(name, str):
        try:
            return Type[name.upper()]
        except KeyError:
            raise ValueError(f"no tag type is named {name!r}") from None
    kind = Type(name)
    if kind.name.startswith("UNKNOWN_"):
        raise ValueError(f"no tag type has the number {int(name)}")
    return kind


def timestamp_ms(timestamp: Timestamp) -> int:
    """Unix time in ms, 0 for now. A datetime without zone is local time, as everywhere in Python."""
    if timestamp is None:
        return 0
    if isinstance(timestamp, datetime):
        return round(timestamp.timestamp() * 1000)
    moment = int(timestamp)
    if not -(2**63) <= moment < 2**63:
        raise OverflowError(f"the timestamp {moment} does not fit into 64 bits; it is Unix time in ms")
    return moment


def _integer_type(low: int, high: int, name: str) -> Type:
    if low >= -(2**63) and high < 2**63:
        return Type.INT64
    if low >= 0 and high < 2**64:
        return Type.UINT64
    raise OverflowError(f"tag {name!r}: {high if high >= 2**63 else low} does not fit into 64 bits")


def _array_type(values: Sequence[object], name: str) -> Type:
    if not values:
        return Type.ARRAY_INT64
    if all(isinstance(value, bool) for value in values):
        return Type.ARRAY_BOOL
    if all(isinstance(value, str) for value in values):
        return Type.ARRAY_STRING
    if not any(isinstance(value, (bool, str, bytes)) for value in values):
        if all(isinstance(value, SupportsIndex) for value in values):
            integers = [operator.index(value) for value in values]  # type: ignore[arg-type]
            scalar = _integer_type(min(integers), max(integers), name)
            # The gateway's format writes ARRAY_UINT64's elements as signed numbers; as JSON they stay what they are.
            return Type.ARRAY_INT64 if scalar is Type.INT64 else Type.CUSTOM
        if all(isinstance(value, (SupportsFloat, SupportsIndex)) for value in values):
            return Type.ARRAY_DOUBLE
    raise TypeError(f"tag {name!r}: an array's elements must be of one kind; types={{{name!r}: 'CUSTOM'}} takes any")


def _inferred_type(value: object, name: str) -> Type:
    if isinstance(value, bool):
        return Type.BOOL
    if isinstance(value, str):
        return Type.STRING
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Type.BYTES
    if isinstance(value, Mapping):
        return Type.CUSTOM
    if isinstance(value, Sequence):
        return _array_type(value, name)
    if isinstance(value, SupportsIndex):
        integer = operator.index(value)
        return _integer_type(integer, integer, name)
    if isinstance(value, SupportsFloat):
        return Type.DOUBLE
    hint = "; a tag without a value goes into errors" if value is None else ""
    raise TypeError(f"tag {name!r}: no tag type for {type(value).__name__}{hint}")


def _integer(value: Any, kind: Type, name: str) -> int:
    integer = operator.index(value)
    _, low, high = _INTEGERS[kind]
    if not low <= integer <= high:
        raise OverflowError(f"tag {name!r}: {integer} is out of the range of {kind.name}, {low} to {high}")
    return integer


class Tags:
    """An array of neuron_ws_tag_t and everything it points to, alive as long as this object is."""

    def __init__(self, count: int) -> None:
        self.structures = (TagStructure * count)()
        self.count = count
        self._alive: list[object] = []

    def fill(self, index: int, name: str, value: object, kind: Optional[Type], precision: int) -> None:
        """Tag number `index`: a name and a value. TypeError, ValueError, OverflowError name the tag."""
        tag = self._named(index, name)
        if kind is None:
            kind = _inferred_type(value, name)
        if not 0 <= precision <= 17:
            raise ValueError(f"tag {name!r}: the precision is 0 to 17, not {precision}")
        tag.type = kind
        tag.precision = precision
        self._set(tag, value, kind, name)

    def fill_error(self, index: int, name: str, code: int) -> None:
        """Tag number `index`: a name and an error code. ValueError for the code 0, OverflowError past 32 bits."""
        tag = self._named(index, name)
        if not isinstance(code, SupportsIndex):
            raise TypeError(f"tag {name!r}: an error code is an int, not {code!r}")
        if code == 0:
            raise ValueError(f"tag {name!r}: 0 is no error code")
        tag.type = Type.ERROR
        tag.error = _integer(code, Type.ERROR, name)

    def add_metas(self, index: int, metas: Mapping[str, object]) -> None:
        """More about tag number `index`: its quality, its time."""
        children = Tags(len(metas))
        for position, (name, value) in enumerate(metas.items()):
            children.fill(position, name, value, None, 0)
        self._alive.append(children)
        self.structures[index].metas = children.structures
        self.structures[index].meta_count = children.count

    def _named(self, index: int, name: str) -> Any:
        if not isinstance(name, str):
            raise TypeError(f"a tag's name is a str, not {name!r}")
        if not name:
            raise ValueError("a tag's name is empty")
        tag = self.structures[index]
        encoded = utf8(name)
        tag.name = encoded
        tag.name_length = len(encoded)
        return tag

    def _set(self, tag: Any, value: Any, kind: Type, name: str) -> None:
        try:
            if kind in _INTEGERS:
                setattr(tag.value, _INTEGERS[kind][0], _integer(value, kind, name))
            elif kind is Type.BOOL:
                tag.value.boolean = bool(value)
            elif kind is Type.DOUBLE:
                tag.value.d64 = float(value)
            elif kind is Type.FLOAT:
                tag.value.f32 = float(value)
            elif kind in _TEXTS:
                self._set_text(tag, value if isinstance(value, bytes) else utf8(value))
            elif kind is Type.CUSTOM:
                self._set_text(tag, utf8(value) if isinstance(value, str) else json_text(value))
            else:
                self._set_array(tag, value, kind, name)
        except (TypeError, AttributeError) as error:
            raise TypeError(f"tag {name!r}: {type(value).__name__} does not go with {kind.name}: {error}") from None

    def _set_text(self, tag: Any, text: bytes) -> None:
        pointer = ctypes.c_char_p(text)
        self._alive.append((text, pointer))
        tag.value.text.data = ctypes.cast(pointer, ctypes.c_void_p)
        tag.value.text.length = len(text)

    def _set_array(self, tag: Any, value: Any, kind: Type, name: str) -> None:
        array: Any
        if kind is Type.BYTES:
            octets = bytes(memoryview(value))
            array = (ctypes.c_uint8 * len(octets)).from_buffer_copy(octets)
        elif kind is Type.ARRAY_STRING:
            array = (ctypes.c_char_p * len(value))(*[c_text(text, f"tag {name!r}") for text in value])
        else:
            element, scalar = _ARRAYS[kind]
            if scalar is not None:
                value = [_integer(item, scalar, name) for item in value]
            elif kind is Type.ARRAY_BOOL:
                value = [bool(item) for item in value]
            else:
                value = [float(item) for item in value]
            array = (element * len(value))(*value)
        self._alive.append(array)
        tag.value.array.data = ctypes.cast(array, ctypes.c_void_p)
        tag.value.array.count = len(array)


class Group:
    """A neuron_ws_group_t and everything it points to, alive as long as this object is."""

    def __init__(
        self,
        driver: str,
        group: str,
        values: Mapping[str, object],
        errors: Optional[Mapping[str, int]] = None,
        timestamp: Timestamp = None,
        metas: Optional[Metas] = None,
        types: Optional[Mapping[str, TypeName]] = None,
        precision: Optional[Precision] = None,
    ) -> None:
        errors = errors or {}
        types = types or {}
        self._check_names(values, errors, metas or {}, types)
        tags = Tags(len(values) + len(errors))
        every = precision if isinstance(precision, int) else 0
        each: Mapping[str, int] = precision if isinstance(precision, Mapping) else {}
        position = 0
        for name, value in values.items():
            kind = type_named(types[name]) if name in types else None
            tags.fill(position, name, value, kind, each.get(name, every))
            if metas and name in metas:
                tags.add_metas(position, metas[name])
            position += 1
        for name, code in errors.items():
            tags.fill_error(position, name, code)
            if metas and name in metas:
                tags.add_metas(position, metas[name])
            position += 1
        self._tags = tags
        self.structure = GroupStructure(
            size=ctypes.sizeof(GroupStructure),
            driver=c_text(driver, "the driver's name"),
            group=c_text(group, "the group's name"),
            timestamp_ms=timestamp_ms(timestamp),
            tags=ctypes.cast(tags.structures, ctypes.POINTER(TagStructure)),
            tag_count=tags.count,
            tag_size=ctypes.sizeof(TagStructure),
        )

    @staticmethod
    def _check_names(
        values: Mapping[str, object],
        errors: Mapping[str, int],
        metas: Metas,
        types: Mapping[str, TypeName],
    ) -> None:
        """A name that stands in two places, or in none that counts, is a mistake and not a wish."""
        for name in errors:
            if name in values:
                raise ValueError(f"tag {name!r} has both a value and an error")
        for what, names in (("metas", metas), ("types", types)):
            for name in names:
                if name not in values and not (what == "metas" and name in errors):
                    raise ValueError(f"{what} names {name!r}, which is no tag of this group")
