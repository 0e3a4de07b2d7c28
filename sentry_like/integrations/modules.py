"""Adds the installed packages and their versions, looked up at the first event."""

from __future__ import annotations

import sys

from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentry_like.types import Event, Hint

MAX_BYTES = 8000
"""The server keeps 8192 bytes of modules (protocol, "Top level")."""


class ModulesIntegration(Integration):
    """Adds `modules`, `{name: version}`; looked up at the first event."""

    identifier = "modules"

    def __init__(self) -> None:
        self._modules: dict[str, str] | None = None

    def process_event(self, event: Event, hint: Hint) -> None:
        if self._modules is None:
            from sentry_like.integrations._common.packages import installed

            self._modules = fitting(installed(sys.path))
        if event.get("type") is None and "modules" not in event:
            event["modules"] = self._modules


def fitting(modules: Mapping[str, str]) -> dict[str, str]:
    """As many of the modules as the server keeps."""
    kept: dict[str, str] = {}
    left = MAX_BYTES
    for name, version in modules.items():
        size = len(name) + len(version) + 8
        if size <= left:
            kept[name] = version
            left -= size
    return kept
