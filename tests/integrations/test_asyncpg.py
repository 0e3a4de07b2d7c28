"""Statements that run through asyncpg, as breadcrumbs: on a real server."""

from __future__ import annotations

import asyncio
import gc
import io
import weakref

import asyncpg
import pytest

from sentry_like.integrations._common import statements
from sentry_like.integrations.asyncpg import AsyncPGIntegration

pytest_plugins = ("postgres_server",)


@pytest.fixture
def listen(init):
    def make(**settings):
        return init(integrations=[AsyncPGIntegration(**settings)])

    return make


@pytest.fixture
def told(postgres, crumbs, listen):
    """`told(use, **settings)`: the breadcrumbs that `await use(connection)` leaves, with a table of users."""

    def run(use, **settings):
        async def main():
            connection = await asyncpg.connect(postgres.dsn)
            try:
                await connection.execute("CREATE TEMPORARY TABLE users (email text UNIQUE)")
                await connection.execute("INSERT INTO users VALUES ('ann@example.com')")
                listen(**settings)
                await use(connection)
                return crumbs()
            finally:
                await connection.close()

        found = asyncio.run(main())
        assert not statements._covering
        return found

    return run


def messages(found):
    return [(crumb["level"], crumb["message"]) for crumb in found]


def test_statement_leaves_one_breadcrumb_with_placeholders(told):
    async def use(connection):
        assert await connection.fetchval("SELECT $1::text", "Ann") == "Ann"

    (crumb,) = told(use)
    assert crumb["data"].pop("duration") >= 0
    assert crumb["data"] == {"db.system": "postgresql", "db.name": "postgres", "db.operation": "SELECT"}
    assert (crumb["message"], crumb["type"], crumb["category"]) == ("SELECT $1::text", "query", "query")


@pytest.mark.parametrize("name", ["execute", "fetch", "fetchval", "fetchrow"])
@pytest.mark.parametrize("args", [(), ("Ann",)], ids=["without", "with"])
def test_each_way_to_run_a_statement_is_told_once(told, name, args):
    async def use(connection):
        await getattr(connection, name)("SELECT $1::text" if args else "SELECT 'x'", *args)

    assert messages(told(use)) == [("info", "SELECT $1::text" if args else "SELECT 'x'")]


def test_many_sets_of_parameters_are_one_breadcrumb_with_their_count(told):
    async def use(connection):
        await connection.executemany("INSERT INTO users VALUES ($1)", [("b",), ("c",)])
        await connection.executemany(command="INSERT INTO users VALUES ($1)", args=[("d",)])
        if hasattr(connection, "fetchmany"):  # since 0.30
            await connection.fetchmany("INSERT INTO users VALUES ($1) RETURNING email", [("e",)])

    found = told(use)
    assert [crumb["data"]["db.operation.batch.size"] for crumb in found] == [2, 1, 1][: len(found)]


@pytest.mark.parametrize("name", ["fetch", "fetchval", "fetchrow"])
def test_prepared_statement_is_told_each_time_it_runs(told, name):
    async def use(connection):
        prepared = await connection.prepare("SELECT $1::text")
        for _ in range(2):
            await getattr(prepared, name)("Ann")

    assert messages(told(use)) == [("info", "SELECT $1::text")] * 2


def test_prepared_statement_with_many_sets_of_parameters_is_told_once(told):
    async def use(connection):
        prepared = await connection.prepare("INSERT INTO users VALUES ($1)")
        await prepared.executemany([("b",), ("c",)])

    (crumb,) = told(use)
    assert crumb["data"]["db.operation.batch.size"] == 2


def test_cursor_is_told_once_however_many_rows_it_reads(told):
    async def use(connection):
        async with connection.transaction():
            rows = [row[0] async for row in connection.cursor("SELECT generate_series(1, 200)", prefetch=10)]
            assert len(rows) == 200
            cursor = await connection.cursor("SELECT 2")
            assert (await cursor.fetchrow())[0] == 2

    assert messages(told(use)) == [("info", "SELECT generate_series(1, 200)"), ("info", "SELECT 2")]


def test_copies_are_told_without_what_is_filled_in(told):
    async def use(connection):
        await connection.copy_records_to_table("users", records=[("bob",)])
        await connection.copy_to_table("users", source=io.BytesIO(b"eve\n"))
        await connection.copy_from_table("users", output=io.BytesIO())
        await connection.copy_from_query("SELECT $1::text", "s3cret", output=io.BytesIO())

    found = told(use)
    assert messages(found) == [
        ("info", "COPY users FROM STDIN"),
        ("info", "COPY users FROM STDIN"),
        ("info", "COPY users TO STDOUT"),
        ("info", "COPY (SELECT $1::text) TO STDOUT"),
    ]


def test_transactions_are_not_told(told):
    async def use(connection):
        async with connection.transaction():
            async with connection.transaction():
                await connection.execute("SELECT 1")

    assert messages(told(use)) == [("info", "SELECT 1")]


def test_commit_that_fails_is_told(told):
    async def use(connection):
        await connection.execute("CREATE TEMPORARY TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)")
        with pytest.raises(asyncpg.UniqueViolationError):
            async with connection.transaction():
                await connection.execute("INSERT INTO t VALUES (1), (1)")

    *_, last = told(use)
    assert (last["level"], last["message"]) == ("error", "COMMIT;")


# -- parameters


