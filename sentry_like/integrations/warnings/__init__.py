"""Notes the warnings that Python shows, as breadcrumbs or as events.

What filters, `-W` or `catch_warnings(record=True)` keep from being shown is not noted. What is printed stays
the same to the letter: the hook stands before `warnings.showwarning`, which is not handed the object that a
ResourceWarning is about and so could not tell where that was allocated. It also stands there whoever
replaces `showwarning`, and `catch_warnings` does not take it away.
"""

from __future__ import annotations

import sys
import warnings
from time import time

from sentry_like.breadcrumbs import Crumb
from sentry_like.errors import type_name
from sentry_like.hub import Hub, active_now
from sentry_like.integrations._common.callers import OUR_TRANSPORT, has_caller_in
from sentry_like.integrations._common.patch import before
from sentry_like.integrations.base import DidNotEnable, Integration
from sentry_like.integrations.warnings.event import (
    MAX_MESSAGE,
    event_of,
    place_of,
    title_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any

    Ignored = str | type[Warning]

LOGGER, WARNING_LEVEL = "py.warnings", 30
"""Where `logging.captureWarnings` has them logged, and at which level."""


class WarningsIntegration(Integration):
    """Keeps a breadcrumb for each warning that is shown; with `as_events` sends an event instead.

    `ignore` holds classes of warnings, and patterns as of `fnmatch` for the name of the class, the text, or
    both as `Name: text`.

    Raises:
        TypeError: `ignore` holds something else.
    """

    identifier = "warnings"

    def __init__(self, *, as_events: bool = False, ignore: Ignored | Iterable[Ignored] = ()) -> None:
        self.as_events = as_events
        self.ignore = (ignore,) if isinstance(ignore, (str, type)) else tuple(ignore)
        for one in self.ignore:
            if not isinstance(one, str) and not (isinstance(one, type) and issubclass(one, Warning)):
                raise TypeError(f"ignore holds {one!r}, which is neither a pattern nor a class of warnings")

    def setup_once(self) -> None:
        if not hasattr(warnings, "_showwarnmsg"):
            raise DidNotEnable("this Python shows warnings in another way than CPython")
        # What recorded warnings before we came, a test runner say, does not mean to inspect them itself.
        outer = recorder()

        @before(warnings, "_showwarnmsg", self.identifier)
        def show(message: warnings.WarningMessage) -> None:
            inner = recorder()
            if inner is None or inner is outer:
                note(message)

    def ignores(self, message: warnings.WarningMessage) -> bool:
        """Whether the settings leave this warning out."""
        if not self.ignore:
            return False
        from fnmatch import fnmatchcase

        name, text = type_name(message.category), str(message.message)
        return any(
            any(fnmatchcase(one, ignored) for one in (name, text, f"{name}: {text}"))
            if isinstance(ignored, str)
            else issubclass(message.category, ignored)
            for ignored in self.ignore
        )


def recorder() -> list[Any] | None:
    """Where `catch_warnings(record=True)` collects warnings now, in place of their being shown."""
    module: Any = warnings
    if module.showwarning is not module._showwarning_orig:
        return None
    context = module._get_context() if hasattr(module, "_get_context") else None  # since 3.14
    log = getattr(context, "log", None)
    if log is None:
        log = getattr(module._showwarnmsg_impl, "__self__", None)
    return log if isinstance(log, list) else None


def note(message: warnings.WarningMessage) -> None:
    """Keep a breadcrumb of a warning, or send its event."""
    hub = Hub.current
    integration = hub.get_integration(WarningsIntegration)
    if integration.ignores(message) or is_noted_by_logging(hub, as_event=integration.as_events):
        return
    if integration.as_events:
        send(hub, message, place_of(message))
    else:
        hub.keep_crumb(Crumb(crumb_of(message)), {"warning": message})


def is_noted_by_logging(hub: Hub, *, as_event: bool) -> bool:
    """Whether `logging.captureWarnings` has it logged, and the logging integration takes it from there."""
    logging = sys.modules.get("logging")
    if logging is None or warnings.showwarning is not getattr(logging, "_showwarning", None):
        return False
    integration = hub.get_integration("logging")
    level = getattr(integration, "event_level" if as_event else "level", None)
    if not isinstance(level, int) or level > WARNING_LEVEL:
        return False
    from sentry_like.integrations._common.logs import ignored

    return not ignored.covers(LOGGER)


def crumb_of(message: warnings.WarningMessage) -> dict[str, Any]:
    return {
        "timestamp": time(),
        "type": "default",
        "category": "warnings",
        "level": "warning",
        "message": title_of(message)[:MAX_MESSAGE],
        "data": {"filename": message.filename, "lineno": message.lineno},
    }


def send(hub: Hub, message: warnings.WarningMessage, frame: FrameType | None) -> None:
    """Send the event of a warning; not of those that our own sending meets, for there would be no end.

    A ResourceWarning may come up in the midst of a capture, when garbage is collected: it waits for the end
    of that one. Others that come up there are made by hooks, which each event would call again.
    """
    is_of_a_hook = active_now().unit.is_capturing and not issubclass(message.category, ResourceWarning)
    if is_of_a_hook or has_caller_in(frame, OUR_TRANSPORT):
        return
    hint = {"warning": message}
    hub.after_capture(lambda: hub.capture_built(lambda cleaning: event_of(message, frame, cleaning), hint))
