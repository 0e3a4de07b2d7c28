"""Every Python snippet of the seed documents runs as written, with `sentry_sdk` read as `sentry_like`.

Each entry is (what the reader expects, names the snippet takes for granted, the snippet). The Serverless
SDK's snippets belong to the serverless room.
"""

from __future__ import annotations

import http.client
import importlib
import logging
import socket
import sys
import textwrap

import pytest

import sentry_like
from sentry_like.integrations.excepthook import ExcepthookIntegration
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.stdlib import StdlibIntegration


class User:
    email = "jane@example.com"


def failing_function():
    raise ZeroDivisionError("a_potentially_failing_function failed")


GRANTED = {
    "some_user": {"id": "42", "email": "john.doe@example.com"},
    "user": User,
    "a_potentially_failing_function": failing_function,
    "_get_user_data": lambda: {"id": "7"},
    "capture_exception": sentry_like.capture_exception,
    "sentry_like": sentry_like,
    "init": lambda *args, **options: sentry_like.init(),
}


def run(snippet):
    namespace = {**GRANTED, "__name__": "seed"}
    exec(compile(textwrap.dedent(snippet).replace("sentry_sdk", "sentry_like"), "<seed>", "exec"), namespace)
    return namespace


def one(events):
    assert len(events) == 1
    return events[0]


def exception(event):
    return event["exception"]["values"][-1]


def test_fake_error_message_arrives_with_a_stack(init, events):
    init()
    run("""
        import sentry_sdk
        sentry_sdk.capture_exception(Exception("This is my fake error message"))
    """)
    assert exception(one(events))["value"] == "This is my fake error message"
    assert exception(one(events))["stacktrace"]["frames"]


def test_caught_exception_is_captured(init, events):
    init()
    run("""
        from sentry_sdk import capture_exception

        try:
            a_potentially_failing_function()
        except Exception as e:
            # Alternatively the argument can be omitted
            capture_exception(e)
    """)
    assert exception(one(events))["type"] == "ZeroDivisionError"


def test_active_exception_is_captured_without_argument(init, events):
    init()
    run("""
        sentry_sdk.capture_exception(ValueError())

        try:
            raise ValueError()
        except Exception:
            sentry_sdk.capture_exception()
    """)
    assert [exception(event)["type"] for event in events] == ["ValueError", "ValueError"]


def test_message_is_captured(init, events):
    init()
    run("""
        from sentry_sdk import capture_message

        capture_message('Something went wrong')
    """)
    assert one(events)["message"] == "Something went wrong"
    assert one(events)["level"] == "info"


def test_extra_is_set_on_the_scope(init, events):
    init()
    run("""
        from sentry_sdk import configure_scope

        with configure_scope() as scope:
            scope.set_extra("character_name", "Mighty Fighter")
    """)
    sentry_like.capture_message("x")
    assert one(events)["extra"] == {"character_name": "Mighty Fighter"}


def test_user_of_a_pushed_scope_is_gone_afterwards(init, events):
    init()
    run("""
        from sentry_sdk import configure_scope, push_scope, capture_exception

        # This will be changed for all future events
        with configure_scope() as scope:
            scope.user = some_user

        with push_scope() as scope:
            # This will be changed only for the error caught inside and automatically discarded afterward
            scope.user = some_user
            capture_exception(...)
    """)
    sentry_like.capture_message("x")
    assert one(events)["user"] == {"id": "42", "email": "john.doe@example.com"}


def test_user_tag_and_level_are_set_as_properties(init, events):
    init()
    run("""
        from sentry_sdk import configure_scope

        with configure_scope() as scope:
            scope.user = {"email": "john.doe@example.com"}

        with configure_scope() as scope:
            scope.set_tag("page_locale", "de-at")

        with configure_scope() as scope:
            scope.level = 'warning'
    """)
    sentry_like.capture_message("x")
    event = one(events)
    assert event["user"] == {"email": "john.doe@example.com"}
    assert event["tags"] == {"page_locale": "de-at"}
    assert event["level"] == "warning"


def test_init_takes_the_documented_options():
    run("""
        import sentry_sdk

        sentry_sdk.init(
            'https://key@sentry.io/1',
            max_breadcrumbs=50,
            debug=True,
        )
    """)
    assert sentry_like.get_client().options.max_breadcrumbs == 50
    assert sentry_like.get_client().options.debug is True


def test_init_takes_the_dsn_by_name():
    run("""
        import sentry_sdk
        sentry_sdk.init(dsn="https://foo@sentry.io/123")
    """)
    assert sentry_like.get_client().dsn.project_id == "123"


def test_breadcrumb_is_added(init, events):
    init()
    run("""
        from sentry_sdk import add_breadcrumb

        add_breadcrumb(
            category='auth',
            message='Authenticated user %s' % user.email,
            level='info',
        )
    """)
    sentry_like.capture_message("x")
    crumb = one(one(events)["breadcrumbs"]["values"] and [one(events)["breadcrumbs"]["values"][0]])
    assert (crumb["category"], crumb["message"], crumb["level"]) == (
        "auth",
        "Authenticated user jane@example.com",
        "info",
    )


def test_before_send_may_strip_data():
    run("""
        import sentry_sdk

        def strip_sensitive_data(event, hint):
            # modify event here
            return event

        sentry_sdk.init(
            before_send=strip_sensitive_data
        )
    """)
    assert sentry_like.get_client().options.before_send.__name__ == "strip_sensitive_data"


