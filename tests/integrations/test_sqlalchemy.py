"""Statements that SQLAlchemy runs, as breadcrumbs: of SQLite, and of PostgreSQL through two drivers."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
import sqlalchemy
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from sentry_like.hub import Hub
from sentry_like.integrations._common import statements
from sentry_like.integrations.asyncpg import AsyncPGIntegration
from sentry_like.integrations.psycopg import PsycopgIntegration
from sentry_like.integrations.sqlalchemy import SqlalchemyIntegration

pytest_plugins = ("postgres_server",)

IS_NEW = sqlalchemy.__version__.startswith("2.")
DRIVERS = ["postgresql+asyncpg", *(["postgresql+psycopg"] if IS_NEW else [])]
with_psycopg = pytest.mark.skipif(not IS_NEW, reason="SQLAlchemy knows psycopg 3 since 2.0")


@pytest.fixture
def listen(init):
    """`listen(**settings)`: a client with the integration, and those of the drivers below."""

    def make(**settings):
        return init(
            integrations=[SqlalchemyIntegration(**settings), PsycopgIntegration(), AsyncPGIntegration()]
        )

    return make


@pytest.fixture
def engine():
    """An empty database in memory."""
    engine = sqlalchemy.create_engine("sqlite://")
    yield engine
    engine.dispose()


def run(engine, statement, parameters=None):
    with engine.begin() as connection:
        result = connection.execute(text(statement), *([] if parameters is None else [parameters]))
        return result.fetchall() if result.returns_rows else None


def begin_unit():
    """What the integration of a web framework does for each request. Until 1.4.30 an asynchronous engine
    works on a copy of the context: a hub that the task gets only there would be lost to it.
    """
    assert Hub.current is not Hub.main


def told(crumbs):
    return [(crumb["level"], crumb["message"]) for crumb in crumbs()]


def test_statement_leaves_one_breadcrumb_with_placeholders(listen, engine, crumbs):
    listen()
    run(engine, "SELECT :name", {"name": "Ann"})
    (crumb,) = crumbs()
    assert crumb["message"] == "SELECT ?"
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("query", "query", "info")
    assert crumb["data"]["db.system"] == "sqlite"
    assert crumb["data"]["db.operation"] == "SELECT"
    assert crumb["data"]["duration"] >= 0
    assert "Ann" not in repr(crumb)


def test_name_of_the_database_is_told(listen, crumbs, tmp_path):
    listen()
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    run(engine, "SELECT 1")
    engine.dispose()
    assert crumbs()[0]["data"]["db.name"] == f"{tmp_path}/shop.db"


def test_many_sets_of_parameters_are_one_breadcrumb_with_their_count(listen, engine, crumbs):
    listen()
    run(engine, "CREATE TABLE users (name TEXT)")
    run(engine, "INSERT INTO users VALUES (:name)", [{"name": "Ann"}, {"name": "Bob"}])
    created, inserted = crumbs()
    assert created["data"]["db.operation"] == "CREATE"
    assert inserted["data"]["db.operation.batch.size"] == 2


def test_failed_statement_is_told_with_its_reason_but_without_values(listen, engine, crumbs):
    listen()
    run(engine, "CREATE TABLE users (email TEXT UNIQUE)")
    ann = {"email": "ann@example.com"}
    run(engine, "INSERT INTO users VALUES (:email)", ann)
    with pytest.raises(DBAPIError, match="ann@example"):  # the application sees all of it
        run(engine, "INSERT INTO users VALUES (:email)", ann)
    *_, failed = crumbs()
    assert failed["level"] == "error"
    assert failed["data"]["error"] == "IntegrityError: UNIQUE constraint failed: users.email"
    assert "ann@" not in repr(failed)


def test_transactions_are_not_told(listen, engine, crumbs):
    listen()
    with engine.begin() as connection, connection.begin_nested():
        connection.execute(text("SELECT 1"))
    with engine.connect() as connection:
        connection.execute(text("SELECT 2"))
        connection.rollback() if IS_NEW else None
    assert told(crumbs) == [("info", "SELECT 1"), ("info", "SELECT 2")]


@with_psycopg
def test_commit_that_fails_is_told(listen, crumbs, postgres):
    listen()
    engine = sqlalchemy.create_engine(postgres.dsn_of("postgresql+psycopg"))
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"))
        connection.execute(text("INSERT INTO t VALUES (4111), (4111)"))
        with pytest.raises(DBAPIError):
            connection.commit()
    engine.dispose()
    *_, last = crumbs()
    assert (last["level"], last["message"]) == ("error", "COMMIT")
    assert "t_a_key" in last["data"]["error"]


@with_psycopg
def test_error_while_rows_are_read_makes_the_statement_a_failed_one(listen, crumbs, postgres):
    listen()
    engine = sqlalchemy.create_engine(postgres.dsn_of("postgresql+psycopg"))
    with engine.connect() as connection:
        streaming = connection.execution_options(stream_results=True, max_row_buffer=1)
        rows = streaming.execute(text("SELECT 1 / (3 - n) FROM generate_series(1, 5000) n"))
        with pytest.raises(DBAPIError):
            rows.fetchall()
    engine.dispose()
    (crumb,) = crumbs()
    assert crumb["level"] == "error"
    assert "division by zero" in crumb["data"]["error"]


def test_database_that_is_not_there_is_told(listen, crumbs):
    listen()
    with pytest.raises(DBAPIError):
        run(sqlalchemy.create_engine("sqlite:////no/such/folder/shop.db"), "SELECT 1")
    (crumb,) = crumbs()
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert crumb["data"]["db.system"] == "sqlite"
    assert crumb["data"]["error"] == "OperationalError: unable to open database file"


def test_pool_that_has_no_connection_left_is_told(listen, crumbs):
    listen()
    engine = sqlalchemy.create_engine(
        "sqlite://", poolclass=sqlalchemy.pool.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01
    )
    with engine.connect(), pytest.raises(sqlalchemy.exc.TimeoutError):
        engine.connect()
    engine.dispose()
    (crumb,) = crumbs()
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert "QueuePool limit" in crumb["data"]["error"]


# -- parameters


def test_parameters_are_told_only_when_asked_for(listen, engine, crumbs):
    listen(record_params=True)
    run(engine, "CREATE TABLE users (name TEXT, password TEXT)")
    run(engine, "INSERT INTO users VALUES (:name, 'x')", {"name": "Ann"})
    assert crumbs()[-1]["data"]["db.params"] == ["Ann"]


@with_psycopg
def test_secret_parameters_are_gone_by_name(listen, crumbs, postgres):
    listen(record_params=True)
    engine = sqlalchemy.create_engine(postgres.dsn_of("postgresql+psycopg"))
    run(engine, "SELECT :name, :password", {"name": "Ann", "password": "hunter2"})
    engine.dispose()
    (crumb,) = crumbs()
    assert crumb["data"]["db.params"] == {"name": "Ann", "password": "[Filtered]"}


def test_engine_that_hides_parameters_is_obeyed(listen, crumbs):
    listen(record_params=True)
    engine = sqlalchemy.create_engine("sqlite://", hide_parameters=True)
    run(engine, "SELECT :name", {"name": "Ann"})
    engine.dispose()
    assert "db.params" not in crumbs()[0]["data"]


# -- layers


@pytest.mark.parametrize("scheme", DRIVERS)
def test_statement_through_a_driver_that_is_watched_too_is_told_once(listen, crumbs, postgres, scheme):
    """So are the pings of the pool and what a new connection is asked."""
    from sqlalchemy.ext.asyncio import create_async_engine

    async def main():
        begin_unit()
        engine = create_async_engine(postgres.dsn_of(scheme), pool_pre_ping=True)
        for _ in range(2):
            async with engine.begin() as connection:
                await connection.execute(text("SELECT :n"), {"n": "1"})
        async with engine.connect() as connection:
            with pytest.raises(DBAPIError):
                await connection.execute(text("SELECT * FROM nowhere"))
        await engine.dispose()
        return crumbs()

    listen()
    found = asyncio.run(main())
    assert [crumb["level"] for crumb in found] == ["info", "info", "error"]
    assert {crumb["data"]["db.name"] for crumb in found} == {"postgres"}
    assert 'relation "nowhere" does not exist' in found[-1]["data"]["error"]
    assert not statements._covering


@with_psycopg
def test_synchronous_engine_over_a_driver_that_is_watched_too_tells_once(listen, crumbs, postgres):
    listen()
    engine = sqlalchemy.create_engine(postgres.dsn_of("postgresql+psycopg"), pool_pre_ping=True)
    for _ in range(2):
        run(engine, "SELECT 1")
    engine.dispose()
    assert told(crumbs) == [("info", "SELECT 1")] * 2


@pytest.mark.parametrize("wrong", ["port", "password"])
@pytest.mark.parametrize("scheme", DRIVERS)
def test_server_that_cannot_be_reached_is_told_once(listen, crumbs, postgres, scheme, wrong):
    from sqlalchemy.ext.asyncio import create_async_engine

    right = {"port": str(postgres.port), "password": postgres.password}[wrong]
    dsn = postgres.dsn_of(scheme).replace(right, {"port": "1", "password": "n0t-it"}[wrong])

    async def main():
        engine = create_async_engine(dsn)
        with pytest.raises((DBAPIError, OSError, Exception)):
            async with engine.connect():
                pass
        return crumbs()

    listen()
    (crumb,) = asyncio.run(main())
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert crumb["data"]["error"]
    assert "n0t-it" not in repr(crumb)
    assert postgres.password not in repr(crumb)


def test_task_is_told_its_own_statements_only(listen, crumbs, postgres):
    from sqlalchemy.ext.asyncio import create_async_engine

    async def one(engine, number):
        begin_unit()
        async with engine.connect() as connection:
            await connection.execute(text(f"SELECT pg_sleep(0.0{number}), {number}"))
        return [crumb["message"] for crumb in crumbs()]

    async def main():
        engine = create_async_engine(postgres.dsn_of("postgresql+asyncpg"))
        found = await asyncio.gather(*(asyncio.ensure_future(one(engine, number)) for number in range(4)))
        await engine.dispose()
        return found

    listen()
    assert asyncio.run(main()) == [[f"SELECT pg_sleep(0.0{number}), {number}"] for number in range(4)]


# -- a good neighbour


def test_statements_that_other_listeners_change_still_run(listen, engine, crumbs):
    listen()

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def comment(connection, cursor, statement, parameters, context, executemany):
        return f"{statement} /* app=shop */", parameters

    assert run(engine, "SELECT 1") == [(1,)]
    assert len(crumbs()) == 1


def test_listener_that_fails_fails_as_before_and_covers_nothing_afterwards(listen, engine, crumbs):
    listen()

    @event.listens_for(engine, "before_cursor_execute")
    def broken(*args):
        raise LookupError("the listener's own")

    with pytest.raises(LookupError):
        run(engine, "SELECT 1")
    assert not statements.is_covered()
    assert all(crumb["level"] == "error" for crumb in crumbs())


def test_engine_made_before_the_client_is_watched(engine, listen, crumbs):
    with engine.connect() as connection:
        listen()
        connection.execute(text("SELECT 1"))
    assert told(crumbs) == [("info", "SELECT 1")]


def test_neither_connection_nor_parameters_are_kept_alive(listen, engine, crumbs):
    class Value(str):
        """Something whose life can be watched."""

    listen(record_params=True)
    value = Value("Ann")
    watched = weakref.ref(value)
    connection = engine.connect()
    connection_watched = weakref.ref(connection)
    connection.execute(text("SELECT :name"), {"name": value}).fetchall()
    connection.close()
    del value, connection
    gc.collect()
    assert watched() is None
    assert connection_watched() is None
    assert len(crumbs()) == 1


def test_listeners_are_gone_after_uninstalling(listen, engine, crumbs):
    client = listen()
    run(engine, "SELECT 1")
    client.close(uninstall=True)
    assert not list(engine.dispatch.before_cursor_execute)
    assert not list(engine.dispatch.after_cursor_execute)
    run(engine, "SELECT 2")


def test_client_without_the_integration_is_told_nothing(listen, init, engine, crumbs):
    listen()
    init()
    run(engine, "SELECT 1")
    assert crumbs() == []


def test_without_a_client_nothing_is_told(listen, engine):
    listen()
    Hub.main.bind_client(None)
    assert run(engine, "SELECT 1") == [(1,)]
