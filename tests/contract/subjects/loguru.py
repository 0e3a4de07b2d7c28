"""Messages of loguru."""

from __future__ import annotations

import sys

from subject import Subject, Trouble, trouble


class Loguru(Subject):
    """Work leaves a breadcrumb; a failure an event and, in those to come, a breadcrumb."""

    identifier = "loguru"
    of_work = 1
    of_failure = 2

    def prepare(self):
        import loguru

        loguru.logger.remove()
        loguru.logger.add(
            lambda message: sys.stderr.write(message), format="{message}", backtrace=False, diagnose=False
        )

    def targets(self):
        import loguru

        return [(type(loguru.logger), "remove")]

    def state(self):
        import loguru

        return len(loguru.logger._core.handlers)

    def work(self):
        import loguru

        loguru.logger.info("{} is {}", "all", "well")

    def fail(self, cargo):
        import loguru

        try:
            trouble(cargo)
        except Trouble:
            loguru.logger.exception("{} was wrong", "something")


SUBJECT = Loguru()
