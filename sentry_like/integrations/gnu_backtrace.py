"""Turns native stack lines in the messages of exceptions into frames, and shortens the messages."""

from __future__ import annotations

from sentry_like.integrations._common import native
from sentry_like.integrations._common.scrubber import current_scrubber
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.types import Event, Hint

NOTHING_LEFT = "<native stack trace, see the frames>"
"""The message that consisted of nothing else."""


class GnuBacktraceIntegration(Integration):
    """Appends the native frames that a message lists to the exception's own stack."""

    identifier = "gnu_backtrace"

    def process_event(self, event: Event, hint: Hint) -> None:
        for value in _exception_values(event):
            _unfold(value)


def _exception_values(event: Event) -> list[dict[str, Any]]:
    """The event's exceptions; an event made by hand may have anything in their place."""
    exception = event.get("exception")
    values = exception.get("values") if isinstance(exception, dict) else exception
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def _unfold(value: dict[str, Any]) -> None:
    """Move the native lines of one exception's message to its stack."""
    text = value.get("value")
    if not isinstance(text, str) or not native.split(text)[1]:
        return
    # Texts are exchanged whole for their scrubbed form, later; what is made of parts is scrubbed here.
    message, frames = native.split(current_scrubber().clean_text(text))
    if not frames:
        return
    stack = value.get("stacktrace")
    stack = stack if isinstance(stack, dict) else {}
    own = stack.get("frames")
    value["stacktrace"] = {**stack, "frames": [*(own if isinstance(own, list) else ()), *frames]}
    value["value"] = message or NOTHING_LEFT
