"""Statements of asyncpg on a connection behind which nobody is."""

from __future__ import annotations

from types import SimpleNamespace

from subject import Subject


class Protocol:
    """A server that answers what it is asked, and nothing good to what it does not know."""

    def is_connected(self):
        return True

    async def query(self, query, timeout):
        from asyncpg.exceptions import UndefinedTableError

        if "nowhere" in query:
            raise UndefinedTableError('relation "nowhere" does not exist')
        return query


def connection():
    """A connection that was never made."""
    from asyncpg.connection import Connection

    class Unconnected(Connection):
        def __init__(self):
            self._protocol = Protocol()
            self._aborted = False
            self._query_loggers = set()
            self._params = SimpleNamespace(database="shop")

        def __del__(self):
            """There is nothing to close."""

    return Unconnected()


class Asyncpg(Subject):
    """Work leaves a breadcrumb for its statement, and so does a failure."""

    identifier = "asyncpg"
    of_work = 1
    of_failure = 1

    def prepare(self):
        import asyncpg  # noqa: F401  # as an application does

    def targets(self):
        from asyncpg import connect_utils
        from asyncpg.connection import Connection
        from asyncpg.cursor import BaseCursor
        from asyncpg.prepared_stmt import PreparedStatement

        running = ("execute", "executemany", "fetch", "fetchval", "fetchrow", "fetchmany")
        copying = ("copy_from_table", "copy_from_query", "copy_to_table", "copy_records_to_table")
        named = [(Connection, name) for name in (*running, *copying, "_get_statement")]
        named += [(PreparedStatement, name) for name in running]
        named += [(BaseCursor, "_bind"), (BaseCursor, "_bind_exec"), (connect_utils, "_connect")]
        return [(owner, name) for owner, name in named if hasattr(owner, name)]

    def work(self):
        return run(self.work_in_task())

    async def work_in_task(self):
        return await connection().execute("SELECT 1")

    def fail(self, cargo):
        return run(self.fail_in_task(cargo))

    async def fail_in_task(self, cargo):
        return await connection().execute("SELECT * FROM nowhere"), cargo


def run(coroutine):
    """The result of a coroutine that waits for nothing, without an event loop and its tasks."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value
    finally:
        coroutine.close()


SUBJECT = Asyncpg()
