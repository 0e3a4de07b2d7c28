"""The event of a warning: what it says, where, and which warnings make one issue."""

from __future__ import annotations

import os
import sys

from sentry_like.errors import type_name
from sentry_like.integrations._common.callers import OUR_NAME, module_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import warnings
    from types import FrameType
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.types import Event

MAX_MESSAGE = 8192
NO_PLACE = (OUR_NAME, "warnings", "_py_warnings")
"""Packages whose code only stands between a warning and its cause."""


def event_of(message: warnings.WarningMessage, frame: FrameType | None, cleaning: Cleaning) -> Event:
    """Its message names the class, its stack leads to the line that the warning is about."""
    about: dict[str, Any] = {
        "class": f"{message.category.__module__}.{type_name(message.category)}",
        "filename": message.filename,
        "lineno": message.lineno,
        "allocated_at": allocation_of(getattr(message, "source", None)),
    }
    context = {name: value for name, value in about.items() if value is not None}
    return {
        "level": "warning",
        "logger": "warnings",
        "message": cleaning.text(title_of(message), MAX_MESSAGE, ("message",)),
        "fingerprint": fingerprint_of(message, frame),
        "contexts": {"warning": cleaning.bag(context, ("contexts", "warning"))},
        **cleaning.threads(frame),
    }


def fingerprint_of(message: warnings.WarningMessage, frame: FrameType | None) -> list[str]:
    """One issue for each place: told by module and source line, which outlive the line's number."""
    from linecache import getline

    where = os.path.basename(message.filename)
    if frame is not None and is_place(frame, message) and module_of(frame) != "__main__":
        where = module_of(frame)
    line = getline(message.filename, message.lineno).strip()
    return ["warnings", type_name(message.category), where, line or str(message.lineno)]


def place_of(message: warnings.WarningMessage) -> FrameType | None:
    """The frame that the warning is about; where it is about none, that of the code which gave rise to it."""
    nearest = None
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not is_place(frame, message):
        if nearest is None and module_of(frame).partition(".")[0] not in NO_PLACE:
            nearest = frame
        frame = frame.f_back
    return frame or nearest


def is_place(frame: FrameType, message: warnings.WarningMessage) -> bool:
    return frame.f_lineno == message.lineno and frame.f_code.co_filename == message.filename


def allocation_of(source: object) -> list[str] | None:
    """Where the object of a ResourceWarning was allocated, outermost line first, if `tracemalloc` knows."""
    if source is None:
        return None
    from tracemalloc import get_object_traceback

    stack = get_object_traceback(source)
    return None if stack is None else [str(line) for line in stack]


def title_of(message: warnings.WarningMessage) -> str:
    return f"{type_name(message.category)}: {message.message}"
