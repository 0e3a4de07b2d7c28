"""Values that are not followed any further: texts, numbers, objects as text; and the room that they take.

Among locals a value is written as `repr` would write it; in bags a text and a number stay what they are.
"""

from __future__ import annotations

from sentry_like.capture.kinds import name_of
from sentry_like.capture.meta import LEFT_OUT, shortened
from sentry_like.capture.names import FILTERED
from sentry_like.capture.reprs import BIG_INT, SMALL_INT, Reprs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.capture.limits import Limits
    from sentry_like.capture.meta import Notes
    from sentry_like.capture.scrub import EventScrubber

SUMMARY = 48
"""Characters left to a text once there is no more room."""
NUMBER_WEIGHT = 8
LARGEST_INT = 2**64 - 1
"""A server reads larger ones as 0 (protocol, "Top level")."""


class Leaves:
    """What one event's values become, and its room.

    `left` is the room in characters. `notes` are those of the value that was made last, until somebody takes
    them. What detectors have not seen are `texts`, and the values of `quotes`, kept by what they quote.
    """

    __slots__ = ("_quote", "_text_limit", "left", "notes", "quotes", "reprs", "texts")

    def __init__(
        self, limits: Limits, scrubber: EventScrubber, custom_repr: Callable[[Any], str | None] | None
    ) -> None:
        self._quote = False
        self._text_limit = limits.text
        self.left = limits.event
        self.notes: Notes | None = None
        self.texts: list[str] = []
        self.quotes: dict[str, str] = {}
        self.reprs = Reprs(limits.text, scrubber, custom_repr)

    def scalar(self, value: Any, kind: type) -> Any:
        """None, a truth value, a number or a text."""
        if kind is str:
            return self.string(value)
        self.left -= NUMBER_WEIGHT
        if kind is int and not SMALL_INT < value < BIG_INT:
            return self._large_int(value)
        if self._quote or (kind is float and value - value != 0.0):  # NaN and infinities are no JSON
            return repr(value)
        return value

    def _large_int(self, value: int) -> Any:
        """A card number may come as an integer."""
        from sentry_like.capture.texts import is_card  # with the regular expressions, when first needed

        text = self.reprs.text(value)
        self.left -= len(text)
        if is_card(text):
            return FILTERED
        return text if self._quote or abs(value) > LARGEST_INT else value

    def string(self, value: str) -> str:
        limit = self._text_limit
        size = len(value)
        if size > limit or size > self.left:
            limit = min(limit, max(self.left, SUMMARY))
            if size > limit:
                value = value[: max(limit - 3, 0)] + "..."
                self.notes = shortened(max(limit - 3, 0), limit, size)
        if not self._quote:
            return self._said(value)
        text = self.quotes[value] = repr(value)
        self.left -= weight(text)
        return text

    def object_text(self, value: Any, kind: type) -> str:
        text = None if self._quote else self._plain_text(value, kind)
        if text is None:
            text = self.reprs.text(value)
        if len(text) > self.left:
            text = _cut(text, max(self.left, SUMMARY))
        return self._said(text)

    def named_text(self, value: Any, kind: type) -> str:
        """What is shown by its class and address alone: detectors have nothing to look for in these."""
        text = self.reprs.text(value)
        if len(text) > self.left or self.reprs.custom is not None:
            return self.object_text(value, kind)
        self.left -= weight(text)
        return text

    def _plain_text(self, value: Any, kind: type) -> str | None:
        """Of what is text already, the text and not its repr."""
        limit = self._text_limit + 1
        if kind is bytes:
            return self.reprs.cut(value[:limit].decode("utf-8", "replace"))
        if issubclass(kind, str):
            return self.reprs.cut(str.__getitem__(value, slice(0, limit)))
        return None

    def _said(self, text: str) -> str:
        """A text that takes its room and is yet to be looked at."""
        self.texts.append(text)
        self.left -= weight(text)
        return text

    def summary(self, value: Any, kind: type) -> str:
        """A short form for what comes after the room is used up."""
        if kind is int:
            return str(self._large_int(value))[:SUMMARY]
        self.notes = LEFT_OUT
        return sized(value, kind)

    def unread(self, value: Any, kind: type) -> str:
        """A container that is not followed: too deep, or there is no more room."""
        self.notes = LEFT_OUT
        return self.object_text(value, kind) if self.left > 0 else sized(value, kind)


def weight(text: str) -> int:
    """About the bytes of a text once it is sent."""
    return len(text) + 4 if text.isascii() else 3 * len(text) + 4


def sized(value: Any, kind: type) -> str:
    """A value's class, with the length if it is a plain container."""
    is_plain = kind is str or kind is list or kind is dict or kind is tuple or kind is set
    return f"<{name_of(kind)[:SUMMARY]} of {len(value)}>" if is_plain else f"<{name_of(kind)[:SUMMARY]}>"


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 3] + "..."
