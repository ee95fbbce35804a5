# SPDX-License-Identifier: Apache-2.0
"""Finds and loads libneuron_ws.so."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from pathlib import Path

from . import _structures
from ._wording import in_python
from .enums import Status
from .errors import error_for

SONAME = "libneuron_ws.so.1"
ABI_VERSION = 1
# What the library takes from the system: the beginning of its file's name, and what to install.
SYSTEM = {
    "libssl.": "OpenSSL 3 (Debian and Ubuntu: libssl3)", "libcrypto.": "OpenSSL 3 (Debian and Ubuntu: libssl3)",
    "libjansson.": "jansson 2.14 (libjansson4)", "libz.": "zlib (zlib1g)", "libsqlite3.": "SQLite 3.40 (libsqlite3-0)",
}


class LibraryNotFound(ImportError):
    """libneuron_ws.so was not found or does not fit; the message names each place that was tried, and why it failed."""


def candidates() -> list[str]:
    """Where the library may be, best first."""
    named = os.environ.get("NEURON_WS_LIBRARY")
    if named:
        return [named]
    package = Path(__file__).resolve().parent
    places = [package / SONAME, package / "libneuron_ws.so"]
    root = package.parents[2]
    # Only a source tree of this library counts: an installed package must not load what lies two folders above it.
    if (root / "include" / "neuron_ws.h").is_file():
        places.append(root / ".build" / "release" / "libneuron_ws.so")
    return [str(place) for place in places] + [SONAME]


def _mode() -> int:
    """RTLD_NOW and, so that a host's own OpenSSL or jansson does not take the place of the library's, RTLD_DEEPBIND;
    a sanitizer's runtime does not go with the latter."""
    mode = os.RTLD_NOW | os.RTLD_LOCAL
    process = ctypes.CDLL(None)
    if hasattr(os, "RTLD_DEEPBIND") and not hasattr(process, "__asan_init") and not hasattr(process, "__tsan_init"):
        mode |= os.RTLD_DEEPBIND
    return mode


def _open(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path, mode=_mode())
    _structures.declare(library)
    found = int(library.neuron_ws_abi_version())
    if found != ABI_VERSION:
        raise OSError(f"its ABI is version {found}, and this package needs {ABI_VERSION}")
    return library


def _reason(error: Exception) -> str:
    """Why a library does not load, and what to do where something beside it is missing or too old."""
    text = str(error)
    if missing := re.match(r"([^/:]+): cannot open shared object file", text):
        if missing[1] == SONAME:
            return text
        what = next((what for start, what in SYSTEM.items() if missing[1].startswith(start)), "the package that has it")
        return f"it needs {missing[1]}, which this system does not have: install {what}"
    if old := re.search(r"version `(GLIBC|OPENSSL)_([\d.]+)' not found", text):
        name = {"GLIBC": "glibc", "OPENSSL": "OpenSSL"}[old[1]]
        return f"{text}; this system's {name} is older than {old[2]}, which it needs"
    return text


def load() -> ctypes.CDLL:
    """The library, with its prototypes declared. LibraryNotFound where there is none that fits."""
    tried = []
    for path in candidates():
        if "/" in path and not os.path.exists(path):
            tried.append(f"{path}: no such file")
            continue
        try:
            return _open(path)
        except (OSError, AttributeError) as error:
            tried.append(f"{path}: {_reason(error)}")
    rule = "NEURON_WS_LIBRARY is set, so nothing else was tried"
    advice = rule if os.environ.get("NEURON_WS_LIBRARY") else "set NEURON_WS_LIBRARY to the library's path"
    raise LibraryNotFound("libneuron_ws.so could not be loaded; " + advice + ".\n  " + "\n  ".join(tried))


library = load()


def check(status: int) -> None:
    """Raises the exception of a status other than OK, with the library's sentence about it."""
    if status == 0:
        return
    name: bytes = library.neuron_ws_status_name(status)
    detail: bytes = library.neuron_ws_last_error()
    raise error_for(Status(status), name.decode(), in_python(detail.decode("utf-8", "replace")))


def written(write: Callable[..., int]) -> str:
    """What ``write`` puts into a buffer, whose size and length it gets; where that grows meanwhile, again."""
    size = 16384
    length = ctypes.c_size_t()
    while True:
        buffer = ctypes.create_string_buffer(size)
        status = write(buffer, size, ctypes.byref(length))
        if status == Status.BUFFER_TOO_SMALL:
            size = length.value
            continue
        check(status)
        return buffer.raw[: length.value].decode()
