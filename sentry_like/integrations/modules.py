"""Adds the installed packages and their versions, read from the names of their metadata folders.

Nothing is imported or parsed.
"""

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


def installed(folders: Iterable[object]) -> dict[str, str]:
    """`{name: version}` of the packages in these folders.

    The first folder that has a name wins, as for imports.
    """
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
            size = len(name) + len(version) + 8
            if name and version and name not in found and size <= left:
                found[name] = version
                left -= size
    return found


def _entries(folder: object) -> list[str]:
    if not isinstance(folder, (str, os.PathLike)):  # an application may put anything on its path
        return []
    try:
        return sorted(os.listdir(folder or "."))
    except (OSError, ValueError):  # not there, no folder (a zip archive), not readable, or no name at all
        return []
