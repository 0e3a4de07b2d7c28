"""Adds the command line to every event, without the secrets on it."""

from __future__ import annotations

import sys

from sentry_like.capture.scrub import EventScrubber
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.types import Event, Hint

MAX_ARGUMENTS, MAX_LENGTH = 100, 512


class ArgvIntegration(Integration):
    """Adds `extra["sys.argv"]`, a list of text."""

    identifier = "argv"

    def __init__(self) -> None:
        self._given = list(getattr(sys, "argv", ()))
        self._argv: list[str] | None = None

    def process_event(self, event: Event, hint: Hint) -> None:
        if self._argv is None:
            self._argv = clean_arguments(self._given)
        event["extra"] = {"sys.argv": self._argv, **(event.get("extra") or {})}


def clean_arguments(argv: list[str]) -> list[str]:
    """A command line without secrets: neither `--token=x`, nor the argument after a bare `--token`."""
    scrubber = EventScrubber()
    arguments = [str(argument)[:MAX_LENGTH] for argument in argv[:MAX_ARGUMENTS]]
    return [scrubber.clean_text(argument) for argument in scrubber.clean_items(arguments)]
