"""Captures what nothing caught: stands before `sys.excepthook`, and looks once more at exit.

The second look is for hooks that were put in its place later and do not call it, as tools do that print
tracebacks their own way.
"""

from __future__ import annotations

import sys

from sentry_like.errors import is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.endings import before_drain
from sentry_like.integrations._common.patch import before
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

MECHANISM = {"type": "excepthook", "handled": False}

_seen = 0
"""The `id` of the exception that came to the hook last: holding it would hold its frames."""


class ExcepthookIntegration(Integration):
    """Reports uncaught exceptions, not in an interactive interpreter unless `always_run`, and never a
    Ctrl-C.
    """

    identifier = "excepthook"

    def __init__(self, always_run: bool = False) -> None:
        self.always_run = always_run

    def setup_once(self) -> None:
        before(sys, "excepthook", self.identifier)(report)
        before_drain(self.identifier, report_unseen)


def report(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    """Capture an uncaught exception, unless somebody sits before the prompt and sees it."""
    global _seen
    _seen = id(error)
    hub = Hub.current
    integration = hub.get_integration(ExcepthookIntegration)
    if integration is None or not is_error(error) or (hasattr(sys, "ps1") and not integration.always_run):
        return
    hub.capture_exception((kind, error, tb), mechanism=MECHANISM)


def report_unseen() -> None:
    """Capture the exception that ended the program, if the hook never saw it."""
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    if isinstance(error, BaseException) and id(error) != _seen and has_ended_program(error):
        report(type(error), error, error.__traceback__)


def has_ended_program(error: BaseException) -> bool:
    """Whether it came all the way up to where the program begins. Test runners and consoles leave their
    exceptions in the same place.
    """
    tb = error.__traceback__
    if tb is None or tb.tb_frame.f_back is not None:
        return False
    frame = tb.tb_frame
    place = frame.f_globals.get("__name__"), frame.f_code.co_name
    return place in (("__main__", "<module>"), ("runpy", "_run_module_as_main"))
