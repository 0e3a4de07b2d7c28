"""Statements of psycopg on a connection behind which nobody is, and a server that is not there."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace

from subject import Subject


class Connection:
    """What a cursor needs of its connection; a server that is there answers nothing to anything."""

    lock = nullcontext()

    def __init__(self, *, is_there):
        import psycopg

        self.adapters = psycopg.adapters
        self.row_factory = psycopg.rows.tuple_row
        self.pgconn = SimpleNamespace(db=b"shop")
        self._is_there = is_there

    def wait(self, steps):
        import psycopg

        steps.close()
        if not self._is_there:
            raise psycopg.OperationalError("the server hung up")


class Psycopg(Subject):
    """Work leaves a breadcrumb; a failure one for a statement, and one for a connection."""

    identifier = "psycopg"
    of_work = 1
    of_failure = 2

    def targets(self):
        import psycopg

        found = [(psycopg, "connect")]
        for prefix in ("", "Async"):
            cursor, connection = (getattr(psycopg, prefix + name) for name in ("Cursor", "Connection"))
            found += [(cursor, name) for name in ("execute", "executemany", "stream", "copy")]
            found += [(getattr(psycopg, f"{prefix}ServerCursor"), "execute")]
            found += [(connection, name) for name in ("connect", "commit")]
        return found

    def work(self):
        import psycopg

        cursor = psycopg.Cursor(Connection(is_there=True))
        return cursor.execute("SELECT %s", [1]) is cursor

    def fail(self, cargo):
        import psycopg

        held, ended = cargo, []
        for use in (
            lambda: psycopg.Cursor(Connection(is_there=False)).execute("SELECT %s", [held]),
            lambda: psycopg.connect("host=127.0.0.1 port=1 connect_timeout=5"),
        ):
            try:
                use()
            except psycopg.Error as error:
                ended.append(str(error))
        return ended


SUBJECT = Psycopg()
