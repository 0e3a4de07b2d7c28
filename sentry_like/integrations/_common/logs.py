"""What integrations of logging libraries share: levels, whom they ignore, and what becomes of a line.

Process-wide state: the patterns of ignored loggers.
"""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase

from sentry_like.breadcrumbs import Crumb
from sentry_like.capture.names import FILTERED
from sentry_like.integrations._common.logtext import MAX_TEXT, can_wait, put_together
from sentry_like.transport.base import THREAD_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.hub import Hub
    from sentry_like.integrations._common.logtext import Statement
    from sentry_like.types import Breadcrumb, Event, ExcInfo, Hint

DEBUG, INFO, WARNING, ERROR, FATAL = 10, 20, 30, 40, 50
OFF = float("inf")
"""The level that no line reaches."""
SEVERITIES = ((FATAL, "fatal"), (ERROR, "error"), (WARNING, "warning"), (INFO, "info"))
LEVELS = {
    "notset": 0,
    "trace": 5,
    "debug": DEBUG,
    "info": INFO,
    "success": 25,
    "warning": WARNING,
    "warn": WARNING,
    "error": ERROR,
    "exception": ERROR,
    "critical": FATAL,
    "fatal": FATAL,
}
"""The numbers of the names that the libraries have in common."""
MAX_NAME = 64
"""Characters of a logger's name (protocol, "Size/depth limits")."""
MAX_ITEMS = 20
"""Values that go along with a line and may wait."""


def threshold(level: float | str | None) -> float:
    """The number from which on something happens; `None` is never.

    Raises:
        ValueError: no level has that name.
    """
    if level is None:
        return OFF
    if not isinstance(level, str):
        return level
    number = LEVELS.get(level.lower())
    if number is None:
        raise ValueError(f"no log level is called {level!r}; known are {', '.join(LEVELS)}")
    return number


def severity(number: float) -> str:
    """The protocol's level of a number: the nearest one below (protocol, "Breadcrumbs")."""
    for least, name in SEVERITIES:
        if number >= least:
            return name
    return "debug"


