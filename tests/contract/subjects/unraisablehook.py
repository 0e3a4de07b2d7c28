"""What fails in finalisers."""

from __future__ import annotations

import sys

from subject import Subject, trouble


class Finalised:
    def __init__(self, cargo=None):
        self.cargo = cargo

    def __del__(self):
        if self.cargo is not None:
            trouble(self.cargo)


class Unraisablehook(Subject):
    identifier = "unraisablehook"

    def targets(self):
        return [(sys, "unraisablehook")]

    def work(self):
        Finalised()

    def fail(self, cargo):
        Finalised(cargo)


SUBJECT = Unraisablehook()
