"""What nothing caught."""

from __future__ import annotations

import sys

from subject import Subject, Trouble, trouble


class Excepthook(Subject):
    identifier = "excepthook"

    def targets(self):
        return [(sys, "excepthook")]

    def work(self):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            return sys.excepthook(*sys.exc_info())

    def fail(self, cargo):
        try:
            trouble(cargo)
        except Trouble:
            return sys.excepthook(*sys.exc_info())


SUBJECT = Excepthook()