@pytest.mark.parametrize("record_params", [False, True])
def test_parameters_are_told_only_when_asked_for(told, record_params):
    async def use(connection):
        await connection.fetch("SELECT $1::text", "Ann")
        prepared = await connection.prepare("SELECT $1::text")
        await prepared.fetch("Bob")

    found = [crumb["data"].get("db.params") for crumb in told(use, record_params=record_params)]
    assert found == ([["Ann"], ["Bob"]] if record_params else [None, None])


def test_neither_connection_nor_parameters_are_kept_alive(listen, crumbs, postgres):
    class Value(str):
        """Something whose life can be watched."""

    async def main():
        connection = await asyncpg.connect(postgres.dsn)
        value = Value("Ann")
        watched = weakref.ref(connection), weakref.ref(value)
        await connection.fetch("SELECT $1::text", value)
        await connection.close()
        del connection, value
        await asyncio.sleep(0)
        gc.collect()
        assert [one() for one in watched] == [None, None]
        return crumbs()

    listen(record_params=True)
    assert len(asyncio.run(main())) == 1


# -- failures


@pytest.mark.parametrize(
    ("query", "args", "reason"),
    [
        ("SELEKT 1", (), 'PostgresSyntaxError: syntax error at or near "SELEKT"'),
        (
            "INSERT INTO users VALUES ($1)",
            ("ann@example.com",),
            'UniqueViolationError: duplicate key value violates unique constraint "users_email_key"',
        ),
        (
            "SELECT $1::int",
            ("ann@example.com",),
            "DataError: invalid input for query argument $1: [Filtered]",
        ),
    ],
    ids=["syntax", "constraint", "argument"],
)
def test_failed_statement_is_told_with_its_reason_but_without_values(told, query, args, reason):
    async def use(connection):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await connection.fetch(query, *args)

    (crumb,) = told(use)
    assert (crumb["level"], crumb["data"]["error"]) == ("error", reason)
    assert "ann@" not in repr(crumb)


async def prepare(connection):
    await connection.prepare("SELEKT 1")


async def iterate(connection):
    async with connection.transaction():
        async for _ in connection.cursor("SELEKT 1"):
            pass


@pytest.mark.parametrize("way", [prepare, iterate])
def test_statement_that_is_no_good_is_told_before_it_runs(told, way):
    async def use(connection):
        with pytest.raises(asyncpg.PostgresSyntaxError):
            await way(connection)

    assert messages(told(use)) == [("error", "SELEKT 1")]


def test_statement_that_takes_too_long_is_told(told):
    async def use(connection):
        with pytest.raises(asyncio.TimeoutError):
            await connection.execute("SELECT pg_sleep(5)", timeout=0.1)

    (crumb,) = told(use)
    assert (crumb["level"], crumb["data"]["error"]) == ("error", "TimeoutError")


@pytest.mark.parametrize("use_pool", [False, True], ids=["connect", "pool"])
def test_server_that_is_not_there_is_told_without_the_password(listen, crumbs, use_pool):
    async def main():
        dsn = "postgresql://bob:hunter2@127.0.0.1:1/shop"
        use = (await asyncpg.create_pool(dsn, min_size=0)).acquire() if use_pool else asyncpg.connect(dsn)
        with pytest.raises(OSError):
            await use
        return crumbs()

    listen()
    (crumb,) = asyncio.run(main())
    assert (crumb["level"], crumb["message"]) == ("error", "connect")
    assert "127.0.0.1" in crumb["data"]["error"]
    assert "hunter2" not in repr(crumb)


def test_wrong_password_is_told_without_it(listen, crumbs, postgres):
    async def main():
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(postgres.dsn.replace(postgres.password, "n0t-it"))
        return crumbs()

    listen()
    (crumb,) = asyncio.run(main())
    assert crumb["data"]["error"] == (
        'InvalidPasswordError: password authentication failed for user "postgres"'
    )


def test_connection_that_succeeds_is_not_told(listen, crumbs, postgres):
    async def main():
        await (await asyncpg.connect(postgres.dsn)).close()
        return crumbs()

    listen()
    assert asyncio.run(main()) == []


# -- pools, tasks and layers


def test_statements_of_a_pool_are_told_and_its_own_are_not(listen, crumbs, postgres):
    async def main():
        async with asyncpg.create_pool(postgres.dsn, min_size=1, max_size=1) as pool:
            for _ in range(2):
                async with pool.acquire() as connection:
                    await connection.execute("SELECT 1")
            await pool.fetchval("SELECT 2")
            return crumbs()

    listen()
    assert messages(asyncio.run(main())) == [("info", "SELECT 1")] * 2 + [("info", "SELECT 2")]


def test_task_is_told_its_own_statements_only(listen, crumbs, postgres):
    async def one(pool, number):
        await pool.fetchval(f"SELECT {number} FROM pg_sleep(0.0{number})")
        return [crumb["data"]["db.operation"] + crumb["message"][6:8] for crumb in crumbs()]

    async def main():
        async with asyncpg.create_pool(postgres.dsn, min_size=2, max_size=4) as pool:
            return await asyncio.gather(*(asyncio.ensure_future(one(pool, number)) for number in range(4)))

    listen()
    assert asyncio.run(main()) == [[f"SELECT {number}"] for number in range(4)]


def test_layer_above_is_told_alone(told):
    async def use(connection):
        with statements.Statement("SELECT from above", "postgresql"):
            await connection.fetch("SELECT 1")
            await (await connection.prepare("SELECT 2")).fetch()
        await connection.fetch("SELECT 3")

    assert messages(told(use)) == [("info", "SELECT from above"), ("info", "SELECT 3")]
