# SPDX-License-Identifier: Apache-2.0
"""Python's nodes have no callbacks: here they get a before_connect, as a C host has it."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Iterator
from typing import Any, Callable, Optional

import foreign
import pytest

foreign.use_binding()
from neuron_ws import Status, _handle  # noqa: E402
from neuron_ws._library import library  # noqa: E402

BeforeConnect = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Host(ctypes.Structure):
    """neuron_ws_host_t, as far as its first version goes."""

    _fields_ = [("size", ctypes.c_size_t), ("context", ctypes.c_void_p), *(
        (name, ctypes.c_void_p) for name in ("on_state", "on_message", "on_request", "on_delivery", "on_log")),
        ("before_connect", BeforeConnect), ("before_send", ctypes.c_void_p)]


class Attempt:
    """neuron_ws_attempt_t: each function gives its status."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def _call(self, function: str, *texts: Optional[str]) -> Status:
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, *[ctypes.c_char_p] * len(texts))
        call = prototype((f"neuron_ws_attempt_{function}", library))
        return Status(call(self._handle, *(None if text is None else text.encode() for text in texts)))

    def set_url(self, url: str) -> Status:
        return self._call("set_url", url)

    def set_header(self, name: str, value: Optional[str]) -> Status:
        return self._call("set_header", name, value)

    def set_token(self, token: str) -> Status:
        return self._call("set_token", token)


@contextlib.contextmanager
def nodes(before_connect: Callable[[Attempt], Status]) -> Iterator[None]:
    """Nodes that are made meanwhile have this before_connect."""
    host = Host(size=ctypes.sizeof(Host),
                before_connect=BeforeConnect(lambda node, attempt, context: before_connect(Attempt(attempt))))
    class Library:
        def __getattr__(self, name: str) -> Any:
            return getattr(library, name)

        def neuron_ws_node_create(self, name: bytes, settings: bytes, _: None, node: object) -> int:
            return int(library.neuron_ws_node_create(name, settings, ctypes.byref(host), node))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_handle, "library", Library())
        yield