def test_excepthook_may_run_in_the_interpreter():
    from sentry_like.integrations.excepthook import ExcepthookIntegration

    before = sys.excepthook
    try:
        run("""
            import sentry_sdk
            from sentry_sdk.integrations.excepthook import ExcepthookIntegration
            sentry_sdk.init("https://foo@h/1", integrations=[ExcepthookIntegration(always_run=True)])
        """)
        assert sentry_like.Hub.current.get_integration(ExcepthookIntegration).always_run is True
    finally:
        sys.excepthook = before


def test_pushed_scope_of_the_current_hub_holds_its_data(init, events):
    init()
    run("""
        with sentry_sdk.get_current_hub().push_scope():
            with sentry_sdk.configure_scope() as scope:
                scope.transaction = "my_view_name"
                scope.set_tag("key", "value")
                scope.user = {"id": 123}

            # ValueError event will have all that data attached
            capture_exception(ValueError())

        # This one not since it is outside of the context manager
        capture_exception(ValueError())
    """)
    inside, outside = events
    assert (inside["transaction"], inside["tags"], inside["user"]) == (
        "my_view_name",
        {"key": "value"},
        {"id": 123},
    )
    assert not {"transaction", "tags", "user"} & set(outside)


UNCONFIGURED = """
    with sentry_sdk.configure_scope() as scope:
        scope.user = _get_user_data()

    @sentry_sdk.configure_scope
    def _(scope):
        scope.user = _get_user_data()
"""


def test_scope_callback_is_not_called_without_a_client():
    calls = []
    GRANTED["_get_user_data"] = lambda: calls.append(1) or {"id": "7"}
    run(UNCONFIGURED)
    assert len(calls) == 1
    assert sentry_like.Hub.current.scope.user is None


def test_scope_callback_is_called_with_an_unsending_client():
    run("""
        sentry_sdk.init()
    """)
    run(UNCONFIGURED)
    assert sentry_like.Hub.current.scope.user == {"id": "7"}


@pytest.mark.parametrize("with_client", [True, False])
def test_breadcrumb_callback_is_called_only_with_a_client(init, events, with_client):
    if with_client:
        init()
    run("""
        sentry_sdk.add_breadcrumb(
            # ty="log",
            # level="debug",
            # category="myapp.models",
            message="hi"
        )

        sentry_sdk.add_breadcrumb(lambda: {
            # "ty": "log",
            # "level": "debug",
            # "category": "myapp.models",
            "message": "hi"
        })
    """)
    sentry_like.capture_message("x")
    if with_client:
        assert [crumb["message"] for crumb in one(events)["breadcrumbs"]["values"]] == ["hi", "hi"]
    else:
        assert not events


def test_breadcrumb_type_may_be_spelled_ty(init, events):
    init()
    run("""
        sentry_sdk.add_breadcrumb(ty="log", level="debug", category="myapp.models", message="hi")
    """)
    sentry_like.capture_message("x")
    assert one(events)["breadcrumbs"]["values"][0]["type"] == "log"


def test_pii_option_is_taken():
    run("""
        init(..., send_default_pii=True)
    """)
    sentry_like.init(send_default_pii=True)
    assert sentry_like.get_client().options.send_default_pii is True


NAMED_IN_THE_SEEDS = (
    "sentry_sdk.integrations.atexit.AtexitIntegration",
    "sentry_sdk.integrations.excepthook.ExcepthookIntegration",
    "sentry_sdk.integrations.dedupe.DedupeIntegration",
    "sentry_sdk.integrations.stdlib.StdlibIntegration",
    "sentry_sdk.integrations.modules.ModulesIntegration",
    "sentry_sdk.integrations.argv.ArgvIntegration",
    "sentry_sdk.integrations.logging.LoggingIntegration",
    "sentry_sdk.integrations.threading.ThreadingIntegration",
    "sentry_sdk.integrations.gnu_backtrace.GnuBacktraceIntegration",
)


@pytest.mark.parametrize("place", NAMED_IN_THE_SEEDS)
def test_integration_is_where_the_seeds_name_it(place, init):
    module, _, name = place.replace("sentry_sdk", "sentry_like").rpartition(".")
    integration = getattr(importlib.import_module(module), name)
    assert init(integrations=[integration()]).get_integration(integration) is not None


def test_errors_at_the_prompt_are_reported_only_when_asked_for(init, events, monkeypatch, capsys):
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    for always_run in (False, True):
        init(integrations=[ExcepthookIntegration(always_run=always_run)])
        sys.excepthook(Exception, Exception("I will become an error"), None)
    assert exception(one(events))["value"] == "I will become an error"
    assert capsys.readouterr().err.count("I will become an error") == 2


def test_hints_tell_hooks_what_a_crumb_and_an_event_come_from(init, events):
    hints = []
    init(
        integrations=[LoggingIntegration(), StdlibIntegration()],
        before_breadcrumb=lambda crumb, hint: hints.append(("crumb", hint)) or crumb,
        before_send=lambda event, hint: hints.append(("event", hint)) or event,
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        connection = http.client.HTTPConnection(*taken.getsockname())
        with pytest.raises(ConnectionRefusedError):
            connection.request("GET", "/")
    try:
        1 / 0
    except ZeroDivisionError as error:
        raised = error
        logging.getLogger("shop").exception("told")
    assert hints[0] == ("crumb", {"httplib_request": connection})
    told = dict(hints[1:])
    assert told["crumb"]["log_record"] is told["event"]["log_record"]
    assert told["event"]["log_record"].getMessage() == "told"
    assert told["event"]["exc_info"][1] is raised
