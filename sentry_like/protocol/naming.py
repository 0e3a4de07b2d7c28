"""Which releases, environments and dists the server keeps; any other it removes from the event.

Pure. Each function takes a text that was stripped already, and returns what is wrong with it, or `None`. The
rules are those of Relay 0.10.1; the tests compare with it.
"""

from __future__ import annotations

RELEASE_BYTES = 200
ENVIRONMENT_BYTES = 64
DIST_LENGTH = 64
SLASHES = frozenset("/\\")
DIST_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")


def release_fault(text: str) -> str | None:
    """Why the server would remove this release; `None` when it keeps it."""
    if text in (".", "..") or text.lower() == "latest":
        return "the server refuses the releases '.', '..' and 'latest'"
    return _fault(text, RELEASE_BYTES)


def environment_fault(text: str) -> str | None:
    """Why the server would remove this environment; `None` when it keeps it."""
    if text in (".", "..") or text.lower() == "none":
        return "the server refuses the environments '.', '..' and 'none'"
    return _fault(text, ENVIRONMENT_BYTES)


def dist_fault(text: str) -> str | None:
    """Why the server would remove this dist; `None` when it keeps it."""
    if not text:
        return "it is empty"
    if len(text) > DIST_LENGTH:
        return f"it is longer than {DIST_LENGTH} characters"
    if not DIST_CHARACTERS.issuperset(text):
        return "the server takes only letters, digits, '_', '.' and '-'"
    return None


def _fault(text: str, longest: int) -> str | None:
    if not text:
        return "it is empty"
    if not SLASHES.isdisjoint(text):
        return "the server refuses '/' and '\\'"
    if any(character < " " or character == "\x7f" for character in text):
        return "the server refuses line breaks, tabs and other control characters"
    if len(text.encode("utf-8", "surrogatepass")) > longest:
        return f"it is longer than {longest} bytes"
    if any("\ud800" <= character <= "\udfff" for character in text):
        return "it is not valid Unicode"
    return None
