# SPDX-License-Identifier: Apache-2.0
"""A node's settings as the library takes them, and what is wrong with them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Union

from ._library import check, library, written
from ._structures import FaultCallback, RemarkCallback
from ._values import c_text, json_text, utf8
from ._wording import in_python
from .enums import ODAFile, Status

Settings = Union[Mapping[str, object], str]


def settings_text(settings: Settings) -> bytes:
    """The document as an argument that ends with NUL."""
    return c_text(settings, "the settings") if isinstance(settings, str) else json_text(settings)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one setting.

    key   the setting; ``""`` where the document as a whole is none
    text  a sentence that names the key, what it holds and what it takes; never a secret
    """

    key: str
    text: str


def check_settings(settings: Settings) -> list[Fault]:
    """All that is wrong with settings, without making a node of them; empty where a node takes them. Any thread.

    Reads the files that ``ca``, ``cert`` and ``key`` name. Of more than a thousand faults the last one tells how many
    there are besides.
    Raises NoMemory; TypeError and ValueError for a dictionary that JSON has no form for.
    """
    document = utf8(settings) if isinstance(settings, str) else json_text(settings)
    faults: list[Fault] = []

    def found(key: bytes, text: bytes, context: Optional[int]) -> None:
        faults.append(Fault(key.decode("utf-8", "replace"), in_python(text.decode("utf-8", "replace"))))

    status = library.neuron_ws_settings_check(document, len(document), FaultCallback(found), None)
    if status != Status.INVALID_SETTINGS:
        check(status)
    return faults


_ODA_FILES = (
    ("es.amplia.oda.connector.websocket.cfg", ODAFile.CONNECTOR),
    ("es.amplia.oda.datastreams.deviceinfo.cfg", ODAFile.DEVICE_INFO),
    ("es.amplia.oda.datastreams.deviceinfofx30.cfg", ODAFile.DEVICE_INFO),
    ("es.amplia.oda.dispatcher.opengate.cfg", ODAFile.DISPATCHER),
)


def settings_from_oda(
    path: Union[str, os.PathLike[str]], on_remark: Optional[Callable[[str], None]] = None
) -> dict[str, Any]:
    """The settings that the files of OpenGate's own agent, ODA, make: of its configuration directory, or of its
    connector's file alone. They hold the API key. Any thread.

    ``on_remark`` is called with a sentence for what of them is taken otherwise, or not at all.
    Raises SettingsError for what is missing or wrong, OSError where a file cannot be read.
    """
    place = Path(path)
    files = [(place, ODAFile.CONNECTOR)]
    if place.is_dir():
        files = [(place / name, kind) for name, kind in _ODA_FILES]
        files = files[:1] + [(file, kind) for file, kind in files[1:] if file.exists()]
    settings = "{}"
    for file, kind in files:
        settings = settings_from_oda_text(file.read_bytes(), kind, settings, on_remark)
    document: dict[str, Any] = json.loads(settings)
    return document


def settings_from_oda_text(
    text: Union[str, bytes], file: ODAFile, settings: Settings = "{}",
    on_remark: Optional[Callable[[str], None]] = None,
) -> str:
    """The settings, as JSON, that one file's content makes, behind those that there are. Any thread."""
    content = text.encode() if isinstance(text, str) else text
    earlier = settings_text(settings)
    remarks: list[str] = []

    def remarked(remark: bytes, context: Optional[int]) -> None:
        remarks.append(remark.decode("utf-8", "replace"))

    callback = RemarkCallback(remarked)

    def call(*room: Any) -> int:
        remarks.clear()
        return int(
            library.neuron_ws_settings_from_oda(content, len(content), int(file), earlier, callback, None, *room)
        )

    document = written(call)
    if on_remark is not None:
        for remark in remarks:
            on_remark(remark)
    return document
