"""Who passes a log line on: a handler of `logging` that forwards to loguru, a sink that does the reverse,
structlog that renders into either. Such a line must not be told twice.

It is seen by the stack: while a library hands its line to somebody who logs it again, the function that does
so is among the callers, with the line among its variables.
"""

from __future__ import annotations

import re

from sentry_like.integrations._common.callers import OUR_TRANSPORT, has_caller_in
from sentry_like.integrations._common.logs import INFO, LEVELS, Thresholds, ignored
from sentry_like.integrations._common.logtext import can_wait, put_together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FrameType
    from typing import Any

    from sentry_like.hub import Hub

MAX_FRAMES = 16
"""How far up it is looked for somebody who passes lines on."""

PLACEHOLDER = re.compile(r"%(?:\([^)]*\))?[-#0 +]*[\d*]*(?:\.[\d*]+)?[a-zA-Z%]")
"""What a template has in the place of an argument."""

forwarding: set[str] = set()
"""The integrations set up, besides that of `logging`, whose libraries may pass lines on to it."""


class Outer:
    """A line that is being handed on.

    `parts` are texts that whoever hands it on must use: all of it, or where that could not be told without
    asking objects of the application, what stands between them. `own` are thresholds that count instead of
    the integration's.
    """

    __slots__ = ("identifier", "level", "logger", "own", "parts", "record")

    def __init__(
        self,
        identifier: str,
        level: float,
        logger: object,
        *,
        parts: tuple[str, ...] = (),
        record: object = None,
        own: Thresholds | None = None,
    ) -> None:
        self.identifier = identifier
        self.level = level
        self.logger = logger
        self.parts = parts
        self.record = record
        self.own = own

    def is_same(self, texts: tuple[object, ...], record: object) -> bool:
        """Whether another line, of these texts or this record, says the same."""
        if not self.parts or (record is not None and record is self.record):
            return True
        return any(all(part in text for part in self.parts) for text in texts if isinstance(text, str))


def left_over(
    hub: Hub,
    thresholds: Thresholds,
    level: float,
    frame: FrameType | None,
    texts: tuple[object, ...],
    record: object = None,
) -> tuple[bool, bool]:
    """`(event, crumb)`: whether they are to be made of a line, and no other integration does as its library
    hands the line on. No event while this thread sends what was captured, for it might never end.

    `texts` is what the line consists of, `record` the object that it is, `frame` where to look for callers.
    """
    event, crumb = level >= thresholds.event_level, level >= thresholds.level
    for outer in _outers(frame):
        if not outer.is_same(texts, record):
            break  # a line of its own, logged in the midst of passing on another
        others = outer.own or hub.get_integration(outer.identifier)
        if others is not None and not ignored.covers(outer.logger):
            event = event and outer.level < others.event_level
            crumb = crumb and outer.level < others.level
        record = outer.record
    return event and not has_caller_in(frame, OUR_TRANSPORT), crumb


def may_be_handed_on(frame: FrameType | None) -> bool:
    """Whether it is worth while to look closer."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            return False
        if frame.f_code.co_name in CARRIERS:
            return True
        frame = frame.f_back
    return False


def _outers(frame: FrameType | None) -> Iterator[Outer]:
    """The lines that callers of this frame are handing on, innermost first."""
    for _ in range(MAX_FRAMES):
        if frame is None:
            return
        module, read = CARRIERS.get(frame.f_code.co_name, NOBODY)
        if module is not None and frame.f_globals.get("__name__") == module:
            outer = read(frame.f_locals)
            if outer is None:
                return
            yield outer
        frame = frame.f_back


def _of_logging(variables: Mapping[str, Any]) -> Outer:
    record = variables["record"]
    args = record.args or ()
    parts: tuple[str, ...] = ()
    if can_wait(record.msg, args):
        parts = (put_together(record.msg, args),)
    elif isinstance(record.msg, str):
        parts = tuple(PLACEHOLDER.split(record.msg))
    return Outer("logging", record.levelno, record.name, parts=parts, record=record)


def _of_loguru(variables: Mapping[str, Any]) -> Outer:
    record = variables["record"] if "record" in variables else variables["message"].record
    return Outer("loguru", record["level"].no, record["name"], parts=(record["message"],))


def _of_structlog(variables: Mapping[str, Any]) -> Outer | None:
    """`None` while the processors are at work: what these log themselves is something else."""
    if "args" not in variables:
        return None
    processors = variables["self"]._processors
    own = next((one for one in processors if isinstance(one, Thresholds)), None)
    return Outer("structlog", LEVELS.get(variables["method_name"], INFO), None, own=own)


CARRIERS: dict[str, tuple[str | None, Callable[[Mapping[str, Any]], Outer | None]]] = {
    "callHandlers": ("logging", _of_logging),
    "emit": ("loguru._handler", _of_loguru),
    "_queued_writer": ("loguru._handler", _of_loguru),
    "_proxy_to_logger": ("structlog._base", _of_structlog),
}
"""Where libraries hand lines on: `{name of the function: (its module, how to read its variables)}`."""
NOBODY = (None, _of_structlog)
