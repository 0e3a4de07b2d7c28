"""Loguru's messages as breadcrumbs, and from `ERROR` on as events.

Listens through a sink of its own, which comes back when the application removes all sinks. The sink writes
nothing: its filter sees each record, so that no message is formatted for it and no lock of loguru is held.
"""

from __future__ import annotations

import sys
from functools import wraps

import loguru

from sentry_like.errors import contained, describe, is_applications_own, voice
from sentry_like.hub import Hub, exc_info_of
from sentry_like.integrations._common.callers import frame_outside
from sentry_like.integrations._common.logpaths import forwarding, left_over
from sentry_like.integrations._common.logs import (
    ERROR,
    INFO,
    OFF,
    Line,
    Thresholds,
    busy,
    is_unwanted,
)
from sentry_like.integrations._common.logtext import Finished
from sentry_like.integrations._common.patch import on_uninstall, replace
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

    Record = dict[str, Any]
    Format = str | Callable[[Record], str]


MAX_FRAMES = 12
"""Between our filter and the call of `_log` that it is part of."""


class LoguruIntegration(Thresholds, Integration):
    """Breadcrumbs from `level` on and events from `event_level` on; numbers or names, `None` for neither.

    A format, as `logger.add` takes it but without colours, makes their text; by default that is the message
    alone.
    """

    identifier = "loguru"

    def __init__(
        self,
        level: int | str | None = INFO,
        event_level: int | str | None = ERROR,
        breadcrumb_format: Format | None = None,
        event_format: Format | None = None,
    ) -> None:
        super().__init__(level, event_level)
        self.breadcrumb_format = breadcrumb_format
        self.event_format = event_format
        ear.listen_from(self.lowest)

    def setup_once(self) -> None:
        forwarding.add(self.identifier)
        on_uninstall(self.identifier, lambda: forwarding.discard(self.identifier))
        ear.listen_from(self.lowest)
        ear.open()
        on_uninstall(self.identifier, ear.close)
        replace(type(loguru.logger), "remove", self.identifier, outliving)


class Ear:
    """Our sink, at the lowest level that any client of the process asked for."""

    def __init__(self) -> None:
        self.level = OFF
        self._is_open = False
        self._id: int | None = None

    def listen_from(self, level: float) -> None:
        if level < self.level:
            self.level = level
            if self._is_open:
                self._take_away()
                self.put_into(loguru.logger)

    def open(self) -> None:
        self._is_open = True
        self.put_into(loguru.logger)

    def close(self) -> None:
        self._take_away()
        self.__init__()  # type: ignore[misc]  # back to how the process began

    def put_into(self, logger: Any) -> None:
        """Add the sink to a logger: the one of the process, or a copy, which has sinks of its own."""
        if self.level != OFF:
            added = logger.add(nowhere, level=int(self.level), format=nothing, filter=notice, catch=False)
            if core_of(logger) is core_of(loguru.logger):
                self._id = added

    def _take_away(self) -> None:
        if self._id is not None:
            try:
                loguru.logger.remove(self._id)
            except ValueError:  # somebody did
                self._id = None


ear = Ear()


def core_of(logger: Any) -> object:
    """What a logger has in common with those that were bound from it."""
    return getattr(logger, "_core", logger)


def nowhere(message: str) -> None:
    """The sink, which gets nothing."""


def nothing(record: Record) -> str:
    """Its format."""
    return ""


def notice(record: Record) -> bool:
    """Its filter: sees every record, and lets none through."""
    with contained("loguru"):
        see(record)
    return False


def outliving(original: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
    """`logger.remove` such that our sink is back when all were removed, whichever client is current."""

    @wraps(original)
    def remove(self: Any, handler_id: int | None = None) -> Any:
        result = original(self, handler_id)
        if handler_id is None and switch.identifier is not None:
            with contained("loguru"):
                ear.put_into(self)
        return result

    return remove


def see(record: Record) -> None:
    """Make of a record what the current client wants, unless who passed it on does."""
    hub = Hub.current
    integration = hub.get_integration("loguru")
    level, name = record["level"].no, record["name"]
    if integration is None or level < integration.lowest or is_unwanted(name, record["thread"].name):
        return
    with busy:
        event, crumb = left_over(hub, integration, level, frame_outside("loguru"), (record["message"],))
        if event:
            line_of(record, integration.event_format).tell(hub, event=True, crumb=False)
        if crumb:
            line_of(record, integration.breadcrumb_format).tell(hub, event=False, crumb=True)


def line_of(record: Record, style: Format | None) -> Line:
    given = record["exception"]
    exc_info = None if given is None else exc_info_of(tuple(given))
    return Line(
        logger=record["name"],
        level=record["level"].no,
        statement=statement_of(record) if style is None else Finished(formatted(record, style)),
        created=record["time"].timestamp(),
        data=record["extra"],
        exc_info=exc_info,
        wants_stack=given is not None and exc_info is None,
        frame=lambda: frame_outside("loguru"),
        mechanism="loguru",
        hint={"loguru_record": record},
    )


def statement_of(record: Record) -> Finished:
    """The message, with its template and what filled it, as the caller of our filter has them."""
    frame = frame_of_call()
    if frame is None:
        return Finished(record["message"])
    call: Any = frame.f_locals
    template, args, named = call.get("message"), call.get("args"), call.get("kwargs")
    if type(template) is not str or not (args or named):
        return Finished(record["message"])
    values = list(args or ()) or {name: value for name, value in named.items() if name != "record"}
    return Finished(record["message"], template, values)


def frame_of_call() -> FrameType | None:
    """The frame in which loguru works on the message that our filter is shown."""
    frame: FrameType | None = sys._getframe(1)
    for _ in range(MAX_FRAMES):
        if frame is None or (
            frame.f_code.co_name == "_log" and frame.f_globals.get("__name__") == "loguru._logger"
        ):
            return frame
        frame = frame.f_back
    return None


def formatted(record: Record, style: Format) -> str:
    """The record in a format of the user's; the message alone where the format fails."""
    try:
        template = style(record) if callable(style) else style
        return template.format_map({**record, "exception": ""})
    except BaseException as error:  # functions and objects of the application may raise anything
        if is_applications_own(error):
            raise
        voice.once("loguru format", f"a format for loguru fails, messages go as they are: {describe(error)}")
        message: str = record["message"]
        return message
