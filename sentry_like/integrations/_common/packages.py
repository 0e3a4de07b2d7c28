"""The installed packages and their versions, read from the names of their metadata folders.

Nothing is imported or parsed.
"""

from __future__ import annotations

import os
import sys

from sentry_like.integrations.base import DidNotEnable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def installed(folders: Iterable[object]) -> dict[str, str]:
    """`{name: version}` of the packages in these folders, names in lower case with hyphens.

    The first folder that has a name wins, as for imports.
    """
    found: dict[str, str] = {}
    for folder in folders:
        for entry in _entries(folder):
            stem, _, suffix = entry.rpartition(".")
            if suffix not in ("dist-info", "egg-info"):
                continue
            if suffix == "egg-info":
                stem = stem.partition("-py")[0]
            name, _, version = stem.partition("-")
            if name and version:
                found.setdefault(name.replace("_", "-").lower(), version)
    return found


def demand(package: str, minimum: str) -> None:
    """Check that the installed version of a package will do; one without a version, or with version 0 as of
    a build that had none, is trusted.

    Raises:
        DidNotEnable: it is too old.
    """
    wanted = _normal(package)
    version = next((found for name, found in installed(sys.path).items() if _normal(name) == wanted), "")
    if () < release_of(version) < release_of(minimum):
        raise DidNotEnable(f"needs {package} {minimum} or newer, found {version}")


def release_of(version: str) -> tuple[int, ...]:
    """The leading numbers of a version, to compare by: `(2, 1)` of "2.1.0rc1" as of "2.1"."""
    numbers = []
    for part in version.rpartition("!")[2].lstrip("vV").split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if digits:
            numbers.append(int(digits))
        if digits != part:
            break
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _normal(name: str) -> str:
    """A name of a package in the one spelling that stands for all (PEP 503)."""
    return name.replace("_", "-").replace(".", "-").lower()


def _entries(folder: object) -> list[str]:
    if not isinstance(folder, (str, os.PathLike)):  # an application may put anything on its path
        return []
    try:
        return sorted(os.listdir(folder or "."))
    except (OSError, ValueError):  # not there, no folder (a zip archive), not readable, or no name at all
        return []
