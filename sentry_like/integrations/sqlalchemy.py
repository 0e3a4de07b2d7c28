"""Keeps the statements that SQLAlchemy runs as breadcrumbs, whichever driver is below; those of asynchronous
engines as well.

A statement under way is an attribute of its execution context. What the pool does by itself (connect, ping,
set up) and COMMIT are noted when they fail.
"""

from __future__ import annotations

from contextlib import nullcontext

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import Pool, SingletonThreadPool

from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around, on_uninstall
from sentry_like.integrations._common.statements import Attempt, Statement, count_of, is_covered, shown
from sentry_like.integrations._common.wrappers import Switch, wrap_before
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

SQLALCHEMY = "sqlalchemy"
UNDER_WAY = "_sentry_like_statement"
DO_NOTHING = nullcontext().__exit__
"""What SQLAlchemy would call without us, were there anything: it takes whatever it is given."""


class SqlalchemyIntegration(Integration):
    """Keeps a breadcrumb for each statement; with `record_params`, its parameters, unless the engine hides
    them.
    """

    identifier = SQLALCHEMY

    def __init__(self, *, record_params: bool = False) -> None:
        self.record_params = record_params

    def setup_once(self) -> None:
        _listen("before_cursor_execute", begin)
        _listen("after_cursor_execute", succeed)
        _listen("handle_error", fail)
        for pool in (Pool, SingletonThreadPool):
            around(pool, "connect", SQLALCHEMY)(connect)
        around(Connection, "_commit_impl", SQLALCHEMY)(commit)


def _listen(name: str, function: Function) -> None:
    """Have `function` called at an event of any engine, while the current client has the integration."""
    listener = wrap_before(Switch(SQLALCHEMY), DO_NOTHING, function)
    event.listen(Engine, name, listener)
    on_uninstall(SQLALCHEMY, lambda: event.remove(Engine, name, listener))


def begin(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    """A statement goes to the database, unless it is one of those that a new connection is asked."""
    if is_covered(by=Attempt):
        return
    engine = connection.engine
    hides = engine.hide_parameters or not integration_now(SQLALCHEMY).record_params
    noted = Statement(
        statement,
        connection.dialect.name,
        engine.url.database,
        None if hides else shown(parameters),
        count=count_of(parameters) if executemany else None,
    )
    setattr(context, UNDER_WAY, noted)
    noted.cover()


def succeed(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
    """The database has answered."""
    noted = getattr(context, UNDER_WAY, None)
    if noted is not None:
        noted.succeeded({})


def fail(failure: Any) -> None:
    """A statement failed, or the reading of its rows did."""
    noted = getattr(failure.execution_context, UNDER_WAY, None)
    if noted is not None:
        noted.failed(failure.original_exception, {})


def connect(original: Function, pool: Any) -> Any:
    with Attempt("connect", getattr(pool._dialect, "name", "")):
        return original(pool)


def commit(original: Function, connection: Any, *args: Any, **kwargs: Any) -> Any:
    with Attempt("COMMIT", connection.dialect.name, connection.engine.url.database):
        return original(connection, *args, **kwargs)
