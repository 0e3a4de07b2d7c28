"""Adds the command line to every event, without the secrets on it."""

from __future__ import annotations

import sys

from sentry_like.capture.scrub import FILTERED, EventScrubber
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.types import Event, Hint

MAX_ARGUMENTS, MAX_LENGTH = 100, 512


class ArgvIntegration(Integration):
    """Adds `extra["sys.argv"]`, a list of text."""

    identifier = "argv"

    def __init__(self) -> None:
        self._argv = clean_arguments(list(getattr(sys, "argv", ())))

    def process_event(self, event: Event, hint: Hint) -> None:
        event["extra"] = {"sys.argv": self._argv, **(event.get("extra") or {})}


def clean_arguments(argv: list[str]) -> list[str]:
    """A command line without secrets: `--token=x`, and the argument after a bare `--token`."""
    scrubber = EventScrubber()
    cleaned: list[str] = []
    option = ""
    for argument in argv[:MAX_ARGUMENTS]:
        if option and not argument.startswith("-") and scrubber.is_secret(option):
            cleaned.append(FILTERED)
        else:
            cleaned.append(scrubber.clean_text(argument[:MAX_LENGTH]))
        option = argument.lstrip("-") if argument.startswith("-") and "=" not in argument else ""
    return cleaned
