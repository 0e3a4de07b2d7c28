"""What a query says without the values in it, in whatever form psycopg takes it.

Values that an application composes into a query are not rendered: a placeholder stands for them.
"""

from __future__ import annotations

from psycopg import sql

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_PARTS = 1000


def text_of(query: Any, cursor: Any) -> str:
    """A query as text: of text, bytes, what `psycopg.sql` composes, or a template. The cursor tells how names
    are quoted.
    """
    if isinstance(query, str):
        return query
    if isinstance(query, bytes):
        return query.decode("utf-8", "replace")
    if isinstance(query, sql.Composed):
        return "".join(text_of(part, cursor) for part, _ in zip(query, range(MAX_PARTS), strict=False))
    if isinstance(query, sql.Literal):
        return "%s"
    if isinstance(query, sql.Composable):
        return query.as_string(cursor)
    return _text_of_template(query)


def _text_of_template(template: Any) -> str:
    """A template of Python 3.14 with its expressions in place of their values; else nothing."""
    strings, interpolations = getattr(template, "strings", ()), getattr(template, "interpolations", ())
    names = [f"{{{one.expression}}}" for one in interpolations]
    return "".join(part for pair in zip(strings, [*names, ""], strict=False) for part in pair)
