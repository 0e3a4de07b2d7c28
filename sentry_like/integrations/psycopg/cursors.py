"""Notes what cursors of psycopg execute, synchronous and asynchronous, of whatever kind."""

from __future__ import annotations

import psycopg

from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.statements import UNNOTED, Statement, count_of, is_covered, shown
from sentry_like.integrations.psycopg.queries import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    Function = Callable[..., Any]

PSYCOPG = "psycopg"
MANY = "executemany"
CURSORS = (("Cursor", "execute"), ("ServerCursor", "execute"), ("Cursor", MANY))
"""Cursors of other kinds inherit from these."""


def watch_cursors() -> None:
    for kind, name in CURSORS:
        _watch(getattr(psycopg, kind), name, is_many=name == MANY)
        _watch_async(getattr(psycopg, f"Async{kind}"), name, is_many=name == MANY)


def _watch(owner: Any, name: str, *, is_many: bool) -> None:
    @around(owner, name, PSYCOPG)
    def execute(original: Function, cursor: Any, *args: Any, **kwargs: Any) -> Any:
        with noted(cursor, args, kwargs, is_many=is_many):
            return original(cursor, *args, **kwargs)


def _watch_async(owner: Any, name: str, *, is_many: bool) -> None:
    @around(owner, name, PSYCOPG)
    async def execute(original: Function, cursor: Any, *args: Any, **kwargs: Any) -> Any:
        with noted(cursor, args, kwargs, is_many=is_many):
            return await original(cursor, *args, **kwargs)


def noted(
    cursor: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_many: bool = False
) -> AbstractContextManager[Any]:
    """The statement of a call with these arguments, unless a layer above tells it."""
    if is_covered():
        return UNNOTED
    query = args[0] if args else kwargs.get("query", kwargs.get("statement"))
    params = args[1] if len(args) > 1 else kwargs.get("params", kwargs.get("params_seq"))
    wants_params = integration_now(PSYCOPG).record_params
    return Statement(
        text_of(query, cursor),
        "postgresql",
        place_of(cursor.connection),
        shown(params) if wants_params else None,
        count=count_of(params) if is_many else None,
    )


def place_of(connection: Any) -> str:
    """The name of the database; a connection that is closed has none any more."""
    try:
        name: str = connection.pgconn.db.decode("utf-8", "replace")
    except psycopg.Error:
        return ""
    return name
