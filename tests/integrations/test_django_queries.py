"""Statements that Django has databases run, as breadcrumbs."""

from __future__ import annotations

import asyncio

import django_site  # noqa: F401  # sets Django up
import pytest
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.backends.utils import CursorDebugWrapper
from django.test import override_settings

from sentry_like.integrations.django import DjangoIntegration

pytest_plugins = ("postgres_server",)


@pytest.fixture
def noting(init):
    return init(integrations=[DjangoIntegration()])


@pytest.fixture(autouse=True)
def connected():
    connection.ensure_connection()


def only(crumbs):
    (crumb,) = crumbs()
    return crumb


def ask(statement="SELECT %s", params=("s3cr3t",)):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()


def test_a_statement_leaves_one_breadcrumb(noting, crumbs):
    assert ask() == [("s3cr3t",)]
    crumb = only(crumbs)
    assert (crumb["type"], crumb["category"], crumb["message"]) == ("query", "query", "SELECT %s")
    assert crumb["data"]["db.system"] == "sqlite"
    assert crumb["data"]["db.operation"] == "SELECT"
    assert "s3cr3t" not in str(crumb)


def test_parameters_are_shown_where_they_are_asked_for(init, crumbs):
    init(integrations=[DjangoIntegration(record_sql_params=True)])
    ask(params=("plain",))
    assert only(crumbs)["data"]["db.params"] == ["plain"]


def test_many_sets_of_parameters_are_one_breadcrumb(noting, crumbs):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE things (name TEXT)")
        cursor.executemany("INSERT INTO things VALUES (%s)", [("a",), ("b",)])
        cursor.execute("DROP TABLE things")
    made = crumbs()[1]
    assert made["message"] == "INSERT INTO things VALUES (%s)"
    assert made["data"]["db.operation.batch.size"] == 2


@override_settings(DEBUG=True)
def test_the_cursor_of_the_debug_mode_tells_it_once(noting, crumbs):
    with connection.cursor() as cursor:
        assert isinstance(cursor, CursorDebugWrapper)
        cursor.execute("SELECT 1")
    assert only(crumbs)["message"] == "SELECT 1"


def test_a_procedure_leaves_a_breadcrumb(noting, crumbs):
    with connection.cursor() as cursor, pytest.raises(AttributeError):  # SQLite has none
        cursor.callproc("tidy", ("s3cr3t",))
    crumb = only(crumbs)
    assert (crumb["message"], crumb["level"]) == ("CALL tidy", "error")
    assert "s3cr3t" not in str(crumb)


def test_a_statement_that_fails_says_so(noting, crumbs):
    with pytest.raises(DatabaseError):
        ask("SELECT * FROM nowhere", None)
    crumb = only(crumbs)
    assert crumb["level"] == "error"
    assert "nowhere" in crumb["data"]["error"]


def test_what_wraps_statements_may_ask_the_database_itself(noting, crumbs):
    def wrapper(execute, sql, params, many, context):
        if "2" not in sql:
            ask("SELECT 2", None)
        return execute(f"{sql} -- marked", params, many, context)

    with connection.execute_wrapper(wrapper):
        ask("SELECT 1", None)
    assert [crumb["message"] for crumb in crumbs()] == ["SELECT 2 -- marked", "SELECT 1 -- marked"]


def test_a_connection_that_fails_leaves_a_breadcrumb(noting, crumbs, tmp_path):
    settings = {**connection.settings_dict, "NAME": str(tmp_path / "no" / "such.db")}
    broken = type(connections["default"])(settings, "broken")
    with pytest.raises(OperationalError):
        broken.ensure_connection()
    crumb = only(crumbs)
    assert (crumb["message"], crumb["level"]) == ("connect", "error")


def test_a_connection_that_succeeds_leaves_none(noting, crumbs):
    fresh = type(connections["default"])(connection.settings_dict, "fresh")
    fresh.connect()
    fresh.close()
    assert crumbs() == []


def test_what_sets_a_connection_up_leaves_none(noting, crumbs):
    from django.db.backends.signals import connection_created

    def set_up(sender, connection, **more):
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    fresh = type(connections["default"])(connection.settings_dict, "fresh")
    connection_created.connect(set_up)
    try:
        fresh.connect()
    finally:
        connection_created.disconnect(set_up)
        fresh.close()
    assert crumbs() == []


def test_transactions_leave_none(noting, crumbs):
    from django.db import transaction

    with transaction.atomic():
        ask("SELECT 1", None)
    assert [crumb["message"] for crumb in crumbs()] == ["SELECT 1"]


@pytest.fixture
def postgresql(postgres):
    """Django's connection to a real PostgreSQL."""
    from django.db.backends.postgresql.base import DatabaseWrapper

    place = {"HOST": postgres.host, "PORT": postgres.port, "NAME": postgres.database}
    who = {"USER": postgres.user, "PASSWORD": postgres.password}
    made = DatabaseWrapper({**connection.settings_dict, **place, **who}, "postgresql")
    yield made
    made.close()


def test_a_driver_below_does_not_tell_it_again(init, crumbs, postgresql):
    from sentry_like.integrations.psycopg import PsycopgIntegration

    init(integrations=[DjangoIntegration(), PsycopgIntegration()])
    with postgresql.cursor() as cursor:
        cursor.execute("SELECT %s::int", [7])
        assert cursor.fetchall() == [(7,)]
    crumb = only(crumbs)
    assert crumb["message"] == "SELECT %s::int"
    assert (crumb["data"]["db.system"], crumb["data"]["db.name"]) == ("postgresql", "postgres")


def test_composed_statements_are_shown_without_their_values(noting, crumbs, postgresql):
    from psycopg import sql

    with postgresql.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT {} AS {}").format(sql.Literal("s3cr3t"), sql.Identifier("name")))
    assert only(crumbs)["message"] == 'SELECT %s AS "name"'


def test_statements_of_an_async_view_are_those_of_its_task(noting, crumbs):
    from asgiref.sync import sync_to_async

    async def main():
        await sync_to_async(ask_and_close)()
        return [crumb["message"] for crumb in crumbs()]

    assert asyncio.run(main()) == ["SELECT 1"]


def ask_and_close():
    try:
        ask("SELECT 1", None)
    finally:
        connections.close_all()
