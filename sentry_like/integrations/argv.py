"""Adds the command line to every event, without the secrets on it."""

from __future__ import annotations

import sys

from sentry_like.integrations._common.commandline import clean_arguments
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sentry_like.types import Event, Hint


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
