"""Texts without the secrets in them, told by their shape or by the name that they are assigned to.

Loaded with the first text that is looked at, for it brings the regular expressions.
"""

from __future__ import annotations

from sentry_like.capture import assignments
from sentry_like.capture.detectors import DETECTORS, KEY_LINE, is_card, suspects
from sentry_like.capture.names import FILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sentry_like.capture.detectors import Detector

__all__ = ["Texts", "is_card"]

CLEAN_BOUND, CLEAN_LENGTH = 1024, 200
"""How many texts are remembered as clean, and how long they may be."""


class Texts:
    """What one scrubber does to texts; any thread may call it.

    `listed` are the folded names that are secret by list; `by_words` says whether others may be, too.
    """

    def __init__(self, is_secret: Callable[[str], bool], listed: Iterable[str], *, by_words: bool) -> None:
        self._is_secret = is_secret
        self._detectors: tuple[Detector, ...] = (*DETECTORS, (_hints(listed, by_words), self._assigned))
        self._known_clean: set[str] = set()

    def clean(self, text: str) -> str:
        """The text without the secrets in it."""
        for _, clean in suspects(text, self._detectors):
            text = clean(text)
        return text

    def _assigned(self, text: str) -> str:
        return assignments.clean(text, assignments.IN_TEXT, self._is_secret)

    def clean_source(self, line: str) -> str:
        """A source line without secrets written as literals; other code stays readable."""
        if KEY_LINE.fullmatch(line):
            return FILTERED
        for _, clean in suspects(line, DETECTORS):
            line = clean(line)
        return assignments.clean(line, assignments.IN_SOURCE, self._is_secret)

    def dirty(self, texts: list[str]) -> dict[str, str]:
        """Of many texts those that hold a secret, each with its cleaned form.

        One cheap look at all texts joined tells in the usual case that no detector has anything to do.
        """
        fresh = self._not_known_as_clean(texts)
        detectors = suspects("\n".join(fresh), self._detectors) if fresh else ()
        cleaned = self._cleaned(fresh, detectors) if detectors else {}
        self._known_clean.update(
            [text for text in fresh if len(text) <= CLEAN_LENGTH and text not in cleaned]
        )
        return cleaned

    def _cleaned(self, texts: list[str], detectors: tuple[Detector, ...]) -> dict[str, str]:
        cleaned = {}
        for text in texts:
            clean = text
            for _, detect in suspects(text, detectors):
                clean = detect(clean)
            if clean != text:
                cleaned[text] = clean
        return cleaned

    def _not_known_as_clean(self, texts: list[str]) -> list[str]:
        """An error that comes again says mostly what it said before."""
        if len(self._known_clean) >= CLEAN_BOUND:
            self._known_clean = set()
        known = self._known_clean
        return [text for text in set(texts) if text not in known]


def _hints(listed: Iterable[str], by_words: bool) -> tuple[str, ...]:
    """What must be in a text, in lower case, in which something is assigned to a secret name."""
    usual = assignments.NAME_HINTS if by_words else ()
    own = {name for name in listed if not any(hint in name for hint in usual)}
    return (*usual, *sorted({*own, *(name.replace("_", "-") for name in own)}))
