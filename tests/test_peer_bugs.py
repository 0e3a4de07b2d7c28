"""Bugs that were reproduced in the official client and must not come back here: one test each.

Those of frameworks are beside the other tests of theirs:

- causes and contexts lost under ASGI: `test_asgi.py`, `test_a_chain_of_exceptions_is_raised_on_whole`;
- bodies received ahead: there, `test_nothing_is_received_before_the_application_asks`;
- answers of 5xx lost, raised, returned or made by a handler: `tests/web/test_web_errors.py` for every
  framework, `HTTPStatus(503)` in `test_falcon.py`, views of 502 in `test_pyramid.py`;
- `abort(404)` of Bottle without its JSON plugin: `test_bottle.py`;
- requests that leave something behind: `test_ten_thousand_requests_leave_nothing_behind` in `test_wsgi.py`
  and `test_asgi.py`, and `tests/web/test_web_isolation.py`;
- refused connections and failing commands without a breadcrumb: `test_outgoing.py` and the tests of each
  library, `test_redis.py`.
"""

from __future__ import annotations

import asyncio
import builtins
import copy
import gc
import http.client
import logging
import socket
import sys

import pytest

import sentry_like
from sentry_like.capture.scrub import FILTERED, EventScrubber
from sentry_like.integrations.asyncio import AsyncioIntegration
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.excepthook import ExcepthookIntegration, report
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.stdlib import StdlibIntegration


def raised(error):
    try:
        raise error
    except BaseException as caught:
        return caught


def test_scrubbing_never_edits_the_applications_objects(init, events):
    init(event_scrubber=EventScrubber(recursive=True))
    user = {"id": 1, "password": "hunter2", "more": {"token": "abc"}}
    data = {"password": "hunter2", "deep": [{"secret": "s"}]}
    extra = {"nested": {"api_key": "k"}}
    before = copy.deepcopy((user, data, extra))
    sentry_like.set_user(user)
    sentry_like.add_breadcrumb(message="x", data=data)
    sentry_like.set_extra("bag", extra)
    sentry_like.capture_exception(raised(ValueError()))
    assert (user, data, extra) == before
    assert events[0]["breadcrumbs"]["values"][0]["data"]["password"] == FILTERED
    assert events[0]["extra"]["bag"]["nested"]["api_key"] == FILTERED


def test_denylist_of_the_user_is_never_extended():
    mine = ["password"]
    EventScrubber(denylist=mine, send_default_pii=False).is_secret("x")
    assert mine == ["password"]


