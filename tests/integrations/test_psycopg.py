"""Statements that run through psycopg 3, as breadcrumbs: on a real server, synchronous and asynchronous."""

from __future__ import annotations

import asyncio
import gc
import weakref
from contextlib import closing

import psycopg
import pytest
from psycopg import sql

from sentry_like.integrations._common import statements
from sentry_like.integrations.psycopg import PsycopgIntegration
from sentry_like.integrations.psycopg.queries import text_of

pytest_plugins = ("postgres_server",)


@pytest.fixture
def listen(init):
    def make(**settings):
        return init(integrations=[PsycopgIntegration(**settings)])

    return make


@pytest.fixture
def connection(postgres):
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute("CREATE TEMPORARY TABLE users (id serial, email text UNIQUE)")
        connection.execute("INSERT INTO users (email) VALUES ('ann@example.com')")
        yield connection


def told(crumbs):
    return [(crumb["level"], crumb["message"]) for crumb in crumbs()]


def run(main):
    """The result of a coroutine function, with what `crumbs()` answers in its task."""
    return asyncio.run(main())


# -- each way to run a statement


def test_statement_leaves_one_breadcrumb_with_placeholders(listen, connection, crumbs):
    listen()
    assert connection.execute("SELECT %s", ["Ann"]).fetchone() == ("Ann",)
    (crumb,) = crumbs()
    assert crumb["data"].pop("duration") >= 0
    assert crumb["data"] == {"db.system": "postgresql", "db.name": "postgres", "db.operation": "SELECT"}
    assert (crumb["message"], crumb["type"], crumb["category"]) == ("SELECT %s", "query", "query")


def server_cursor(connection):
    return connection.cursor("a_name")


def client_cursor(connection):
    return psycopg.ClientCursor(connection)


@pytest.mark.parametrize("cursor_of", [psycopg.Cursor, server_cursor, client_cursor])
def test_cursor_of_any_kind_is_told_once(listen, connection, crumbs, cursor_of):
    listen()
    with connection.transaction(), cursor_of(connection) as cursor:
        cursor.execute("SELECT email FROM users WHERE id < %s", [3])
        assert cursor.fetchall() == [("ann@example.com",)]
    assert told(crumbs) == [("info", "SELECT email FROM users WHERE id < %s")]


def test_many_sets_of_parameters_are_one_breadcrumb_with_their_count(listen, connection, crumbs):
    listen()
    connection.cursor().executemany("INSERT INTO users (email) VALUES (%s)", [["b"], ["c"]])
    connection.cursor().executemany("INSERT INTO users (email) VALUES (%s)", ([one] for one in "de"))
    counted, streamed = crumbs()
    assert counted["data"]["db.operation.batch.size"] == 2
    assert "db.operation.batch.size" not in streamed["data"]
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (5,)


def test_stream_is_told_with_its_first_row(listen, connection, crumbs):
    listen()
    rows = connection.cursor().stream("SELECT generate_series(1, 3)")
    assert next(rows) == (1,)
    assert told(crumbs) == [("info", "SELECT generate_series(1, 3)")]
    assert list(rows) == [(2,), (3,)]
    assert len(crumbs()) == 1


def test_stream_without_rows_is_told(listen, connection, crumbs):
    listen()
    assert list(connection.cursor().stream("SELECT 1 WHERE false")) == []
    assert len(crumbs()) == 1


def test_stream_that_is_left_early_gives_the_connection_back(listen, connection, crumbs):
    listen()
    for row in connection.cursor().stream("SELECT generate_series(1, 100000)"):
        assert row == (1,)
        break
    assert connection.execute("SELECT 2").fetchone() == (2,)
    assert len(crumbs()) == 2


def test_copy_is_told_when_its_block_is_left(listen, connection, crumbs):
    listen()
    with connection.cursor().copy("COPY users (email) FROM STDIN") as copy:
        copy.write_row(["bob"])
        assert crumbs() == []
    assert told(crumbs) == [("info", "COPY users (email) FROM STDIN")]


def test_copy_that_the_server_refuses_is_told_without_values(listen, connection, crumbs):
    listen()
    with pytest.raises(psycopg.errors.UniqueViolation):
        with connection.cursor().copy("COPY users (email) FROM STDIN") as copy:
            copy.write_row(["ann@example.com"])
    (crumb,) = crumbs()
    assert crumb["level"] == "error"
    assert "users_email_key" in crumb["data"]["error"]
    assert "ann@" not in repr(crumb)


