"""Adds the installed packages and their versions, read from the names of their metadata folders: nothing is imported or parsed."""

from __future__ import annotations

import os
import sys

from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

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
            self._modules = installed(sys.path)
        if event.get("type") is None and "modules" not in event:
            event["modules"] = self._modules


def installed(folders: Iterable[str]) -> dict[str, str]:
    """`{name: version}` of the packages in these folders; the first folder that has a name wins, as for imports."""
    found: dict[str, str] = {}
    left = MAX_BYTES
    for folder in folders:
        for entry in _entries(folder):
            stem, _, suffix = entry.rpartition(".")
            if suffix not in ("dist-info", "egg-info"):
                continue
            name, _, version = (
                stem.partition("-py")[0].partition("-") if suffix == "egg-info" else stem.partition("-")
            )
            name = name.replace("_", "-").lower()
            if name and version and name not in found and left > 0:
                found[name] = version
                left -= len(name) + len(version) + 6
    return found


def _entries(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder or "."))
    except OSError:  # not there, not a folder (a zip archive), or not readable
        return []
