"""The crash log."""

from __future__ import annotations

import faulthandler
import os
import tempfile

from subject import Subject


class Faulthandler(Subject):
    """The sign is the log that is armed; a crash itself leaves no process to ask."""

    identifier = "faulthandler"
    of_work = 1
    # all written in C: the lock of the log, the mark of its project, and the quotes of its first line
    may_import = frozenset({"atexit", "faulthandler", "fcntl", "binascii", "_json"})

    def __init__(self):
        self._directories = {}

    def directory(self):
        """One for each process, for what another leaves is picked up."""
        pid = os.getpid()
        if pid not in self._directories:
            self._directories[pid] = tempfile.mkdtemp()
        return self._directories[pid]

    def integration(self):
        from sentry_like.integrations.faulthandler import FaulthandlerIntegration

        return FaulthandlerIntegration(self.directory())

    def state(self):
        return faulthandler.is_enabled(), os.listdir(self.directory())

    def fail(self, cargo):
        return self.work()

    def signs(self, told):
        return [faulthandler.is_enabled()] if faulthandler.is_enabled() else []


SUBJECT = Faulthandler()
