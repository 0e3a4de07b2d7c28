"""A warning that Python shows is noted once, and shown exactly as without us."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest

import sentry_like
from sentry_like.integrations.logging import LoggingIntegration, ignore_logger, unignore_logger
from sentry_like.integrations.warnings import WarningsIntegration


@pytest.fixture(autouse=True)
def show_all():
    with warnings.catch_warnings(record=True):  # before the set-up, as test runners do
        warnings.simplefilter("always")
        yield


def warn(text="use that", category=DeprecationWarning):
    warnings.warn(text, category, stacklevel=2)


def line_of(function, text):
    """The number of the first line of a function that holds the text."""
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if text in line)


# -- as breadcrumbs


def test_warning_is_a_breadcrumb(init, crumbs):
    init(integrations=[WarningsIntegration()])
    warn()

    (crumb,) = crumbs()

    assert crumb["message"] == "DeprecationWarning: use that"
    assert (crumb["category"], crumb["level"]) == ("warnings", "warning")
    assert crumb["data"] == {
        "filename": __file__,
        "lineno": line_of(test_warning_is_a_breadcrumb, "warn()"),
    }


def test_warning_that_a_filter_drops_is_not_noted(init, crumbs):
    init(integrations=[WarningsIntegration()])
    warnings.simplefilter("ignore")
    warn()
    warnings.simplefilter("once")
    for _ in range(3):
        warn()

    assert len(crumbs()) == 1


def test_warning_that_becomes_an_exception_is_not_noted(init, crumbs):
    init(integrations=[WarningsIntegration()])
    warnings.simplefilter("error")
    with pytest.raises(DeprecationWarning):
        warn()

    assert crumbs() == []


def test_warning_that_is_recorded_is_not_noted(init, crumbs):
    init(integrations=[WarningsIntegration()])
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        warn()
    with pytest.warns(DeprecationWarning, match="use that"):
        warn()

    assert [str(one.message) for one in recorded] == ["use that"]
    assert crumbs() == []


def test_warning_that_is_recorded_for_one_context_is_not_noted(init, crumbs, monkeypatch):
    """As Python 3.14 does it, where it is told to."""

    class Context:
        log = None

    monkeypatch.setattr(warnings, "_get_context", Context, raising=False)
    init(integrations=[WarningsIntegration()])
    warn("one")
    monkeypatch.setattr(Context, "log", [])
    warn("two")

    assert [crumb["message"] for crumb in crumbs()] == ["DeprecationWarning: one"]


def test_set_up_within_catch_warnings_outlives_the_block(init, crumbs):
    with warnings.catch_warnings():
        init(integrations=[WarningsIntegration()])
    warn()

    assert len(crumbs()) == 1


def test_hook_of_the_application_is_called_as_before(init, crumbs, monkeypatch):
    shown = []
    init(integrations=[WarningsIntegration()])
    monkeypatch.setattr(warnings, "showwarning", lambda *args, **kwargs: shown.append(args[0]))
    warn()

    assert [str(one) for one in shown] == ["use that"]
    assert len(crumbs()) == 1


IGNORED = {
    "class": DeprecationWarning,
    "base class": Warning,
    "name": "Deprecation*",
    "text": "use *",
    "both": "DeprecationWarning: use that",
    "one of several": [ImportWarning, "nothing", DeprecationWarning],
}


@pytest.mark.parametrize("ignore", IGNORED.values(), ids=IGNORED)
@pytest.mark.parametrize("as_events", [False, True], ids=["breadcrumbs", "events"])
def test_ignored_warning_is_not_noted(init, crumbs, events, ignore, as_events):
    init(integrations=[WarningsIntegration(as_events=as_events, ignore=ignore)])
    warn()

    assert crumbs() == []
    assert len(events) == 1


def test_other_warnings_than_the_ignored_are_noted(init, crumbs):
    init(integrations=[WarningsIntegration(ignore=[ResourceWarning, "use this"])])
    warn()

    assert len(crumbs()) == 1


@pytest.mark.parametrize("wrong", [5, ValueError, int], ids=str)
def test_what_cannot_be_ignored_is_refused(wrong):
    with pytest.raises(TypeError, match="neither a pattern nor a class of warnings"):
        WarningsIntegration(ignore=[wrong])


def test_breadcrumb_holds_no_secret(init, crumbs):
    init(integrations=[WarningsIntegration()])
    warn("no TLS for https://bob:hunter2@h/")

    assert "hunter2" not in json.dumps(crumbs())


def test_hint_is_the_warning(init):
    hints = []
    init(integrations=[WarningsIntegration()], before_breadcrumb=lambda crumb, hint: hints.append(hint))
    warn()

    assert [str(hint["warning"].message) for hint in hints] == ["use that"]


# -- as events


def test_warning_is_an_event(init, events):
    init(integrations=[WarningsIntegration(as_events=True)])
    warn()

    (event,) = events
    lineno = line_of(test_warning_is_an_event, "warn()")
    assert event["message"] == "DeprecationWarning: use that"
    assert (event["level"], event["logger"]) == ("warning", "warnings")
    assert event["contexts"]["warning"] == {
        "class": "builtins.DeprecationWarning",
        "filename": __file__,
        "lineno": lineno,
    }
    frame = event["threads"]["values"][0]["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["lineno"]) == ("test_warning_is_an_event", lineno)
    assert event["contexts"]["runtime"]
    assert "exception" not in event


def first_place(text):
    warn(text)


def second_place(text):
    warn(text, UserWarning)


def test_each_place_is_one_issue(init, events):
    init(integrations=[WarningsIntegration(as_events=True)])
    first_place("for a")
    first_place("for b")
    second_place("for a")

    first, again, second = [event["fingerprint"] for event in events]
    assert first == again == ["warnings", "DeprecationWarning", __name__, "warn(text)"]
    assert second != first


def test_warning_about_no_frame_is_one_of_its_file_and_line(init, events):
    init(integrations=[WarningsIntegration(as_events=True)])
    warnings.warn_explicit("odd", SyntaxWarning, "/there/template.html", 7)

    (event,) = events
    assert event["fingerprint"] == ["warnings", "SyntaxWarning", "template.html", "7"]
    frame = event["threads"]["values"][0]["stacktrace"]["frames"][-1]
    assert frame["function"] == "test_warning_about_no_frame_is_one_of_its_file_and_line"


def test_warning_is_no_breadcrumb_then(init, crumbs):
    init(integrations=[WarningsIntegration(as_events=True)])
    warn()

    assert crumbs() == []


class Leak:
    def __del__(self):
        warnings.warn("unclosed thing", ResourceWarning, stacklevel=1, source=self)


class LeakyRepr:
    """Leaves garbage that warns, in the midst of a capture, when it is written as text."""

    def __repr__(self):
        Leak()
        return "leaky"


def test_resource_warning_in_the_midst_of_a_capture_is_sent_after_it(init, events):
    init(integrations=[WarningsIntegration(as_events=True)])
    culprit = LeakyRepr()
    try:
        raise ValueError(culprit)
    except ValueError:
        sentry_like.capture_exception()

    kinds = ["error" if "exception" in event else event["message"] for event in events]
    assert kinds[0] == "error"
    assert set(kinds[1:]) == {"ResourceWarning: unclosed thing"}


def test_hook_that_always_warns_does_not_go_on_for_ever(init, events):
    def hook(event, hint):
        warn("a hook")
        Leak()
        return event

    init(integrations=[WarningsIntegration(as_events=True)], before_send=hook)
    sentry_like.capture_message("one")

    titles = [event["message"] for event in events]
    assert titles[:2] == ["one", "ResourceWarning: unclosed thing"]
    assert "UserWarning: a hook" not in titles
    assert len(titles) < 50


def test_warnings_of_our_own_sending_are_not_sent(relay):
    sentry_like.init(
        relay.dsn,
        default_integrations=False,
        integrations=[WarningsIntegration(as_events=True)],
        on_lost=lambda reason, category, quantity: warn("lost something"),
    )
    relay.always(413)
    sentry_like.capture_message("one")
    sentry_like.flush(10)
    sentry_like.flush(10)

    assert [message for message in relay.messages if message] == ["one"]


def test_warning_in_another_thread_is_an_event(init, events):
    init(integrations=[WarningsIntegration(as_events=True)])
    thread = threading.Thread(target=warn)
    thread.start()
    thread.join()

    assert [event["message"] for event in events] == ["DeprecationWarning: use that"]


# -- with logging


@pytest.fixture
def capture_warnings():
    logging.captureWarnings(True)
    yield
    logging.captureWarnings(False)


LOGGED = {
    "logging is off": (False, None, None, "warnings", 0),
    "logging keeps the breadcrumb": (False, "INFO", "ERROR", "py.warnings", 0),
    "logging keeps errors only": (False, "ERROR", "ERROR", "warnings", 0),
    "logging sends errors": (True, None, "ERROR", None, 1),
    "logging sends warnings": (True, None, "WARNING", None, 1),
}


@pytest.mark.parametrize(("as_events", "level", "event_level", "kept", "sent"), LOGGED.values(), ids=LOGGED)
def test_warning_that_is_logged_is_noted_once(
    init, crumbs, events, capture_warnings, as_events, level, event_level, kept, sent
):
    init(integrations=[WarningsIntegration(as_events=as_events), LoggingIntegration(level, event_level)])
    warn()

    assert len(events) == sent
    assert [crumb["category"] for crumb in crumbs()] == ([kept] if kept else [])


def test_warning_whose_logger_is_ignored_is_noted(init, crumbs, capture_warnings):
    init(integrations=[WarningsIntegration(), LoggingIntegration()])
    ignore_logger("py.*")
    try:
        warn()
    finally:
        unignore_logger("py.*")

    assert len(crumbs()) == 1


# -- what is shown


SHOWN = """
import sys, warnings
import sentry_like
from sentry_like.integrations.warnings import WarningsIntegration
from sentry_like.testing import DSN, TestTransport
mode = sys.argv[1]
if mode != "none":
    noting = WarningsIntegration(as_events=mode == "events")
    sentry_like.init(DSN, transport=TestTransport(), integrations=[noting])
