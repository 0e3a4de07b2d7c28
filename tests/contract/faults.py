"""Lets functions of an integration fail, one after the other, with no help from their code.

What fails is each function of `sentry_like.integrations` that other code of ours calls. What foreign code
calls directly can be guarded by nobody but itself, and a fault in its very first step by nobody at all.
"""

from __future__ import annotations

import sys
import threading

import places

GENERATOR = 0x20


class Fault(Exception):
    """A fault of ours."""


class Faults:
    """Lets the first call of the function at `place` fail; without a place, only notes where calls are."""

    def __init__(self, place=None):
        self.place = place
        self.calls = []

    def during(self, action):
        before = sys.gettrace()
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        try:
            return action()
        finally:
            sys.settrace(before)
            threading.settrace(None)

    def _trace(self, frame, event, argument):
        if event == "call" and is_called_by_us(frame):
            code = frame.f_code
            place = f"{code.co_filename.removeprefix(places.INTEGRATIONS)}: {code.co_name}"
            is_first = place not in self.calls
            self.calls.append(place)
            if is_first and place == self.place:
                raise Fault(place)


def calls_within(action):
    """The functions that are called during an action, one after the other."""
    faults = Faults()
    faults.during(action)
    return list(dict.fromkeys(faults.calls))


def is_called_by_us(frame):
    caller = frame.f_back
    return (
        places.is_integration(frame.f_code)
        and not frame.f_code.co_flags & GENERATOR  # a resumed one is no call
        and not is_finaliser(frame)
        and caller is not None
        and places.is_ours(caller.f_code)
    )


def is_finaliser(frame):
    """Whether the interpreter calls it, wherever it happens to be."""
    finaliser = getattr(type(frame.f_locals.get("self")), "__del__", None)
    return getattr(finaliser, "__code__", None) is frame.f_code
