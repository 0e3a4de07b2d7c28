"""Who called: frames of the running thread, told by the module that their code belongs to."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

OUR_NAME = __name__.partition(".")[0]
OUR_TRANSPORT = f"{OUR_NAME}.transport"
"""What it does on the caller's thread is not the application's doing."""


def frame_outside(*packages: str) -> FrameType | None:
    """The innermost frame of the running thread that is neither ours nor of these top packages."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and module_of(frame).partition(".")[0] in (OUR_NAME, *packages):
        frame = frame.f_back
    return frame


def has_caller_in(frame: FrameType | None, package: str) -> bool:
    """Whether a frame, or one of its callers, runs code of a package."""
    below = f"{package}."
    while frame is not None:
        module = module_of(frame)
        if module == package or module.startswith(below):
            return True
        frame = frame.f_back
    return False


def module_of(frame: FrameType) -> str:
    """The name of the module whose code a frame runs."""
    return str(frame.f_globals.get("__name__"))
