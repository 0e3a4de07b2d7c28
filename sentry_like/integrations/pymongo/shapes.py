"""A command to MongoDB as text: its keys, with `?` for values, or with values where they are wanted.

Only what is a plain dict, list or value is looked into: nothing of the application's own is called. Bounded.
"""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from json.encoder import encode_basestring as quote

from bson import ObjectId

from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.integrations._common.scrubber import current_scrubber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_TEXT, MAX_WORD, MAX_NODES, MAX_DEPTH, MAX_ITEMS = 4096, 100, 200, 8, 20
MAX_BITS = 64
MORE, VALUE = '"..."', '"?"'
KEYWORDS = {None: "null", True: "true", False: "false"}
OF_THE_DRIVER = frozenset(
    [
        *("apiVersion", "autocommit", "cursor", "lsid", "ordered", "readConcern"),
        *("startTransaction", "txnNumber", "writeConcern"),
    ]
)
"""Entries of commands that say nothing of what is asked for; so do those that begin with `$`."""


def text_of(command: dict[str, Any], *, values: bool) -> str:
    """`{"find": "users", "filter": {"email": "?"}, "limit": "?"}`; documents to insert are only counted."""
    shape = Values() if values else Shape()
    entries = []
    for place, (name, value) in enumerate(dict.items(command)):
        if type(value) is str and (place == 0 or name == "collection"):
            entries.append(f"{quoted(name)}: {quoted(value)}")
        elif name == "documents" and isinstance(value, list) and not values:
            entries.append(f'"documents": {len(value)}')
        elif name not in OF_THE_DRIVER and name[:1] != "$":
            entries.append(shape.entry(name, value, 0))
    return f"{{{', '.join(entries)}}}"[:MAX_TEXT]


class Shape:
    """Writes what a tree looks like. Equal neighbours in a list are written once."""

    def __init__(self) -> None:
        self.left = MAX_NODES

    def entry(self, name: Any, value: Any, depth: int) -> str:
        return f"{quoted(name)}: {self.of(value, depth)}"

    def of(self, value: Any, depth: int) -> str:
        self.left -= 1
        is_dict = isinstance(value, dict)
        if not is_dict and not isinstance(value, (list, tuple)):
            return self.leaf(value)
        if self.left < 0 or depth >= MAX_DEPTH:
            return MORE
        more = [MORE] if len(value) > MAX_ITEMS else []
        if is_dict:
            found = list(dict.items(value))[:MAX_ITEMS]
            return f"{{{', '.join([*(self.entry(*one, depth + 1) for one in found), *more])}}}"
        return f"[{', '.join([*self.items([self.of(one, depth + 1) for one in value[:MAX_ITEMS]]), *more])}]"

    def items(self, texts: list[str]) -> list[str]:
        return [text for text, _ in groupby(texts)]

    def leaf(self, value: Any) -> str:
        return VALUE


class Values(Shape):
    """Writes a tree with its values, but not what stands under a telling name."""

    def __init__(self) -> None:
        super().__init__()
        self.scrubber = current_scrubber()

    def entry(self, name: Any, value: Any, depth: int) -> str:
        if type(name) is str and holds_secret(value) and self.scrubber.is_secret(name):
            return f'{quoted(name)}: "{FILTERED}"'
        return super().entry(name, value, depth)

    def items(self, texts: list[str]) -> list[str]:
        return texts

    def leaf(self, value: Any) -> str:
        kind = type(value)
        if kind is str:
            return quoted(value)
        if value is None or kind is bool:
            return KEYWORDS[value]
        if kind is float or (kind is int and value.bit_length() <= MAX_BITS):
            return str(value)
        if kind is datetime or kind is ObjectId:
            return f'"{value}"'
        return quoted(f"<{kind.__name__}>")


def quoted(text: Any) -> str:
    """A text as JSON, cut; of anything else its type."""
    written: str = quote(text[:MAX_WORD] if type(text) is str else f"<{type(text).__name__}>")
    return written
