"""Calls of `sys.exit`."""

from __future__ import annotations

import sys

from subject import Subject


class SysExit(Subject):
    identifier = "sys_exit"

    def targets(self):
        return [(sys, "exit")]

    def work(self):
        sys.exit(0)

    def fail(self, cargo):
        sys.exit(1)


SUBJECT = SysExit()
