# SPDX-License-Identifier: Apache-2.0
"""Plays scenes: python3 -m scenes [--uvloop] [--few] [NAME…] - all without a name; prints each that ended well."""

from __future__ import annotations

import inspect
import sys
import warnings
from typing import Any, Callable

from . import cancelling, ending, loops, requests, sending
from .harness import loop_factory, play

_PREFIX = "scene_"

SCENES: dict[str, Callable[[], Any]] = {
    name[len(_PREFIX):]: scene
    for module in (sending, requests, ending, cancelling, loops)
    for name, scene in vars(module).items()
    if name.startswith(_PREFIX)
}


def run(name: str) -> None:
    """Plays one scene. AssertionError where it does not go as it should."""
    scene = SCENES[name]
    if inspect.iscoroutinefunction(scene):
        play(scene())
    else:
        scene()


def main(words: list[str]) -> None:
    if "--uvloop" in words:
        import uvloop

        loop_factory.append(uvloop.new_event_loop)
    if "--few" in words:
        sending.many.append(5_000)
    warnings.simplefilter("error")
    for name in [word for word in words if not word.startswith("-")] or SCENES:
        run(name)
        print(name, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
