"""Captures what nothing caught: wraps `sys.excepthook`, and calls the hook that was there before."""

from __future__ import annotations

import sys

from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

MECHANISM = {"type": "excepthook", "handled": False}


class ExcepthookIntegration(Integration):
    """Reports uncaught exceptions, not in an interactive interpreter unless `always_run`, and never a
    Ctrl-C.
    """

    identifier = "excepthook"

    def __init__(self, always_run: bool = False) -> None:
        self.always_run = always_run

    def setup_once(self) -> None:
        previous = sys.excepthook

        def excepthook(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
            with contained("excepthook"):
                report(kind, error, tb)
            previous(kind, error, tb)

        sys.excepthook = excepthook


def report(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    """Capture an uncaught exception if the current client wants it."""
    hub = Hub.current
    integration = hub.get_integration(ExcepthookIntegration)
    if integration is None or issubclass(kind, KeyboardInterrupt):
        return
    if integration.always_run or not hasattr(sys, "ps1"):
        hub.capture_exception((kind, error, tb), mechanism=MECHANISM)
