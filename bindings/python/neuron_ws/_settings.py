"""A node's settings as the library takes them, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional, Union

from ._library import check, library
from ._structures import FaultCallback
from ._values import c_text, json_text, utf8
from ._wording import in_python
from .enums import Status

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
