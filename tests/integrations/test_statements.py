"""Breadcrumbs of statements, and who tells one that several layers run."""

from __future__ import annotations

import asyncio
import gc
import socket
import threading

import pytest

import sentry_like
from sentry_like.capture.names import FILTERED
from sentry_like.integrations._common import statements
from sentry_like.integrations._common.reasons import reason_of
from sentry_like.integrations._common.statements import Attempt, Statement, is_covered, shown


class IntegrityError(Exception):
    """What a driver raises."""


@pytest.fixture(autouse=True)
def client(init):
    return init()


def messages(crumbs):
    return [crumb["message"] for crumb in crumbs()]


# -- what is told


def test_statement_tells_what_ran_where_and_how_long(crumbs):
    with Statement("SELECT *\n  FROM users", "postgresql", "shop"):
        pass
    (crumb,) = crumbs()
    assert crumb["data"].pop("duration") >= 0
    assert crumb.pop("timestamp")
    assert crumb == {
        "type": "query",
        "category": "query",
        "level": "info",
        "message": "SELECT * FROM users",
        "data": {"db.system": "postgresql", "db.name": "shop", "db.operation": "SELECT"},
    }


def test_failed_statement_tells_the_reason(crumbs):
    with pytest.raises(IntegrityError), Statement("DELETE FROM users", "sqlite"):
        raise IntegrityError("UNIQUE constraint failed: users.email")
    (crumb,) = crumbs()
    assert crumb["level"] == "error"
    assert crumb["data"]["error"] == "IntegrityError: UNIQUE constraint failed: users.email"


def test_statement_that_fails_while_its_rows_are_read_is_told_once_as_failed(crumbs):
    statement = Statement("SELECT 1", "sqlite")
    statement.succeeded({})
    statement.failed(IntegrityError("gone"), {})
    statement.failed(IntegrityError("later"), {})
    (crumb,) = crumbs()
    assert (crumb["level"], crumb["data"]["error"]) == ("error", "IntegrityError: gone")


def test_attempt_that_succeeds_is_not_told(crumbs):
    with Attempt("connect", "postgresql"):
        pass
    assert crumbs() == []


def test_attempt_that_fails_is_told(crumbs):
    with pytest.raises(ConnectionRefusedError), Attempt("connect", "postgresql"):
        raise ConnectionRefusedError(111, "Connection refused")
    (crumb,) = crumbs()
    assert (crumb["message"], crumb["level"]) == ("connect", "error")


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN",
        "begin isolation level serializable",
        " COMMIT;",
        "END",
        "END;",
        "END TRANSACTION",
        "ROLLBACK TO a",
        "SAVEPOINT a",
        "RELEASE SAVEPOINT a",
        "START TRANSACTION",
        "ABORT",
    ],
)
def test_what_only_begins_or_ends_a_transaction_is_told_if_it_fails(crumbs, text):
    Statement(text, "postgresql").succeeded({})
    assert crumbs() == []
    Statement(text, "postgresql").failed(IntegrityError("refused"), {})
    assert len(crumbs()) == 1


@pytest.mark.parametrize("text", ["COMMENT ON TABLE a IS NULL", "ENDPOINTS", "SELECT 'BEGIN'", "BEGINNING"])
def test_what_only_looks_like_it_is_told(crumbs, text):
    Statement(text, "postgresql").succeeded({})
    assert len(crumbs()) == (0 if text == "BEGINNING" else 1)


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        ("select 1", "SELECT"),
        ("  \n(SELECT 1) UNION (SELECT 2)", "SELECT"),
        ("/* app=shop */ -- why\nupdate a set b = 1", "UPDATE"),
        ("WITH a AS (SELECT 1) SELECT * FROM a", "WITH"),
        ("COMMIT;", "COMMIT"),
        (";", ""),
        ("", ""),
        ("/* never closed", ""),
    ],
)
def test_operation_is_the_verb(text, verb):
    assert statements.first_word(text) == verb