def test_copy_hands_the_applications_own_exception_through(listen, connection, crumbs):
    listen()
    with pytest.raises((LookupError, psycopg.errors.QueryCanceled)) as raised:  # the latter before 3.2
        with connection.cursor().copy("COPY users (email) FROM STDIN"):
            raise LookupError("the application's")
    assert "the application's" in str(raised.value)
    assert crumbs()[0]["level"] == "error"
    assert connection.execute("SELECT count(*) FROM users").fetchone() == (1,)


# -- asynchronous


def test_asynchronous_statements_are_told_the_same_way(listen, crumbs, postgres):
    async def main():
        async with await psycopg.AsyncConnection.connect(postgres.dsn) as connection:
            await connection.execute("CREATE TEMPORARY TABLE users (email text UNIQUE)")
            cursor = connection.cursor()
            await cursor.executemany("INSERT INTO users VALUES (%s)", [["a"], ["b"]])
            assert [row async for row in cursor.stream("SELECT email FROM users")] == [("a",), ("b",)]
            async with cursor.copy("COPY users TO STDOUT") as copy:
                assert [bytes(row) async for row in copy] == [b"a\n", b"b\n"]
            async with connection.cursor("a_name") as named:
                await named.execute("SELECT count(*) FROM users")
                assert await named.fetchone() == (2,)
            with pytest.raises(psycopg.errors.UniqueViolation):
                await cursor.execute("INSERT INTO users VALUES (%s)", ["a"])
            return crumbs()

    listen()
    found = run(main)
    assert [(crumb["level"], crumb["data"]["db.operation"]) for crumb in found] == [
        ("info", "CREATE"),
        ("info", "INSERT"),
        ("info", "SELECT"),
        ("info", "COPY"),
        ("info", "SELECT"),
        ("error", "INSERT"),
    ]
    assert found[1]["data"]["db.operation.batch.size"] == 2
    assert {crumb["data"]["db.name"] for crumb in found} == {"postgres"}


def test_asynchronous_stream_that_is_left_early_is_closed(listen, crumbs, postgres):
    async def main():
        async with await psycopg.AsyncConnection.connect(postgres.dsn, autocommit=True) as connection:
            rows = connection.cursor().stream("SELECT generate_series(1, 100000)")
            async for _ in rows:
                break
            await rows.aclose()
            await connection.execute("SELECT 2")
            return crumbs()

    listen()
    assert len(run(main)) == 2


def test_cancelled_statement_is_told(listen, crumbs, postgres):
    async def main():
        connection = await psycopg.AsyncConnection.connect(postgres.dsn, autocommit=True)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(wait(connection), 0.1)
        await connection.close()
        return found

    async def wait(connection):
        try:
            await connection.execute("SELECT pg_sleep(5)")
        finally:
            found.extend(crumbs())

    found = []
    listen()
    (crumb,) = run(main)
    assert crumb["level"] == "error"
    assert not statements._covering


# -- queries of all forms


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT 1", "SELECT 1"),
        (b"SELECT 1", "SELECT 1"),
        (sql.SQL("SELECT 1"), "SELECT 1"),
        (
            sql.SQL("SELECT {} FROM {} WHERE a = {} AND b = {}").format(
                sql.SQL(", ").join([sql.Identifier("a"), sql.Identifier("b")]),
                sql.Identifier("shop", "users"),
                sql.Literal("s3cret"),
                sql.Placeholder("b"),
            ),
            'SELECT "a", "b" FROM "shop"."users" WHERE a = %s AND b = %(b)s',
        ),
    ],
    ids=["text", "bytes", "sql", "composed"],
)
def test_query_in_any_form_is_text_without_values(query, text, connection):
    assert text_of(query, connection.cursor()) == text


def test_template_shows_expressions_in_place_of_values():
    class Interpolation:
        expression = "user.email"
        value = "ann@example.com"

    class Template:
        strings = ("SELECT * FROM users WHERE email = ", "")
        interpolations = (Interpolation(),)

    assert text_of(Template(), None) == "SELECT * FROM users WHERE email = {user.email}"


# -- parameters


