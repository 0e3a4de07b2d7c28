"""Captures what nothing caught: lays itself around `sys.excepthook`."""

from __future__ import annotations

import sys

from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
        @around(sys, "excepthook", self.identifier)
        def excepthook(
            original: Callable[..., object],
            kind: type[BaseException],
            error: BaseException,
            tb: TracebackType | None,
        ) -> object:
            report(kind, error, tb)
            return original(kind, error, tb)


def report(kind: type[BaseException], error: BaseException, tb: TracebackType | None) -> None:
    """Capture an uncaught exception, unless somebody sits before the prompt and sees it."""
    hub = Hub.current
    integration = hub.get_integration(ExcepthookIntegration)
    if issubclass(kind, KeyboardInterrupt) or (hasattr(sys, "ps1") and not integration.always_run):
        return
    hub.capture_exception((kind, error, tb), mechanism=MECHANISM)
