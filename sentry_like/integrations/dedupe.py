"""Sends an exception object once, however many layers report it, also when it comes back as the cause of
another.

The mark lives in the exception's own `__dict__`, so it lasts as long as the exception and holds nothing
else alive.
"""

from __future__ import annotations

from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.types import Event, Hint

MARK = "__sentry_like_sent__"
MAX_CAUSES = 50


class DedupeIntegration(Integration):
    """Refuses an exception that was sent already, or that was raised `from` one that was."""

    identifier = "dedupe"

    def refuses(self, error: BaseException) -> bool:
        cause: BaseException | None = error
        for _ in range(MAX_CAUSES):
            if cause is None:
                return False
            if MARK in _marks_of(cause):
                return True
            cause = cause.__cause__
        return False

    def on_captured(self, event: Event, hint: Hint) -> None:
        exc_info = hint.get("exc_info")
        if exc_info is not None:
            _marks_of(exc_info[1])[MARK] = True


def _marks_of(error: BaseException) -> dict[str, object]:
    """The exception's own dictionary, past any `__getattr__` of its class."""
    marks: dict[str, object] = BaseException.__dict__["__dict__"].__get__(error)
    return marks
