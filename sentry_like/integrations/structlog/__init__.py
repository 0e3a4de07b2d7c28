"""What structlog's loggers are told, as breadcrumbs, and from `error` on as events.

Lays itself around `BoundLoggerBase._process_event`, through which every logger passes what it is told,
whatever its configuration; what a processor drops is not reported. The values are read where the chain is
about to render them, so that they are what the processors made of them.
"""

from __future__ import annotations

import logging
import sys
from copy import copy
from functools import wraps
from time import time

import structlog

from sentry_like.errors import contained
from sentry_like.hub import Hub, exc_info_of
from sentry_like.integrations._common.callers import frame_outside
from sentry_like.integrations._common.disguise import disguised
from sentry_like.integrations._common.logpaths import forwarding, left_over
from sentry_like.integrations._common.logs import (
    ERROR,
    INFO,
    LEVELS,
    Line,
    Thresholds,
    busy,
    is_unwanted,
)
from sentry_like.integrations._common.logtext import Finished
from sentry_like.integrations._common.patch import on_uninstall, replace
from sentry_like.integrations.base import Integration
from sentry_like.integrations.structlog.errand import send_on_errands

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

    Fields = dict[str, Any]

__all__ = ["SentryProcessor", "StructlogIntegration"]

ABOUT_THE_LINE = frozenset(
    [
        *("event", "level", "level_number", "log_level", "logger", "logger_name", "timestamp", "exc_info"),
        *("exception", "stack", "stack_info", "positional_args", "_record", "_from_structlog"),
    ]
)
"""Keys of an event dictionary that say what we say ourselves, or hold no data."""


class StructlogIntegration(Thresholds, Integration):
    """Breadcrumbs from `level` on and events from `event_level` on; numbers or names, `None` for neither."""

    identifier = "structlog"

    def __init__(self, level: int | str | None = INFO, event_level: int | str | None = ERROR) -> None:
        super().__init__(level, event_level)

    def setup_once(self) -> None:
        forwarding.add(self.identifier)
        on_uninstall(self.identifier, lambda: forwarding.discard(self.identifier))
        replace(structlog.BoundLoggerBase, "_process_event", self.identifier, watched)
        for name in ("stdlib", "_native", "_log_levels"):  # where its asynchronous methods are
            send_on_errands(getattr(structlog, name, None), self.identifier)


class SentryProcessor(Thresholds):
    """A processor that reports what passes it, by its own levels; the integration leaves its chain alone.

    For a place of one's own choice: behind what drops or redacts, before `format_exc_info`.
    """

    def __init__(self, level: int | str | None = INFO, event_level: int | str | None = ERROR) -> None:
        super().__init__(level, event_level)

    def __call__(self, logger: Any, method_name: str, event_dict: Fields) -> Fields:
        with contained("structlog"):
            if not busy.here and level_of(method_name, event_dict) >= self.lowest:
                report(Hub.current, self, Told(logger, method_name, dict(event_dict)))
        return event_dict


class Told:
    """What a logger was told: `fields` is its event dictionary, `given` what stands for an exception."""

    __slots__ = ("fields", "given", "level", "logger", "source", "wants_stack")

    def __init__(self, logger: Any, method_name: str, fields: Fields) -> None:
        given = fields.get("exc_info", method_name == "exception")
        is_exception = isinstance(given, (BaseException, tuple))
        self.given = given if is_exception or not given else sys.exc_info()
        self.fields = fields
        self.level = level_of(method_name, fields)
        self.logger = logger
        self.source = fields["event"] if fields.get("positional_args") else None
        self.wants_stack = bool(fields.get("stack_info"))

    def look_at(self, logger: Any, method_name: str, event_dict: Any) -> Any:
        """The processor that finds out what the ones before it made of the fields."""
        if isinstance(event_dict, dict):
            self.fields = dict(event_dict)
        return event_dict

    def name(self) -> str | None:
        """The logger's name, where it has one."""
        fields = self.fields
        names = (fields.get("logger"), fields.get("logger_name"), getattr(self.logger, "name", None))
        return next((name for name in names if type(name) is str), None)

    def line(self) -> Line:
        exc_info = exc_info_of(self.given)
        return Line(
            logger=self.name(),
            level=self.level,
            statement=Finished(self.fields.get("event", ""), self.source),
            created=time(),
            data={name: value for name, value in self.fields.items() if name not in ABOUT_THE_LINE},
            exc_info=exc_info,
            wants_stack=self.wants_stack or (exc_info is None and bool(self.given)),
            frame=lambda: frame_outside("structlog"),
            mechanism="structlog",
            hint={"structlog_event": self.fields},
        )


def report(hub: Hub, thresholds: Thresholds, told: Told) -> None:
    """Make of it what the thresholds ask for, unless who passed it on does."""
    if hub.client is None or is_unwanted(told.name() or "structlog", None):
        return
    with busy:
        texts, record = (told.fields.get("event"),), told.fields.get("_record")
        event, crumb = left_over(hub, thresholds, told.level, frame_outside("structlog"), texts, record)
        if event or crumb:
            told.line().tell(hub, event=event, crumb=crumb)


def level_of(method_name: str, fields: Mapping[str, Any]) -> int:
    """The number of a method's name; of one that is not known by the level that processors found."""
    known = LEVELS.get(method_name)
    return LEVELS.get(str(fields.get("level")), INFO) if known is None else known


# -- the patch


def watched(original: Callable[..., Any], switch: Switch) -> Callable[..., Any]:
    """`_process_event` such that the chain of processors has a look of ours in it."""

    def process_event(self: Any, method_name: str, event: Any, event_kw: Fields) -> Any:
        watch = None
        if switch.identifier is not None and not busy.here:
            with contained("structlog"):
                watch = watch_over(self, method_name, {**self._context, **event_kw, "event": event})
        if watch is None:
            return original(self, method_name, event, event_kw)
        result = original(watch.twin, method_name, event, event_kw)
        with contained("structlog"):
            watch.report()
        return result

    return wraps(original)(disguised(process_event, original))


class Watch:
    """One pass through the chain: `twin` is the logger with a look of ours before its last processor, where
    lines are rendered.
    """

    __slots__ = ("_hub", "_thresholds", "_told", "twin")

    def __init__(self, hub: Hub, thresholds: Thresholds, bound: Any, told: Told) -> None:
        self._hub = hub
        self._thresholds = thresholds
        self._told = told
        self.twin = copy(bound)
        processors = [*bound._processors]
        self.twin._processors = [*processors[:-1], told.look_at, *processors[-1:]]

    def report(self) -> None:
        report(self._hub, self._thresholds, self._told)


def watch_over(bound: Any, method_name: str, fields: Fields) -> Watch | None:
    """A watch, if what the logger is told may be wanted and no processor of ours sees to it."""
    hub = Hub.current
    integration = hub.get_integration("structlog")
    level, logger = level_of(method_name, fields), bound._logger
    if integration is None or level < integration.lowest:
        return None
    if isinstance(logger, logging.Logger) and not logger.isEnabledFor(level):
        return None
    if any(isinstance(one, SentryProcessor) for one in bound._processors):
        return None
    return Watch(hub, integration, bound, Told(logger, method_name, fields))