def test_parameters_are_told_only_when_asked_for(listen, connection, crumbs):
    listen(record_params=True)
    connection.execute("SELECT %(name)s, %(password)s", {"name": "Ann", "password": "hunter2"})
    connection.execute("SELECT %s", ["Bob"])
    named, numbered = crumbs()
    assert named["data"]["db.params"] == {"name": "Ann", "password": "[Filtered]"}
    assert numbered["data"]["db.params"] == ["Bob"]


def test_parameters_are_not_kept_alive(listen, connection, crumbs):
    class Value(str):
        """Something whose life can be watched."""

    listen(record_params=True)
    value = Value("Ann")
    watched = weakref.ref(value)
    connection.adapters.register_dumper(Value, psycopg.types.string.StrDumper)
    cursor = connection.execute("SELECT %s", [value])
    cursor.close()
    del value, cursor
    gc.collect()
    assert watched() is None
    assert len(crumbs()) == 1


# -- failures


def test_failed_statement_is_told_with_its_reason_but_without_values(listen, connection, crumbs):
    listen()
    with pytest.raises(psycopg.errors.UniqueViolation, match=r"ann@example\.com"):
        connection.execute("INSERT INTO users (email) VALUES (%s)", ["ann@example.com"])
    (crumb,) = crumbs()
    assert crumb["level"] == "error"
    assert crumb["data"]["error"] == (
        'UniqueViolation: duplicate key value violates unique constraint "users_email_key"'
    )


@pytest.mark.parametrize(
    "dsn",
    [
        "host=127.0.0.1 port=1 password=hunter2",
        "host=127.0.0.1 password=my hunter2",
        "hunter2",
        "postgresql://bob:hunter2/3@127.0.0.1/shop",
    ],
    ids=["nobody there", "unquoted", "no DSN", "unescaped"],
)
@pytest.mark.parametrize("connect", [psycopg.connect, psycopg.Connection.connect], ids=["module", "class"])
def test_connection_that_fails_is_told_without_its_password(listen, crumbs, connect, dsn):
    listen()
    connect = psycopg.connect if connect.__name__ == "connect" else connect
    with pytest.raises(psycopg.Error):
        connect(dsn)
    (crumb,) = crumbs()
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert "hunter2" not in repr(crumb)


def test_asynchronous_connection_that_fails_is_told(listen, crumbs, postgres):
    async def main():
        with pytest.raises(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(postgres.dsn.replace(postgres.password, "n0t-it"))
        return crumbs()

    listen()
    (crumb,) = run(main)
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert 'password authentication failed for user "postgres"' in crumb["data"]["error"]


def test_connection_and_transaction_that_succeed_are_not_told(listen, crumbs, postgres):
    listen()
    with psycopg.connect(postgres.dsn) as connection:
        connection.execute("SELECT 1")
        connection.commit()
        connection.execute("ROLLBACK")
    assert told(crumbs) == [("info", "SELECT 1")]


def test_commit_that_fails_is_told(listen, crumbs, postgres):
    listen()
    with closing(psycopg.connect(postgres.dsn)) as connection:
        connection.execute("CREATE TEMPORARY TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        connection.execute("INSERT INTO t VALUES (1), (1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.commit()
    *_, last = crumbs()
    assert (last["level"], last["message"]) == ("error", "COMMIT")


def test_closed_connection_fails_as_before_and_is_told(listen, crumbs, postgres):
    connection = psycopg.connect(postgres.dsn)
    cursor = connection.cursor()
    connection.close()
    listen()
    with pytest.raises(psycopg.OperationalError, match="closed"):
        cursor.execute("SELECT 1")
    assert crumbs()[0]["level"] == "error"


def test_wrong_arguments_fail_as_before(listen, connection, lenient):
    listen()
    with pytest.raises(TypeError):
        connection.cursor().execute()


# -- layers


def test_layer_above_is_told_alone(listen, connection, crumbs):
    listen()
    with statements.Statement("SELECT from above", "postgresql"):
        connection.execute("SELECT 1")
        list(connection.cursor().stream("SELECT 2"))
        with connection.cursor().copy("COPY users TO STDOUT") as copy:
            list(copy)
    connection.execute("SELECT 3")
    assert told(crumbs) == [("info", "SELECT from above"), ("info", "SELECT 3")]


def test_uninstalled_it_tells_nothing(listen, connection, crumbs):
    listen().close(uninstall=True)
    with connection.cursor().copy("COPY users TO STDOUT") as copy:
        list(copy)
    assert connection.execute("SELECT 1").fetchone() == (1,)