# -- reasons


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'duplicate key value violates unique constraint "users_email_key"\n'
            "DETAIL:  Key (email)=(ann@example.com) already exists.",
            'duplicate key value violates unique constraint "users_email_key"',
        ),
        ('relation "shop.users" does not exist\nLINE 1: select 4111', 'relation "shop.users" does not exist'),
        (
            'null value in column "email" of relation "users" violates not-null constraint',
            'null value in column "email" of relation "users" violates not-null constraint',
        ),
        (
            'invalid input syntax for type integer: "s3cret"',
            f"invalid input syntax for type integer: {FILTERED}",
        ),
        (
            'value "99999999999" is out of range for type integer',
            f"value {FILTERED} is out of range for type integer",
        ),
        ('invalid input value for enum mood: "s3cret', f"invalid input value for enum mood: {FILTERED}"),
        ('syntax error at or near "slect"', 'syntax error at or near "slect"'),
        ("syntax error at or near \"'s3cret'\"", f"syntax error at or near {FILTERED}"),
        (
            "invalid input for query argument $1: {'card': 4111} (an integer is required)",
            f"invalid input for query argument $1: {FILTERED}",
        ),
        (
            "Duplicate entry 'ann@example.com' for key 'users.email'",
            f"Duplicate entry {FILTERED} for key 'users.email'",
        ),
        ("Duplicate entry 'O'Brien' for key 'a'", f"Duplicate entry {FILTERED} for key 'a'"),
        ("Table 'shop.users' doesn't exist", "Table 'shop.users' doesn't exist"),
        ("Access denied for user 'root'@'10.0.0.1'", f"Access denied for user 'root'@{FILTERED}"),
        (
            "Key (email)=(ann@example.com) is not present, Failing row contains (1, s3cret)",
            f"Key (email)=({FILTERED}) is not present, Failing row contains ({FILTERED})",
        ),
        (
            "The duplicate key value is (ann@example.com).",
            f"The duplicate key value is ({FILTERED}).",
        ),
        ('missing "=" after "my pass" in connection info string', f"missing {FILTERED} after {FILTERED} in "),
        ('could not translate host name "ss@db" to address', f"host name {FILTERED} to address"),
        ('server at "127.0.0.1", port 5432 failed: FATAL', 'server at "127.0.0.1", port 5432 failed: FATAL'),
        ('password authentication failed for user "bob"', 'authentication failed for user "bob"'),
        ("UNIQUE constraint failed: users.email", "UNIQUE constraint failed: users.email"),
        ("can't adapt type 'dict'", "can't adapt type 'dict'"),
    ],
)
def test_reason_names_things_but_quotes_no_value(text, told):
    assert told in reason_of(IntegrityError(text))
    assert reason_of(IntegrityError(text)).startswith("IntegrityError: ")
    for secret in ("s3cret", "ann@", "4111", "O'Brien", "my pass"):
        assert secret not in reason_of(IntegrityError(text))


def test_reason_with_a_code_in_front_is_read_as_the_driver_wrote_it():
    error = IntegrityError(1062, "Duplicate entry 'ann' for key 'users.email'")
    assert reason_of(error) == f"IntegrityError: (1062) Duplicate entry {FILTERED} for key 'users.email'"


def test_reason_of_the_operating_system_stays():
    error = OSError(111, "Connect call failed ('127.0.0.1', 5432)")
    assert reason_of(error).endswith("[Errno 111] Connect call failed ('127.0.0.1', 5432)")
    assert reason_of(socket.gaierror(-2, "Name or service not known")).endswith("service not known")


def test_reason_of_an_error_that_cannot_be_written_is_its_type():
    class Hostile(Exception):
        def __str__(self):
            raise ValueError("no")

    assert reason_of(Hostile()) == "Hostile"


def test_password_of_a_connection_string_in_a_reason_is_gone(crumbs):
    with pytest.raises(IntegrityError), Attempt("connect", "postgresql"):
        raise IntegrityError("cannot reach postgresql://bob:hunter2@db/shop?password=hunter2")
    (crumb,) = crumbs()
    assert "hunter2" not in repr(crumb)


