"""Statements that SQLAlchemy runs in a database of SQLite, in memory."""

from __future__ import annotations

from subject import Subject


class Sqlalchemy(Subject):
    """Work leaves a breadcrumb for its statement, a failure one for what the database refused."""

    identifier = "sqlalchemy"
    of_work = 1
    of_failure = 1

    def prepare(self):
        import sqlalchemy

        self.engine = sqlalchemy.create_engine("sqlite://")
        self.run = lambda connection, text: connection.execute(sqlalchemy.text(text)).fetchall()
        self.work()

    def targets(self):
        from sqlalchemy.engine import Connection
        from sqlalchemy.pool import Pool, SingletonThreadPool

        return [(Pool, "connect"), (SingletonThreadPool, "connect"), (Connection, "_commit_impl")]

    def state(self):
        """How many functions listen to an engine."""
        dispatches = (self.engine.dispatch, self.engine.dialect.dispatch)
        names = ("before_cursor_execute", "after_cursor_execute", "handle_error")
        return [len(list(getattr(one, name, ()))) for one in dispatches for name in names]

    def work(self):
        with self.engine.begin() as connection:
            return self.run(connection, "SELECT 1")

    def fail(self, cargo):
        held = cargo
        with self.engine.connect() as connection:
            return self.run(connection, "SELECT secret FROM nowhere"), held


SUBJECT = Sqlalchemy()