def old():
    warnings.warn("use that", DeprecationWarning, stacklevel=2)
def leak():
    open(__file__)
old()
leak()
async def forgotten(): pass
forgotten()
exec(compile("1 is 1", "generated.py", "exec"))
for number in range(3):
    warnings.warn(f"number {number}")
at_exit = open(__file__)
"""

OPTIONS = {"plain": [], "dev": ["-X", "dev"], "tracemalloc": ["-X", "dev", "-X", "tracemalloc=3"]}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_what_is_shown_stays_the_same_to_the_letter(tmp_path, options):
    program = tmp_path / "program.py"
    program.write_text(SHOWN)

    def run(mode):
        command = [sys.executable, *options, str(program), mode]
        return subprocess.run(command, capture_output=True, text=True, check=True).stderr

    without = run("none")

    assert "number 2" in without
    assert ("Object allocated at" in without) is ("tracemalloc=3" in options)
    assert run("breadcrumbs") == without
    assert run("events") == without


ALLOCATED = """
import sys
import sentry_like
from sentry_like.integrations.atexit import AtexitIntegration
from sentry_like.integrations.warnings import WarningsIntegration
noting = WarningsIntegration(as_events=True)
sentry_like.init(sys.argv[1], default_integrations=False, integrations=[AtexitIntegration(), noting])
def leak():
    open(sys.argv[0])
leak()
"""


def test_event_tells_where_the_leaked_object_was_allocated(relay, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(ALLOCATED)
    command = [sys.executable, "-X", "dev", "-X", "tracemalloc=3", str(program), relay.dsn]
    subprocess.run(command, capture_output=True, check=True)

    event = next(event for event in relay.events if "unclosed file" in event["message"])
    assert event["contexts"]["warning"]["allocated_at"] == [f"{program}:10", f"{program}:9"]


def test_uninstall_gives_the_original_back(init):
    original = warnings._showwarnmsg
    client = init(integrations=[WarningsIntegration()])
    assert warnings._showwarnmsg is not original
    client.close(0, uninstall=True)

    assert warnings._showwarnmsg is original


def test_client_without_the_integration_notes_nothing(init, crumbs):
    init(integrations=[WarningsIntegration()])
    init()
    warn()

    assert crumbs() == []
