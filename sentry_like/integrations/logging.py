"""Log records of the standard library as breadcrumbs, and from `ERROR` on as events.

Lays itself around `Logger.callHandlers`: so it needs no handler, sees what filters of handlers added or
masked, and costs nothing where a logger is not enabled. Records are read, never changed, and not kept.
"""

from __future__ import annotations

import logging
import os
import sys
from functools import wraps

from sentry_like.errors import contained, is_applications_own
from sentry_like.hub import Hub, exc_info_of
from sentry_like.integrations._common.callers import frame_outside, has_caller_in
from sentry_like.integrations._common.disguise import disguised
from sentry_like.integrations._common.logpaths import (
    forwarding,
    left_over,
    may_be_handed_on,
)
from sentry_like.integrations._common.logs import (
    Line,
    LogCrumb,
    Thresholds,
    busy,
    ignore_logger,
    ignored,
    is_unwanted,
    unignore_logger,
)
from sentry_like.integrations._common.logtext import Finished, Statement, can_wait
from sentry_like.integrations._common.patch import replace
from sentry_like.integrations.base import Integration
from sentry_like.units import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

__all__ = [
    "BreadcrumbHandler",
    "EventHandler",
    "LoggingIntegration",
    "SentryHandler",
    "ignore_logger",
    "unignore_logger",
]

PLAIN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None)))
PLAIN_SIZE = len(PLAIN)
STANDARD = PLAIN | {"message", "asctime", "taskName"}
"""Attributes that every record has, or gets from formatters (of all versions)."""
NONE: dict[str, Any] = {}
GET_MESSAGE = logging.LogRecord.getMessage


class LoggingIntegration(Thresholds, Integration):
    """Breadcrumbs from `level` on and events from `event_level` on; numbers or names, `None` for neither."""

    identifier = "logging"

    def __init__(
        self, level: int | str | None = logging.INFO, event_level: int | str | None = logging.ERROR
    ) -> None:
        super().__init__(level, event_level)

    def setup_once(self) -> None:
        replace(logging.Logger, "callHandlers", self.identifier, witnessed)


def witnessed(original: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
    """`callHandlers` such that `see` is shown each record once its handlers are done.

    Cheaper than `around`: nothing is asked that `see` asks again.
    """

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> Any:
        try:
            return original(self, record)
        finally:
            if switch.identifier is not None:
                try:
                    see(record)
                except BaseException as error:
                    if switch.passes(error):
                        raise
                    switch.absorb(error)

    return wraps(original)(disguised(call_handlers, original))


def see(record: logging.LogRecord) -> None:
    """Make of a record what the current client wants."""
    active = carried.get(None)  # by hand what `Hub.current` does, for this is called for every record
    hub = active.hub if active is not None and active.unit.is_running() else Hub.current
    client: Any = hub.client
    integration = getattr(client, "integrations", NONE).get("logging")
    level = record.levelno
    if integration is None or level < integration.lowest:
        return
    options = client.options
    if level < integration.event_level and options.before_breadcrumb is None:
        crumb = simple_crumb(record)
        if crumb is not None and not (forwarding and may_be_handed_on(sys._getframe(2))):
            hub.scope.push_crumb(crumb, options.max_breadcrumbs)
            return
    tell(hub, record, integration, sys._getframe(2))


def simple_crumb(record: logging.LogRecord) -> LogCrumb | None:
    """The breadcrumb of a record, if text and numbers are all there is to it and its logger is not ignored.

    No foreign code runs here, so it does not matter what else this thread is at.
    """
    attributes = record.__dict__
    more = len(attributes) - PLAIN_SIZE
    if more and more != ("message" in attributes) + ("asctime" in attributes):
        return None
    name, template, args = record.name, record.msg, record.args
    if record.exc_info or type(record).getMessage is not GET_MESSAGE or not can_wait(template, args):
        return None
    if ignored.known.get(name) is not False:  # ignored, or not judged yet
        return None
    fields: Any = (name, record.levelno, template, args, record.created, None)
    return LogCrumb(fields)


def tell(hub: Hub, record: logging.LogRecord, thresholds: Thresholds, frame: FrameType | None) -> None:
    """Make of a record what the thresholds ask for, unless who passed it on does; `frame` is its caller's."""
    if is_unwanted(record.name, record.threadName):
        return
    with busy:
        args = record.args if isinstance(record.args, tuple) else ()
        event, crumb = left_over(hub, thresholds, record.levelno, frame, (record.msg, *args), record)
        if event or crumb:
            line_of(record).tell(hub, event=event, crumb=crumb)


def line_of(record: logging.LogRecord) -> Line:
    exc_info = exc_info_of(record.exc_info)
    return Line(
        logger=record.name,
        level=record.levelno,
        statement=statement_of(record),
        created=record.created,
        data={name: value for name, value in record.__dict__.items() if name not in STANDARD},
        exc_info=exc_info,
        wants_stack=bool(record.stack_info) or (exc_info is None and bool(record.exc_info)),
        frame=lambda: calling_frame(record),
        mechanism="logging",
        hint={"log_record": record},
    )


def statement_of(record: logging.LogRecord) -> Statement:
    """The message; of a record that puts it together in a way of its own, the text."""
    if type(record).getMessage is not GET_MESSAGE:
        try:
            return Finished(record.getMessage(), record.msg if type(record.msg) is str else None)
        except BaseException as error:  # it is the application's, and may raise anything
            if is_applications_own(error):
                raise
    return Statement(record.msg, record.args)


def calling_frame(record: logging.LogRecord) -> FrameType | None:
    """The frame that the record names, with regard to `stacklevel`; else the one that called `logging`."""
    outside = frame_outside("logging")
    frame = outside
    while frame is not None:
        if frame.f_lineno == record.lineno and frame.f_code.co_filename == record.pathname:
            return frame
        frame = frame.f_back
    return outside


class SentryHandler(logging.Handler):
    """Sends each record that it gets as an event, unless the integration does.

    For loggers that are to be treated in their own way, or where the integration is off.
    """

    def emit(self, record: logging.LogRecord) -> None:
        take(record, Thresholds(None, logging.NOTSET))


class BreadcrumbHandler(logging.Handler):
    """Keeps a breadcrumb of each record that it gets, unless the integration does."""

    def emit(self, record: logging.LogRecord) -> None:
        take(record, Thresholds(logging.NOTSET, None))


EventHandler = SentryHandler
"""The name that 2.x users know."""


def take(record: logging.LogRecord, thresholds: Thresholds) -> None:
    """What a handler does with a record.

    The integration has seen it if it is of this process, though it may come through a queue now; unless a
    sink of loguru made it.
    """
    with contained("a logging handler"):
        hub, frame = Hub.current, sys._getframe(1)
        integration = hub.get_integration("logging")
        is_of_here = record.process in (None, os.getpid())
        if integration is not None and is_of_here and not has_caller_in(frame, "loguru"):
            thresholds = thresholds.without(integration, record.levelno)
        tell(hub, record, thresholds, frame)