def test_exception_that_was_never_raised_has_the_callers_stack(init, events):
    init()
    sentry_like.capture_exception(ValueError("never raised"))
    frames = events[0]["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "test_exception_that_was_never_raised_has_the_callers_stack"
    assert "never raised" in frames[-1]["context_line"]


def test_capture_without_an_active_exception_sends_nothing(init, events):
    init()
    assert sentry_like.capture_exception() is None
    assert not events


def test_processors_of_a_passed_scope_run(init, events):
    init()
    scope = sentry_like.Scope()
    scope.add_event_processor(lambda event, hint: {**event, "tags": {"from": "processor"}})
    sentry_like.capture_message("x", scope=scope)
    assert events[0]["tags"] == {"from": "processor"}


def test_before_send_does_not_run_for_events_that_sampling_drops(init, events):
    calls = []
    client = init(sample_rate=0.0, before_send=lambda event, hint: calls.append(event))
    sentry_like.capture_exception(raised(ValueError()))
    assert calls == []
    assert client.stats()["error"]["lost"] == {"sample_rate": 1}


@pytest.fixture
def dedupe(init):
    return init(integrations=[DedupeIntegration()])


def test_exceptions_that_alternate_are_sent_once_each(dedupe, events):
    a, b = raised(ValueError("a")), raised(ValueError("b"))
    for error in (a, b, a, b):
        sentry_like.capture_exception(error)
    assert len(events) == 2


def test_exception_that_comes_back_as_a_cause_is_sent_once(dedupe, events):
    inner = raised(ValueError("inner"))
    sentry_like.capture_exception(inner)
    try:
        raise RuntimeError("outer") from inner
    except RuntimeError as outer:
        sentry_like.capture_exception(outer)
    assert len(events) == 1


def test_exception_is_sent_again_when_before_send_dropped_it(init, events):
    answers = [None, {"message": "kept"}]
    init(integrations=[DedupeIntegration()], before_send=lambda event, hint: answers.pop(0) and event)
    error = raised(ValueError())
    sentry_like.capture_exception(error)
    sentry_like.capture_exception(error)
    assert len(events) == 1


def test_keyboard_interrupt_is_not_reported(init, events):
    init(integrations=[ExcepthookIntegration()])
    error = raised(KeyboardInterrupt())
    report(KeyboardInterrupt, error, error.__traceback__)
    assert not events


def test_integration_given_as_a_class_stands_for_its_default_settings(init):
    assert type(init(integrations=[DedupeIntegration]).get_integration("dedupe")) is DedupeIntegration


def test_contexts_are_scrubbed(init, events):
    init()
    sentry_like.set_context("account", {"name": "jane", "password": "hunter2"})
    sentry_like.capture_message("x")
    assert events[0]["contexts"]["account"] == {"name": "jane", "password": FILTERED}


IGNORED = {
    "a class": [ArithmeticError],
    "a name": ["ZeroDivisionError"],
    "the name of a base class": ["ArithmeticError"],
    "a name with its module": ["builtins.ZeroDivisionError"],
    "a wildcard": ["Zero*Error"],
    "a wildcard over a module": ["builtins.*"],
}


@pytest.mark.parametrize("rules", IGNORED.values(), ids=IGNORED)
def test_ignored_errors_are_told_by(rules, init, events):
    client = init(ignore_errors=rules)
    sentry_like.capture_exception(raised(ZeroDivisionError()))
    assert not events
    assert client.stats()["error"]["lost"] == {"event_processor": 1}


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups are a feature of 3.11")
@pytest.mark.parametrize(("others", "sent"), [([], 0), (["KeyError"], 1)], ids=["all ignored", "one is not"])
def test_group_is_ignored_when_all_its_members_are(others, sent, init, events):
    init(ignore_errors=["ValueError"])
    members = [ValueError(), *(KeyError() for _ in others)]
    sentry_like.capture_exception(raised(builtins.ExceptionGroup("g", members)))
    assert len(events) == sent


def test_failed_task_that_somebody_awaits_and_handles_is_not_reported(init, events):
    init(integrations=[AsyncioIntegration])

    async def fail():
        raise ValueError

    async def main():
        task = asyncio.create_task(fail())
        with pytest.raises(ValueError):
            await task

    asyncio.run(main())
    gc.collect()
    assert not events


def test_refused_connection_leaves_a_breadcrumb(init, events):
    init(integrations=[StdlibIntegration])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        port = taken.getsockname()[1]
        with pytest.raises(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.1", port).request("GET", "/orders?token=hunter2")
    sentry_like.capture_message("x")
    (crumb,) = events[0]["breadcrumbs"]["values"]
    assert (crumb["category"], crumb["level"]) == ("httplib", "error")
    assert crumb["data"]["url"] == f"http://127.0.0.1:{port}/orders"
    assert "hunter2" not in str(crumb)


def test_ignored_errors_are_ignored_in_log_records_too(init, events):
    init(integrations=[LoggingIntegration], ignore_errors=["LookupError"])
    try:
        {}["missing"]
    except KeyError:
        logging.getLogger("shop").exception("told and ignored")
    logging.getLogger("shop").error("told")
    assert [event["logentry"]["message"] for event in events] == ["told"]


def test_exception_that_was_logged_is_not_sent_again(init, events):
    init(integrations=[LoggingIntegration, DedupeIntegration])
    error = raised(ValueError())
    logging.getLogger("shop").error("first", exc_info=error)
    sentry_like.capture_exception(error)
    assert [event["logentry"]["message"] for event in events] == ["first"]
