"""Our errors die in one place; what the application raises on purpose does not."""

from __future__ import annotations

import functools
import io
import os
import signal
import sys
import threading
import time

import pytest

from sentry_like.errors import contained, debug, describe, is_applications_own, say, type_name, voice


@pytest.fixture(autouse=True)
def quiet(lenient):
    """As in production."""


def caught(function, *arguments):
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def raising(error):
    raise error


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), KeyboardInterrupt(), RecursionError()])
def test_error_of_data_is_contained_and_told_to_whom_it_concerns(error, capsys):
    told = []
    with contained("here", told.append):
        raise error
    assert told == [error]
    assert capsys.readouterr().err == f"[sentry_like] here failed: {describe(error)}\n"


def test_nothing_raised_is_nothing_told(capsys):
    with contained("here", lambda error: raising(AssertionError())):
        pass
    assert capsys.readouterr().err == ""


def test_each_cause_is_said_once(capsys):
    for place in ("here", "here", "there"):
        with contained(place):
            raise ValueError
    for _ in range(2):
        with contained("here"):
            raise KeyError
    assert capsys.readouterr().err.count("\n") == 3


def test_everything_is_said_with_debug(capsys):
    voice.debug = True
    for _ in range(3):
        with contained("here"):
            raise ValueError
    debug("more")
    assert capsys.readouterr().err.count("\n") == 4


def test_debug_is_silent_without_it(capsys):
    debug("x")
    assert capsys.readouterr().err == ""


def test_what_is_said_is_one_line(capsys):
    say("a\nb\r\nc\u2028d")
    assert capsys.readouterr().err == "[sentry_like] a b c d\n"


class Stream(io.StringIO):
    def write(self, text):
        raise RuntimeError("reentrant call")


@pytest.mark.parametrize("stream", [None, Stream(), "closed"])
def test_failing_stderr_is_survived(stream, monkeypatch):
    if stream == "closed":
        stream = io.StringIO()
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with contained("here"):
        raise ValueError


class Meta(type):
    __name__ = property(lambda cls: raising(RuntimeError()))
    __str__ = __repr__ = __format__ = __getattr__ = lambda cls, *args: raising(RuntimeError())


Hostile = Meta("Hostile", (Exception,), {"__str__": lambda self: raising(SystemExit())})


def test_hostile_error_is_contained(capsys):
    with contained("here"):
        raise Hostile
    assert capsys.readouterr().err == "[sentry_like] here failed: Hostile\n"
    assert type_name(Hostile) == "Hostile"


def test_description_is_bounded():
    assert describe(ValueError("x" * 10**6)) == "ValueError: " + "x" * 300


# -- what is the application's own


class Handler:
    def method(self, number, frame):
        raise SystemExit

    def __call__(self, number, frame):
        raise SystemExit


def exits(number, frame):
    raise SystemExit


def exits_deeper(number, frame):
    exits(number, frame)


def times_out(number, frame):
    raise TimeoutError


def cancels(extra, number, frame):
    raise KeyboardInterrupt


HANDLERS = {
    "function": exits,
    "function that calls another": exits_deeper,
    "time limit": times_out,
    "method": Handler().method,
    "callable object": Handler(),
    "partial": functools.partial(cancels, 1),
    "default": signal.default_int_handler,
}


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_what_a_signal_handler_raises_passes(handler):
    before = signal.signal(signal.SIGINT, handler)
    try:
        error = caught(interrupted)
        assert is_applications_own(error)
        with pytest.raises(type(error)), contained("here"):
            interrupted()
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted():
    threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        pass


@pytest.mark.parametrize("error", [ValueError(), SystemExit(), KeyboardInterrupt(), GeneratorExit()])
def test_what_data_raises_is_not_the_applications_own(error):
    before = signal.signal(signal.SIGINT, exits)
    try:
        assert not is_applications_own(caught(raising, error))
    finally:
        signal.signal(signal.SIGINT, before)


def test_error_that_was_never_raised_is_not_the_applications_own():
    assert not is_applications_own(ValueError())
