"""What Django has databases run, through the cursors of all its backends. Drivers below are not asked to tell
it again.
"""

from __future__ import annotations

from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.statements import (
    UNNOTED,
    Attempt,
    Statement,
    count_of,
    is_covered,
    shown,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

SYSTEMS = {"microsoft": "mssql"}
"""Where the protocol's word for a database is another than Django's."""


def watch_cursors(module: Any) -> None:
    """Note each statement where nothing but the driver is below; what wraps statements runs before."""

    @around(module.CursorWrapper, "_execute", "django")
    def execute(original: Function, cursor: Any, sql: Any, params: Any, *rest: Any) -> Any:
        with statement(cursor, sql, params):
            return original(cursor, sql, params, *rest)

    @around(module.CursorWrapper, "_executemany", "django")
    def executemany(original: Function, cursor: Any, sql: Any, params: Any, *rest: Any) -> Any:
        with statement(cursor, sql, params, count_of(params)):
            return original(cursor, sql, params, *rest)

    @around(module.CursorWrapper, "callproc", "django")
    def callproc(original: Function, cursor: Any, procname: Any, *args: Any, **kwargs: Any) -> Any:
        with statement(cursor, f"CALL {procname}", args[0] if args else kwargs.get("params")):
            return original(cursor, procname, *args, **kwargs)


def watch_connections(module: Any) -> None:
    """Note connections that fail."""

    @around(module.BaseDatabaseWrapper, "connect", "django")
    def connect(original: Function, db: Any) -> Any:
        with UNNOTED if is_covered() else Attempt("connect", *place_of(db)):
            return original(db)


def statement(cursor: Any, sql: Any, params: Any, count: int | None = None) -> Any:
    """What to run it in."""
    if is_covered():
        return UNNOTED
    wants_params = integration_now("django").record_sql_params
    text = sql if type(sql) is str else text_of(sql, cursor.cursor)
    return Statement(text, *place_of(cursor.db), shown(params) if wants_params else None, count=count)


def text_of(sql: Any, cursor: Any) -> str:
    """What drivers of PostgreSQL compose, with a placeholder for each value in it."""
    kind = type(sql).__name__
    if kind == "Composed":
        return "".join(text_of(part, cursor) for part in sql)
    if kind == "Literal":
        return "%s"
    return str(sql.as_string(cursor) if hasattr(sql, "as_string") else sql)


def place_of(db: Any) -> tuple[str, str]:
    """`(system, name)` of a database."""
    vendor = db.vendor
    return SYSTEMS.get(vendor, vendor), str(db.settings_dict.get("NAME") or "")
