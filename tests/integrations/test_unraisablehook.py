"""What Python can only print is reported, and leaves no trace on what is being finalised."""

from __future__ import annotations

import _thread
import gc
import io
import sys
import threading
import warnings
import weakref
from types import SimpleNamespace

import pytest
from whole_programs import run_to_end

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.unraisablehook import MAX_TEXT, UnraisablehookIntegration
from sentry_like.testing import DSN, TestTransport


@pytest.fixture(autouse=True)
def hook(monkeypatch):
    """Types that `sys.unraisablehook` was told of, in place of printing; the rest of it must not be kept."""
    told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_type.__name__))
    return told


@pytest.fixture
def watched(hook, init):
    return init(integrations=[UnraisablehookIntegration(), DedupeIntegration()])


class Basket:
    def __init__(self, error=ValueError):
        self.error = error

    def __del__(self):
        raise self.error("could not be emptied")


def mechanism_of(event):
    return event["exception"]["values"][-1]["mechanism"]


# -- what is reported


def drop_basket():
    Basket()


def leave_cycle():
    basket = Basket()
    basket.own = basket
    del basket
    gc.collect()


def lose_referent():
    def gone(reference):
        raise ValueError("could not be emptied")

    basket = set()
    reference = weakref.ref(basket, gone)
    del basket
    assert reference() is None


def leave_generator():
    def numbers():
        try:
            yield 1
        finally:
            raise ValueError("could not be emptied")

    next(numbers())


def end_low_level_thread():
    ended = threading.Event()

    def work():
        try:
            raise ValueError("could not be emptied")
        finally:
            ended.set()

    _thread.start_new_thread(work, ())
    ended.wait(10)
    for _ in range(1000):
        if Hub.main.client.transport.carrier.events:
            break
        threading.Event().wait(0.005)


SOURCES = {
    "finaliser": (drop_basket, "<function Basket.__del__>"),
    "cycle": (leave_cycle, "<function Basket.__del__>"),
    "weak reference": (lose_referent, "<function lose_referent.<locals>.gone>"),
    "generator": (leave_generator, "<generator leave_generator.<locals>.numbers>"),
    "low-level thread": (end_low_level_thread, "<function end_low_level_thread.<locals>.work>"),
}


@pytest.mark.parametrize(("happen", "source"), SOURCES.values(), ids=SOURCES)
def test_exception_is_reported_with_its_source_and_the_hook_called(watched, hook, events, happen, source):
    happen()
    (event,) = events
    mechanism = mechanism_of(event)
    assert (mechanism["type"], mechanism["handled"]) == ("unraisablehook", False)
    known = " ".join(mechanism["data"].values())  # since 3.13 it may be the message that names the source
    assert source.strip("<>").split(" ")[1] in known
    assert event["exception"]["values"][-1]["value"] == "could not be emptied"
    assert hook == ["ValueError"]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_only_ends_something_is_not_reported(watched, hook, events, error):
    Basket(error)
    assert not events
    assert hook == [error.__name__]


def test_warning_that_was_made_an_error_stays_a_warning(watched, hook, events):
    async def never_awaited():
        return None

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        never_awaited()
        gc.collect()
    assert not events
    assert hook == ["RuntimeWarning"]


def unraisable(error, source=None, message=None):
    return SimpleNamespace(
        exc_type=type(error), exc_value=error, exc_traceback=None, err_msg=message, object=source
    )


def test_exception_that_could_not_even_be_made_is_only_printed(watched, hook, events):
    sys.unraisablehook(SimpleNamespace(exc_type=MemoryError, exc_value=None, err_msg=None, object=None))
    assert not events
    assert hook == ["MemoryError"]


# -- how the source is named


class Hostile:
    def __repr__(self):
        raise AssertionError("nobody may ask for this")

    def __getattr__(self, name):
        raise AssertionError("nor for this")


LONG = type("L" * 1000, (), {})()

NAMES = {
    "function": (drop_basket, "<function drop_basket>"),
    "method": (Hub.main.flush, "<method Hub.flush>"),
    "builtin": (len, "<builtin_function_or_method len>"),
    "object": (io.StringIO(), "<_io.StringIO object>"),
    "hostile": (Hostile(), f"<{__name__}.Hostile object>"),
}


@pytest.mark.parametrize(("source", "name"), NAMES.values(), ids=NAMES)
def test_source_is_named_without_asking_it(watched, events, source, name):
    sys.unraisablehook(unraisable(ValueError("x"), source))
    assert mechanism_of(events[0])["data"] == {"object": name}


