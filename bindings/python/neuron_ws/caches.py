# SPDX-License-Identifier: Apache-2.0
"""What nodes have left on disk (settings ``offline-cache`` and ``data-dir``), looked at while they do not run."""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import byref, c_uint64, string_at
from dataclasses import dataclass
from typing import Any, Optional, Union

from ._library import check, library
from ._structures import CacheCallback, CachedMessageCallback
from ._values import c_text
from .enums import CachePart, MessageKind

Directory = Union[str, "os.PathLike[str]"]


@dataclass(frozen=True)
class Cache:
    """A node's cache.

    ``error``  why the file cannot be read, a node that uses it for example; "": it can, and what follows is so.
    ``bytes``  that the messages take, as ``cache-disk-size`` counts.
    ``oldest``, ``newest``  the times of the data of the first and the last message, seconds since 1970; None: none.
    """

    node: str
    path: str
    error: str
    messages: int
    bytes: int
    file_bytes: int
    oldest: Optional[float]
    newest: Optional[float]
    poisoned: int


@dataclass(frozen=True)
class CachedMessage:
    """A message of a cache. ``time`` of its data, or when it was set aside, seconds since 1970."""

    part: CachePart
    kind: MessageKind
    content: bytes
    time: float
    close_code: int
    close_reason: str


def _text(text: Optional[bytes]) -> str:
    return (text or b"").decode("utf-8", "replace")


def _directory(data_dir: Directory) -> bytes:
    return c_text(os.fspath(data_dir), "the data directory")


class _Kept:
    """The exception of a callback, which C cannot carry."""

    error: Optional[BaseException] = None

    def raised(self) -> None:
        if self.error is not None:
            raise self.error


def list_caches(data_dir: Directory) -> list[Cache]:
    """The caches in a directory. Any thread. Raises NotFound, SystemFailure, InvalidArgument."""
    caches: list[Cache] = []

    def told(pointer: Any, context: Optional[int]) -> None:
        raw = pointer.contents
        caches.append(Cache(
            _text(raw.node), _text(raw.path), _text(raw.error), raw.messages, raw.bytes, raw.file_bytes,
            raw.oldest_ms / 1000 if raw.oldest_ms else None, raw.newest_ms / 1000 if raw.newest_ms else None,
            raw.poisoned))

    check(library.neuron_ws_cache_list(_directory(data_dir), CacheCallback(told), None))
    return caches


def read_cache(
    data_dir: Directory, node: str, on_message: Callable[[CachedMessage], Optional[bool]],
    parts: CachePart = CachePart.WAITING,
) -> None:
    """Calls ``on_message`` with each message of a node's cache, in order, until it returns False. The cache is held
    meanwhile. Any thread.

    Raises NotFound, SystemFailure (it is held or cannot be read; behind the last message: some are damaged),
    InvalidArgument, and what ``on_message`` raises.
    """
    kept = _Kept()

    def told(pointer: Any, context: Optional[int]) -> bool:
        raw = pointer.contents
        try:
            return on_message(CachedMessage(
                CachePart(raw.part), MessageKind(raw.kind), string_at(raw.bytes, raw.length) if raw.length else b"",
                raw.time_ms / 1000, raw.close_code, _text(raw.close_reason))) is not False
        except BaseException as error:  # noqa: BLE001 - it goes on where the call returns
            kept.error = error
            return False

    status = library.neuron_ws_cache_read(
        _directory(data_dir), c_text(node, "the node's name"), int(parts), CachedMessageCallback(told), None)
    kept.raised()
    check(status)


def resend_cache(data_dir: Directory, node: str) -> int:
    """Puts the poisoned messages of a node's cache in front of those that are to be sent. How many. Any thread.

    Raises NotFound, SystemFailure, InvalidArgument.
    """
    count = c_uint64()
    check(library.neuron_ws_cache_resend(_directory(data_dir), c_text(node, "the node's name"), byref(count)))
    return count.value


def drop_cache(data_dir: Directory, node: str, parts: CachePart = CachePart.WAITING | CachePart.POISONED) -> None:
    """Deletes messages of a node's cache for good. Any thread. Raises NotFound, SystemFailure, InvalidArgument."""
    check(library.neuron_ws_cache_drop(_directory(data_dir), c_text(node, "the node's name"), int(parts)))
