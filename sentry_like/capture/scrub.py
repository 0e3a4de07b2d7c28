"""What must not leave the process: secrets, told by the name they are kept under or by their own shape.

Names are judged by `EventScrubber.is_secret`. Texts are judged by detectors that are certain, and by what is
assigned to a secret name within them. Nothing is edited: cleaned copies are made.
"""

from __future__ import annotations

from sentry_like.capture.names import (
    DEFAULT_DENYLIST,
    DEFAULT_PII_DENYLIST,
    FILTERED,
    fold,
    holds_secret,
    is_telling,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sentry_like.capture.texts import Texts
    from sentry_like.types import Event

__all__ = ["DEFAULT_DENYLIST", "DEFAULT_PII_DENYLIST", "FILTERED", "EventScrubber", "replace_texts"]

MEMO_BOUND = 4096
QUOTES_BOUND, MAX_QUOTE = 1024, 100
"""How many quoted texts are remembered as clean, about, and how long they may be."""
MAX_REMEMBERED = 200
"""Characters of a name whose judgement is remembered."""
ABOUT_THE_EVENT = frozenset(("modules", "sdk", "debug_meta", "platform", "event_id"))
"""Fields that hold no data of the application, but names that may sound secret."""
JUDGED_BY_SHAPE = frozenset(("tags", "user", "_meta"))
"""Fields that users set themselves (protocol, "Scrubbing and PII"), and the one that only speaks of names."""


class EventScrubber:
    """Which names are secret, and what of an event is therefore replaced by `[Filtered]`.

    Without lists, the default denylist and its words decide. A list given by the user replaces these, unless
    it holds all of the defaults and so only adds to them; a listed name matches with case, `-` and `_`
    folded. With `recursive=False` only the top level of each bag is judged by name. Any thread may call it.
    """

    def __init__(
        self,
        denylist: Iterable[str] | None = None,
        recursive: bool = True,
        send_default_pii: bool = False,
        pii_denylist: Iterable[str] | None = None,
    ) -> None:
        self.denylist = list(DEFAULT_DENYLIST if denylist is None else denylist)
        self.pii_denylist = list(DEFAULT_PII_DENYLIST if pii_denylist is None else pii_denylist)
        self.recursive = recursive
        self.send_default_pii = send_default_pii
        self.harmless: set[str] = set()
        """Names that were judged and are not secret, to be looked into where a call would cost."""
        self.quotes: dict[str, str] = {}
        """Short texts that hold no secret, quoted; to be looked into where a call would cost."""
        self._telling: set[str] = set()
        listed = self.denylist if send_default_pii else [*self.denylist, *self.pii_denylist]
        self._names = frozenset(map(fold, listed))
        self._by_words = self._names.issuperset(map(fold, DEFAULT_DENYLIST))
        self._texts: Texts | None = None

    @property
    def texts(self) -> Texts:
        """What it does to texts; made for the first of them."""
        if self._texts is None:
            from sentry_like.capture.texts import Texts

            self._texts = Texts(self.is_secret, self._names, by_words=self._by_words)
        return self._texts

    # -- names

    def is_secret(self, name: str) -> bool:
        """Whether what is kept under `name` must not be sent; judged once per name."""
        if name in self.harmless:
            return False
        return name in self._telling or self._judge(name)

    def _judge(self, name: str) -> bool:
        is_secret = fold(name) in self._names or (self._by_words and is_telling(name))
        judged = self._telling if is_secret else self.harmless
        if len(judged) >= MEMO_BOUND:
            judged.clear()
        if len(name) <= MAX_REMEMBERED and type(self).is_secret is EventScrubber.is_secret:
            judged.add(name)  # a subclass may judge otherwise, and wants to be asked each time
        return is_secret

    # -- trees

    def scrub_event(self, event: Event) -> None:
        """Replace the secrets of a finished event in place; for code that calls a scrubber itself."""
        event.update(self.clean_event(event))

    def clean_event(self, event: Event) -> Event:
        """A copy of an event without secrets. What users set as tags and user is judged by its shape only."""
        return {field: self._clean_field(field, value) for field, value in event.items()}

    def _clean_field(self, field: str, value: Any) -> Any:
        if field in ABOUT_THE_EVENT:
            return value
        if field in JUDGED_BY_SHAPE:
            return self.clean_values(value)
        if field == "contexts" and isinstance(value, dict):  # their names say only what they are about
            return {name: self.clean(context) for name, context in value.items()}
        return self.clean(value)

    def clean_values(self, tree: Any) -> Any:
        """A copy of JSON-safe data without the secrets that show by their shape."""
        return self._clean_tree(tree, by_name=False)

    def clean(self, tree: Any) -> Any:
        """A copy of JSON-safe data without secrets."""
        return self._clean_tree(tree, by_name=True)

    def _clean_tree(self, tree: Any, *, by_name: bool) -> Any:
        if isinstance(tree, str):
            return self.clean_text(tree)
        if isinstance(tree, dict):
            return {
                self._clean_tree(key, by_name=False): FILTERED
                if by_name and isinstance(key, str) and self.is_secret(key) and holds_secret(value)
                else self._clean_tree(value, by_name=by_name)
                for key, value in tree.items()
            }
        if isinstance(tree, (list, tuple)):
            items = self.clean_items(tree) if by_name else tree
            return [self._clean_tree(value, by_name=by_name) for value in items]
        return tree

    def clean_items(self, items: Any) -> Any:
        """A list without the secrets that the item before them gives away."""
        hidden = self.secret_places(items)
        return (
            [FILTERED if place in hidden else item for place, item in enumerate(items)] if hidden else items
        )

    def secret_places(self, items: Any) -> list[int]:
        """Where in a list secrets stand: second in a pair `("password", "...")`, or after `--password`."""
        first = type(items[0]) if items else None
        if first is not str and first is not bytes:
            return []
        if len(items) == 2 and holds_secret(items[1]) and self._is_secret_option(items[0]):
            return [1]
        if not _has_option(items):
            return []
        options = [_text(item)[:1] == "-" for item in items]
        return [
            place
            for place, item in enumerate(items[:-1], 1)
            if options[place - 1] and not options[place] and self._is_secret_option(item)
        ]

    def _is_secret_option(self, option: Any) -> bool:
        return self.is_secret(_text(option).lstrip("-"))

    # -- texts

    def clean_text(self, text: str) -> str:
        """The text without the secrets in it."""
        return self.texts.clean(text)

    def dirty(self, texts: list[str], quotes: dict[str, str]) -> dict[str, str]:
        """Of an event's texts those that hold a secret, each with its cleaned form.

        `quotes` are texts of it by what they quote; the short ones that are clean are remembered.
        """
        if not quotes:
            return self.texts.dirty(texts)
        dirty = self.texts.dirty([*texts, *quotes.values()])
        self._remember(quotes, dirty)
        return dirty

    def _remember(self, quotes: dict[str, str], dirty: dict[str, str]) -> None:
        if len(self.quotes) >= QUOTES_BOUND:
            self.quotes.clear()
        for value, text in quotes.items():
            if len(text) <= MAX_QUOTE and text not in dirty and text.isascii():
                self.quotes[value] = text


def _has_option(items: Any) -> bool:
    """Whether there is something like `--token` among them; asked of every list that begins with a text."""
    for item in items:
        if (type(item) is str and item[:1] == "-") or (type(item) is bytes and item[:1] == b"-"):
            return True
    return False


def _text(value: Any) -> str:
    """What a text or bytes say; nothing of other values."""
    if type(value) is bytes:
        return value[:MAX_REMEMBERED].decode("latin-1")
    return value if type(value) is str else ""


def replace_texts(tree: Any, replacements: dict[str, str]) -> Any:
    """The same tree with some texts exchanged; branches without any of them are shared, not copied."""
    if isinstance(tree, str):
        return replacements.get(tree, tree)
    if isinstance(tree, dict):
        changed = {
            key: new
            for key, value in tree.items()
            if (new := replace_texts(value, replacements)) is not value
        }
        made = {**tree, **changed} if changed else tree
        if replacements.keys().isdisjoint(made):
            return made
        return {replacements.get(key, key): value for key, value in made.items()}
    if isinstance(tree, list):
        items = [replace_texts(value, replacements) for value in tree]
        return items if any(a is not b for a, b in zip(items, tree, strict=True)) else tree
    return tree
