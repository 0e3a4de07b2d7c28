"""Notes what connections of asyncpg run, those of pools too: statements, prepared statements, cursors, COPY.

An object of asyncpg can hold no attribute of ours, so a statement lives in the call that runs it.
"""

from __future__ import annotations

from asyncpg import connect_utils
from asyncpg.connection import Connection
from asyncpg.cursor import BaseCursor
from asyncpg.prepared_stmt import PreparedStatement

from sentry_like.hub import integration_now
from sentry_like.integrations._common import statements
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.statements import UNNOTED, Attempt, Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractContextManager
    from typing import Any

    Function = Callable[..., Any]

ASYNCPG = "asyncpg"
ONE = ("execute", "fetch", "fetchval", "fetchrow")
MANY = ("executemany", "fetchmany")
COPIES = {
    "copy_from_table": "COPY {} TO STDOUT",
    "copy_from_query": "COPY ({}) TO STDOUT",
    "copy_to_table": "COPY {} FROM STDIN",
    "copy_records_to_table": "COPY {} FROM STDIN",
}


def watch_connections() -> None:
    for name in ONE + MANY:
        if hasattr(Connection, name):  # fetchmany came with 0.30
            around(Connection, name, ASYNCPG)(running(is_many=name in MANY))
    for name, text in COPIES.items():
        around(Connection, name, ASYNCPG)(copying(text))
    around(Connection, "_get_statement", ASYNCPG)(prepare)
    around(connect_utils, "_connect", ASYNCPG)(connect)


def watch_prepared_statements() -> None:
    for name in ONE + MANY:
        if hasattr(PreparedStatement, name):
            around(PreparedStatement, name, ASYNCPG)(running_prepared(is_many=name in MANY))
    for name in ("_bind", "_bind_exec"):
        around(BaseCursor, name, ASYNCPG)(open_cursor)


def noted(
    connection: Any, text: Any, params: Any, *, is_many: bool = False, kind: type[Statement] = Statement
) -> AbstractContextManager[Any]:
    """A statement, unless a layer above tells it."""
    if statements.is_covered():
        return UNNOTED
    wants_params = integration_now(ASYNCPG).record_params
    return kind(
        text,
        "postgresql",
        connection._params.database,
        statements.shown(params) if wants_params else None,
        count=statements.count_of(params) if is_many else None,
    )


def running(*, is_many: bool) -> Function:
    async def run(original: Function, connection: Any, *args: Any, **kwargs: Any) -> Any:
        query = args[0] if args else kwargs.get("query", kwargs.get("command"))
        params = params_of(args[1:], kwargs, is_many=is_many)
        with noted(connection, query, params, is_many=is_many):
            return await original(connection, *args, **kwargs)

    return run


def running_prepared(*, is_many: bool) -> Function:
    """For a function that answers a coroutine, without being a coroutine function."""

    def run(original: Function, prepared: Any, *args: Any, **kwargs: Any) -> Any:
        params = params_of(args, kwargs, is_many=is_many)
        statement = noted(prepared._connection, prepared._query, params, is_many=is_many)
        return _awaited(statement, original(prepared, *args, **kwargs))

    return run


def params_of(args: tuple[Any, ...], kwargs: dict[str, Any], *, is_many: bool) -> Any:
    """One set of parameters, which are the arguments, or many, which are one argument."""
    if not is_many:
        return args
    return args[0] if args else kwargs.get("args")


async def _awaited(statement: AbstractContextManager[Any], result: Awaitable[Any]) -> Any:
    with statement:
        return await result


def copying(text: str) -> Function:
    async def copy(original: Function, connection: Any, *args: Any, **kwargs: Any) -> Any:
        what = args[0] if args else kwargs.get("table_name", kwargs.get("query"))
        with noted(connection, text.format(what), args[1:]):
            return await original(connection, *args, **kwargs)

    return copy


async def open_cursor(original: Function, cursor: Any, *args: Any, **kwargs: Any) -> Any:
    with noted(cursor._connection, cursor._query, cursor._args):
        return await original(cursor, *args, **kwargs)


async def prepare(original: Function, connection: Any, query: str, *args: Any, **kwargs: Any) -> Any:
    """A statement that is no good shows here, be it prepared by hand or for a cursor."""
    with noted(connection, query, None, kind=Attempt):
        return await original(connection, query, *args, **kwargs)


async def connect(original: Function, *args: Any, **kwargs: Any) -> Any:
    place = kwargs.get("database") or ""
    with UNNOTED if statements.is_covered() else Attempt("connect", "postgresql", place):
        return await original(*args, **kwargs)
