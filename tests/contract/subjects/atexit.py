"""What is queued when the interpreter exits."""

from __future__ import annotations

import atexit
import os

from subject import Subject


class Atexit(Subject):
    """A child process is what exits."""

    identifier = "atexit"
    of_work = 1
    may_import = frozenset({"atexit"})

    def work(self):
        pid = os.fork()
        if pid == 0:
            try:
                atexit._run_exitfuncs()
            finally:
                os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def fail(self, cargo):
        return self.work()

    def signs(self, told):
        return told.drains


SUBJECT = Atexit()
