"""What `_meta` says of an event: where something was cut or replaced, and why (protocol, "_meta").

Notes grow from the inside out: what is said of a value stands under the empty key, what is said of the values
in it under theirs. Notes that were handed on are never changed again, so places may share them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Notes = dict[str, Any]
    """`{"": {"rem": [remark, ...], "len": original length}, key: notes of that entry, ...}`"""


REPLACED: Notes = {"": {"rem": [["!config", "s"]]}}
"""A secret stood here."""
LEFT_OUT: Notes = {"": {"rem": [["!limit", "x"]]}}
"""What is in this value is not shown."""


def shortened(kept: int, limit: int, size: int) -> Notes:
    """Of a text of `size` characters the first `kept` are left."""
    return {"": {"rem": [["!limit", "x", kept, limit]], "len": size}}


def counted(size: int) -> Notes:
    """Here stood so many entries, of which not all are left."""
    return {"": {"len": size}}


def attach(tree: Notes, path: Iterable[str], notes: Notes) -> None:
    """Put notes under a path of a tree, beside those that are there: on copies, for these may be shared."""
    for step in path:
        inner = {**tree[step]} if step in tree else {}
        tree[step] = inner
        tree = inner
    tree.update(notes)


def count(notes: Notes) -> int:
    """How many places the notes speak of."""
    return sum([1 if key == "" else count(inner) for key, inner in notes.items()])