def test_long_names_are_cut(watched, events):
    sys.unraisablehook(unraisable(ValueError("x"), LONG, "m" * 1000))
    data = mechanism_of(events[0])["data"]
    assert [len(text) for text in data.values()] == [MAX_TEXT, MAX_TEXT]


def test_message_of_the_interpreter_is_sent_without_secrets(watched, events):
    message = "Exception ignored in <Client https://jane:hunter2@db.example>"
    sys.unraisablehook(unraisable(ValueError("x"), None, message))
    text = mechanism_of(events[0])["data"]["message"]
    assert text.startswith("Exception ignored in <Client https://")
    assert "hunter2" not in text


def test_without_a_source_there_is_no_data(watched, events):
    sys.unraisablehook(unraisable(ValueError("x")))
    assert not mechanism_of(events[0]).get("data")


# -- what stays behind


def test_nothing_that_is_finalised_is_kept(watched, events):
    class Owner:
        pass

    basket = Basket()
    basket.owner = owner = Owner()
    gone = weakref.ref(owner)
    gc.disable()
    try:
        del owner, basket
        assert gone() is None
    finally:
        gc.enable()
    assert len(events) == 1


def test_nothing_is_kept_of_what_waited_for_another_capture_to_end(hook, init, events):
    seen = []

    def drop(event, hint):
        if not seen:
            seen.append(True)
            seen.append(weakref.ref(baskets[0]))
            baskets.clear()
        return event

    baskets = [Basket()]
    init(integrations=[UnraisablehookIntegration()], before_send=drop)
    sentry_like.capture_exception(KeyError("first"))
    gc.collect()
    assert [event["exception"]["values"][-1]["type"] for event in events] == ["KeyError", "ValueError"]
    assert seen[1]() is None


def test_thousands_that_fail_during_captures_neither_recurse_nor_block(hook, init, events):
    baskets = []

    def drop(event, hint):
        baskets.clear()
        return event

    init(integrations=[UnraisablehookIntegration()], before_send=drop)
    for _ in range(20):
        baskets.extend(Basket() for _ in range(250))
        sentry_like.capture_exception(KeyError("first"))
    assert len(hook) == 5000
    kinds = [event["exception"]["values"][-1]["type"] for event in events]
    assert kinds.count("KeyError") == 20
    assert 20 <= kinds.count("ValueError") <= 5000


def test_finaliser_that_fails_as_its_own_report_is_made_ends_somewhere(hook, init, events):
    def drop(event, hint):
        Basket()
        return event

    init(integrations=[UnraisablehookIntegration()], before_send=drop)
    Basket()
    assert 1 <= len(events) < 100


def test_client_without_the_integration_is_told_nothing(watched, init, transport, hook):
    init(integrations=[])
    Basket()
    assert not transport.events
    assert hook == ["ValueError"]


def test_uninstalling_gives_the_hook_back():
    before = sys.unraisablehook
    sentry_like.init(DSN, transport=TestTransport(), integrations=[UnraisablehookIntegration()])
    assert sys.unraisablehook is not before
    Hub.main.client.close(uninstall=True)
    assert sys.unraisablehook is before


# -- where the interpreter ends

BASKET = """
import atexit, gc
import sentry_like
{before}
sentry_like.init({options})
{after}
class Basket:
    def __init__(self):
        self.own = self
    def __del__(self):
        raise ValueError("could not be emptied")
baskets = [Basket() for _ in range(500)]
"""
ENDS = {
    "nothing was reported before": {},
    "something was reported before": {"after": "sentry_like.capture_message('earlier')"},
    "as the last exit hook ends": {
        "before": "gc.set_threshold(10**8)\natexit.register(lambda: baskets.clear())"
    },
    "without an exit hook of ours": {"options": "disabled_integrations=['atexit']"},
}


@pytest.mark.parametrize("parts", ENDS.values(), ids=ENDS)
def test_finalisers_that_fail_as_modules_are_emptied_are_only_printed(relay, parts):
    ended = run_to_end(relay, BASKET.format(**{"before": "", "options": "", "after": ""} | parts))
    assert ended.lines == ["earlier"] * bool(parts.get("after"))
    assert ended.err.count("could not be emptied") == 500
    assert "sentry_like" not in ended.err
    assert ended.exit == 0


def test_finalisers_that_fail_in_exit_hooks_are_heard(relay):
    program = """
    import atexit
    import sentry_like

    class Basket:
        def __del__(self):
            raise ValueError("could not be emptied")

    atexit.register(lambda: after.clear())
    sentry_like.init()
    atexit.register(lambda: before.clear())
    before, after = [Basket()], [Basket()]
    """
    assert run_to_end(relay, program).lines == ["ValueError: could not be emptied (unraisablehook)"] * 2
