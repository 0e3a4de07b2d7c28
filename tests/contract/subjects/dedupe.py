"""Sending an exception once."""

from __future__ import annotations

from subject import Subject, Trouble, trouble

import sentry_like


class Dedupe(Subject):
    """Both uses capture one exception twice; the sign is the event that is missing then."""

    identifier = "dedupe"
    of_work = 1

    def work(self):
        self.fail(object())

    def fail(self, cargo):
        try:
            trouble(cargo)
        except Trouble:
            sentry_like.capture_exception()
            sentry_like.capture_exception()

    def signs(self, told):
        return ["refused"] if len(told.events) == 1 else []


SUBJECT = Dedupe()
