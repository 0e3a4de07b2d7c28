"""Text that a terminal may be given: foreign text made harmless, and our own colours around it.

What a payload says is shown, never obeyed: a message that holds an escape sequence must not move the cursor,
retitle the window or forge a line. Only `Palette` writes control characters, and only when it was made to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

_TAB = " " * 4
_RESET = "\x1b[0m"
_CODES = {
    "fatal": "\x1b[1;35m",
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "info": "\x1b[1;36m",
    "debug": "\x1b[1;34m",
    "bold": "\x1b[1m",
    "dim": "\x1b[2m",
}


def clean(text: str, width: int | None = None) -> str:
    """The text on one line: tabs as spaces, whatever is not printable as its escape (`\\x1b`, `\\u202e`), cut
    at `width` characters.

    "Printable" is Python's notion: it leaves out control and format characters (also those that reverse the
    reading direction), lone surrogates, and every line break.
    """
    if width is not None:
        text = text[: width + 1]  # nothing beyond is shown; escapes only make text longer
    text = text.replace("\t", _TAB)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else _escape(one) for one in text)
    if width is not None and len(text) > width:
        return text[: max(width - 3, 0)] + "..."
    return text


def _escape(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


class Palette:
    """Puts colour around clean text; changes nothing when `enabled` is false."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled

    def paint(self, colour: str, text: str) -> str:
        return f"{_CODES[colour]}{text}{_RESET}" if self._enabled and text else text


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """On a terminal that can, unless NO_COLOR is set to anything but nothing (no-color.org)."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
