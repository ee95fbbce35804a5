# SPDX-License-Identifier: Apache-2.0
"""Requests from the server."""

from __future__ import annotations

import contextlib
import ctypes
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._library import check, library
from ._structures import RequestInfoStructure, TagStructure
from ._values import Metas, Precision, TypeName, json_text, utf8
from .encoding import encode
from .enums import Format, RequestKind, Type
from .errors import InvalidArgument, InvalidJSON, NeuronWSError, NoMemory, QueueFull, Timeout, TooBig

# The operation that writes.
_SET = "SET_DEVICE_PARAMETERS"

# The gateway's code for a request that nobody answered.
_NOT_ANSWERED = 3015

_ELEMENTS: dict[Type, Any] = {
    Type.ARRAY_INT64: ctypes.c_int64,
    Type.ARRAY_DOUBLE: ctypes.c_double,
    Type.ARRAY_BOOL: ctypes.c_bool,
    Type.ARRAY_STRING: ctypes.c_char_p,
}


@dataclass(frozen=True)
class RequestTag:
    """A tag of a request: its name, and in a write the value, with its type and its precision (0: none given).

    ``value`` is ``int``, ``float``, ``bool``, ``str``, a list of one of them, or for CUSTOM what the JSON holds; in a
    read it is None, and so is ``type``.
    """

    name: str
    value: object = None
    type: Optional[Type] = None
    precision: int = 0