class Ignored:
    """The loggers nothing is made of, told by name or `fnmatch` pattern; any thread may call it.

    `known` holds the judgements that were asked for, by name.
    """

    def __init__(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        self.known: dict[str, bool] = {}

    def set(self, patterns: tuple[str, ...]) -> None:
        self.patterns = patterns
        self.known = {}  # a new one: another thread may be about to write into the old

    def covers(self, name: Any) -> bool:
        known = self.known
        found = known.get(name)
        if found is None:
            if len(known) >= 1000:
                known.clear()
            text = str(name).strip()
            found = known[name] = any(fnmatchcase(text, pattern) for pattern in self.patterns)
        return found


ignored = Ignored(("sentry_like", "sentry_like.*", "urllib3.connectionpool", "urllib3.connection"))


def ignore_logger(name: str) -> None:
    """Make neither events nor breadcrumbs of what this logger says, from now on and in the whole process.

    `name` may be an `fnmatch` pattern: `"celery.*"`. A name alone says nothing of the loggers below it.
    """
    if name not in ignored.patterns:
        ignored.set((*ignored.patterns, name))


def unignore_logger(name: str) -> None:
    """Take back `ignore_logger` of the same name or pattern, also for what is ignored by default."""
    ignored.set(tuple(pattern for pattern in ignored.patterns if pattern != name))


class Busy(threading.local):
    """The block in which this thread makes something of a line.

    What foreign code (a `__str__`, a hook) logs meanwhile is let pass, for it might never end.
    """

    here = False

    def __enter__(self) -> None:
        self.here = True

    def __exit__(self, *_: object) -> None:
        self.here = False


busy = Busy()


def is_unwanted(logger: str, thread: str | None) -> bool:
    """Whether nothing is made of a line, whatever its level.

    Its logger is ignored, or this thread is busy with another line, or it comes from the thread that sends,
    which would have more and more to send.
    """
    is_ignored = ignored.known.get(logger)
    if is_ignored is None:
        is_ignored = ignored.covers(logger)
    return is_ignored or busy.here or (thread or threading.current_thread().name) == THREAD_NAME


class Thresholds:
    """From which levels on a line becomes a breadcrumb, and an event."""

    def __init__(self, level: float | str | None, event_level: float | str | None) -> None:
        self.level = threshold(level)
        self.event_level = threshold(event_level)
        self.lowest = min(self.level, self.event_level)

    def without(self, others: Thresholds, level: float) -> Thresholds:
        """What is left to do for a line of this level when others do their part."""
        return Thresholds(
            OFF if level >= others.level else self.level,
            OFF if level >= others.event_level else self.event_level,
        )


class LogCrumb(Crumb):
    """The breadcrumb of a line, whose message is put together when an event needs it.

    Until then `fields` are `(logger, level, template, args, time, data)`.
    """

    __slots__ = ()

    def make(self) -> Breadcrumb:
        fields: Any = self.fields
        if type(fields) is dict:  # another thread has finished it meanwhile
            return fields
        logger, level, template, args, created, data = fields
        made = {
            "type": "log",
            "category": logger,
            "level": severity(level),
            "message": put_together(template, args),
            "timestamp": created,
        }
        if data:
            made["data"] = data
        return made


class Line:
    """One log line, whichever library it came from. Not kept longer than the call lasts.

    `data` is what goes along, as given. `wants_stack` says that the line asked for the stack, or for an
    exception where none was active; `frame` finds the place that logged.
    """

    __slots__ = (
        *("_safe_data", "created", "data", "exc_info", "frame", "hint", "level", "logger", "mechanism"),
        *("statement", "wants_stack"),
    )

    def __init__(
        self,
        *,
        logger: str | None,
        level: float,
        statement: Statement,
        created: float,
        data: Mapping[str, Any],
        exc_info: ExcInfo | None,
        wants_stack: bool,
        frame: Callable[[], FrameType | None],
        mechanism: str,
        hint: Hint,
    ) -> None:
        self.logger = logger
        self.level = level
        self.statement = statement
        self.created = created
        self.data = data
        self.exc_info = exc_info
        self.wants_stack = wants_stack
        self.frame = frame
        self.mechanism = {"type": mechanism, "handled": True}
        self.hint = hint if exc_info is None else {**hint, "exc_info": exc_info}
        self._safe_data: Any = None

    def tell(self, hub: Hub, *, event: bool, crumb: bool) -> None:
        """Make of it what is wanted; the breadcrumb comes after the event, which speaks for itself."""
        client: Any = hub.client
        if client is None:
            return
        if event:
            self.wants_stack = self.wants_stack or (
                self.exc_info is None and client.options.attach_stacktrace
            )
            hub.capture_built(self._event, self.hint, self.mechanism)
        if crumb:
            hub.keep_crumb(self._crumb(client), self.hint)

    def _event(self, cleaning: Cleaning) -> Event:
        statement = self.statement
        text, source = statement.text(cleaning), statement.source(cleaning)
        hidden = self._secrets(cleaning.scrubber)
        made: Event = {
            "level": severity(self.level),
            "logentry": {
                "message": cleaning.text(without(hidden, source), MAX_TEXT, ("logentry", "message")),
                "formatted": cleaning.text(without(hidden, text), MAX_TEXT, ("logentry", "formatted")),
                "params": statement.params(cleaning, without(hidden, text)),
            },
        }
        if self.logger:
            made["logger"] = cleaning.text(" ".join(self.logger.split()), MAX_NAME, ("logger",))
        if self.data:
            made["extra"] = self._safe(cleaning)
        if self.wants_stack or (self.exc_info is not None and self.exc_info[2] is None):
            made.update(cleaning.threads(self.frame()))
        return made

    def _crumb(self, client: Any) -> LogCrumb:
        statement, data = self.statement, self.data
        template, args = statement.template, statement.args
        if data or not statement.can_wait():
            cleaning = client.start_cleaning()
            hidden = self._secrets(cleaning.scrubber)
            if hidden or not statement.can_wait():
                template, args = without(hidden, statement.text(cleaning)), ()
            data = dict(data) if _is_flat(data) else self._safe(cleaning)
        category = self.logger or self.mechanism["type"]
        fields: Any = (category, self.level, template, args, self.created, data)
        return LogCrumb(fields)

    def _safe(self, cleaning: Cleaning) -> Any:
        """The data as JSON-safe data; worked out once."""
        if self._safe_data is None:
            self._safe_data = cleaning.bag(dict(self.data), ("extra",))
        return self._safe_data

    def _secrets(self, scrubber: Any) -> list[str]:
        """The texts that go along under secret names, which the message may hold as well."""
        return [
            value
            for name, value in self.data.items()
            if type(value) is str and value and type(name) is str and scrubber.is_secret(name)
        ]


def without(secrets: list[str], text: str) -> str:
    """A text without some secrets."""
    for secret in secrets:
        text = text.replace(secret, FILTERED)
    return text


def _is_flat(data: Mapping[str, Any]) -> bool:
    """Whether a few short texts and numbers are all that is in it."""
    return len(data) <= MAX_ITEMS and can_wait("", tuple(data.values()))