# -- parameters


def test_parameters_are_json_safe_bounded_and_without_secrets_by_name():
    found = shown({"name": "Ann", "password": "hunter2", "blob": b"\0" * 10_000, "when": object()})
    assert found["name"] == "Ann"
    assert found["password"] == FILTERED
    assert len(repr(found)) < 5000
    assert shown(list(range(10_000))) == [*range(20), "... and 9980 more"]


def test_parameters_that_only_come_once_are_left_alone():
    once = iter([1, 2])
    assert shown(once) is None
    assert statements.count_of(once) is None
    assert list(once) == [1, 2]


# -- layers


def test_nothing_is_covered_where_no_layer_is_above():
    assert not is_covered()


def test_statement_covers_what_is_below_until_it_ends():
    upper = Statement("SELECT 1", "sqlite")
    upper.cover()
    assert is_covered()
    upper.succeeded({})
    assert not is_covered()


def test_attempt_covers_the_layer_that_makes_it_too():
    with Statement("SELECT 1", "sqlite"):
        assert not is_covered(by=Attempt)
    with Attempt("connect", "sqlite"):
        assert is_covered()
        assert is_covered(by=Attempt)


def test_statement_that_is_not_entered_covers_nothing():
    upper = Statement("SELECT 1", "sqlite")
    assert not is_covered()
    upper.succeeded({})


def test_statement_that_failed_or_was_let_go_covers_nothing_any_more():
    for end in (lambda one: one.failed(ValueError(), {}), lambda one: one.let_go()):
        upper = Statement("SELECT 1", "sqlite")
        upper.cover()
        end(upper)
        assert not is_covered()


def test_statement_within_another_leaves_the_outer_one_covering():
    with Statement("INSERT", "sqlite"):
        with Statement("SELECT nextval", "sqlite"):
            assert is_covered()
        assert is_covered()
    assert not is_covered()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0), (2, 0, 1)], ids=str)
def test_layers_may_end_in_any_order(order):
    layers = [Statement(f"SELECT {number}", "sqlite") for number in range(3)]
    for one in layers:
        one.cover()
    for number in order[:-1]:
        layers[number].succeeded({})
    assert is_covered()
    layers[order[-1]].succeeded({})
    assert not is_covered()
    assert not statements._covering


def test_statement_that_nobody_holds_any_more_covers_nothing():
    upper = Statement("SELECT 1", "sqlite")
    upper.cover()
    del upper
    gc.collect()
    assert not is_covered()
    assert not statements._covering


def test_thread_is_not_covered_by_what_another_runs():
    found = []
    with Statement("SELECT 1", "sqlite"):
        thread = threading.Thread(target=lambda: found.append(is_covered()))
        thread.start()
        thread.join()
    assert found == [False]


def test_task_is_not_covered_by_what_another_runs():
    async def main():
        gate, found = asyncio.Event(), []

        async def upper():
            with Statement("SELECT 1", "sqlite"):
                gate.set()
                await asyncio.sleep(0.01)
                found.append(is_covered())

        async def other():
            await gate.wait()
            found.append(is_covered())

        await asyncio.gather(upper(), other())
        return found

    assert asyncio.run(main()) == [False, True]


def test_fault_of_ours_leaves_the_statements_own_exception(crumbs, lenient, monkeypatch):
    monkeypatch.setattr(statements, "reason_of", lambda error: 1 / 0)
    with pytest.raises(IntegrityError), Statement("SELECT 1", "sqlite"):
        raise IntegrityError("no")


def test_what_runs_after_the_statement_is_told_on_its_own(crumbs):
    with Statement("SELECT 1", "sqlite"):
        pass
    with Statement("SELECT 2", "sqlite"):
        pass
    assert messages(crumbs) == ["SELECT 1", "SELECT 2"]
    sentry_like.capture_message("all are still there")