class Request:
    """What the server wants: a READ of a group or of some tags, a WRITE, an ACTION of a driver, or an OPERATION.

    uuid     names it in the answer
    kind     READ, WRITE, ACTION or OPERATION (of OpenGate)
    driver   the southbound node's name; of an OPERATION its device
    group    the group's name, ``""`` for an ACTION or an OPERATION
    tags     the tags to read, empty for all of the group, or to write
    action   the name of an ACTION or an OPERATION, else ``""``
    sync     of a READ: the devices are to be asked
    query    of a READ: name and description that tags shall have, ``("", "")`` for any
    json     the request's document

    Each is answered once, by one of the reply methods, now or later, on any thread. One that is forgotten is answered
    with error 3015 when Python frees it, as one that is too late is by the library.
    """

    def __init__(self, pointer: int, document: bytes) -> None:
        self._pointer: Optional[int] = pointer
        info = RequestInfoStructure(size=ctypes.sizeof(RequestInfoStructure))
        try:
            check(library.neuron_ws_request_info(pointer, ctypes.byref(info)))
        except Timeout:
            pass  # What it says is there all the same, and reply raises NotFound.
        self.uuid = _text(info.uuid)
        self.kind = RequestKind(info.kind)
        self.driver = _text(info.driver)
        self.group = _text(info.group)
        self.action = _text(info.action)
        self.sync = bool(info.sync)
        self.query = (_text(info.query_name), _text(info.query_description))
        self.json = document.decode("utf-8", "replace")
        write = self.kind is RequestKind.WRITE or self.action == _SET
        start = ctypes.cast(info.tags, ctypes.c_void_p).value or 0
        # A library that does not say how far they are apart has tags as this package knows them.
        step = info.tag_size or ctypes.sizeof(TagStructure)
        places = range(start, start + info.tag_count * step, step)
        self.tags = tuple(_tag(TagStructure.from_address(place), write) for place in places)

    def reply(self, answer: Union[Mapping[str, object], str]) -> None:
        """Answers with JSON: a text as it is, or a dictionary, to which ``uuid`` is added where it has none.

        Raises InvalidArgument (what is no answer to this OPERATION), InvalidJSON, TooBig, QueueFull and NoMemory, after
        which it may be tried again; NotFound when it is too late or was answered before; NotRunning when the node is
        closed; Forked.
        """
        if isinstance(answer, str):
            text = utf8(answer)
        else:
            text = json_text(answer if "uuid" in answer else {"uuid": self.uuid, **answer})
        pointer = self._pointer
        # 1 is no handle: the library says so.
        status = library.neuron_ws_request_reply(1 if pointer is None else pointer, text, len(text))
        try:
            check(status)
        except (InvalidArgument, InvalidJSON, TooBig, QueueFull, NoMemory):
            raise
        except NeuronWSError:
            self._pointer = None
            raise
        self._pointer = None

    def reply_values(
        self,
        values: Mapping[str, object],
        errors: Optional[Mapping[str, int]] = None,
        metas: Optional[Metas] = None,
        types: Optional[Mapping[str, TypeName]] = None,
        precision: Optional[Precision] = None,
    ) -> None:
        """Answers a READ with tags, given as :meth:`Node.push` takes them. Raises what both raise."""
        options = {"uuid": self.uuid}
        form = Format.READ_RESPONSE
        driver, group = self.driver or "-", self.group or "-"
        self.reply(
            encode(
                form, driver, group, values, errors=errors, metas=metas, types=types, precision=precision,
                options=options,
            )
        )

    def reply_error(self, code: int = 0, reason: Optional[str] = None) -> None:
        """Answers with the gateway's error code; 0: a WRITE or an ACTION is done. Raises what reply raises."""
        answer: dict[str, object] = {"uuid": self.uuid, "error": code}
        if reason is not None:
            answer["reason"] = reason
        self.reply(answer)

    def progress(self, steps: Union[Mapping[str, object], list[dict[str, object]]]) -> None:
        """Sends a partial answer to an OPERATION: its steps so far, each ``{"name", "result", "description"}``, where
        the result is SUCCESSFUL, ERROR, SKIPPED or NOT_EXECUTED. Its time begins anew.

        Raises Unsupported (no OPERATION), InvalidArgument, QueueFull; NotFound when it is too late or was answered
        before; NotRunning when the node is closed; Forked.
        """
        text = json_text(steps if isinstance(steps, Mapping) else {"steps": steps})
        pointer = self._pointer
        check(library.neuron_ws_request_progress(1 if pointer is None else pointer, text, len(text)))

    def reply_steps(
        self, steps: Optional[list[dict[str, object]]] = None, code: str = "SUCCESSFUL",
        description: Optional[str] = None,
    ) -> None:
        """Answers an OPERATION in the platform's own form. Raises what reply raises."""
        answer: dict[str, object] = {"resultCode": code}
        if description is not None:
            answer["resultDescription"] = description
        if steps is not None:
            answer["steps"] = steps
        self.reply(answer)

    def drop(self) -> None:
        """Lets go of it without an answer: the server hears nothing. Does nothing to one that was answered."""
        pointer, self._pointer = self._pointer, None
        if pointer is not None:
            library.neuron_ws_request_drop(pointer)

    def __del__(self) -> None:
        if self.__dict__.get("_pointer") is None:
            return
        if "json" in self.__dict__:
            # Too late, closed, forked, or the interpreter is half gone: then nobody can be told.
            with contextlib.suppress(Exception):
                self.reply_error(_NOT_ANSWERED, "the program did not answer")
        with contextlib.suppress(Exception):
            self.drop()

    def __repr__(self) -> str:
        return f"<neuron_ws.Request {self.kind.name} {self.uuid!r} {self.driver}/{self.group or self.action}>"


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")


def _octets(tag: TagStructure) -> bytes:
    text = tag.value.text
    return ctypes.string_at(text.data, text.length) if text.length else b""


def _tag(tag: Any, write: bool) -> RequestTag:
    name = _text(tag.name)
    if not write:
        return RequestTag(name)
    kind = Type(tag.type)
    return RequestTag(name, _value(tag, kind), kind, tag.precision)


def _value(tag: Any, kind: Type) -> object:
    if kind is Type.INT64:
        return tag.value.i64
    if kind is Type.UINT64:
        return tag.value.u64
    if kind is Type.DOUBLE:
        return tag.value.d64
    if kind is Type.BOOL:
        return tag.value.boolean
    if kind is Type.STRING:
        return _octets(tag).decode("utf-8", "replace")
    if kind is Type.CUSTOM:
        return json.loads(_octets(tag))
    element = _ELEMENTS.get(kind)
    if element is None:
        return None
    array = tag.value.array
    items = ctypes.cast(array.data, ctypes.POINTER(element))[: array.count] if array.count else []
    return [_text(item) if kind is Type.ARRAY_STRING else item for item in items]
