"""Warnings that are shown."""

from __future__ import annotations

import warnings

from subject import Subject


class Warnings(Subject):
    identifier = "warnings"
    of_work = 1
    may_import = frozenset({"warnings"})

    def targets(self):
        return [(warnings, "_showwarnmsg")]

    def work(self):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("something is old", DeprecationWarning, stacklevel=1)

    def fail(self, cargo):
        self.work()


SUBJECT = Warnings()
