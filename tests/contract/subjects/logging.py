"""Log records."""

from __future__ import annotations

import logging

from subject import Subject, Trouble, trouble

logger = logging.getLogger("contract")
logger.setLevel(logging.INFO)


class Logging(Subject):
    """Work leaves a breadcrumb; a failure an event and, in those to come, a breadcrumb."""

    identifier = "logging"
    of_work = 1
    may_import = frozenset({"fnmatch"})
    of_failure = 2

    def targets(self):
        return [(logging.Logger, "callHandlers")]

    def work(self):
        logger.info("%s is %s", "all", "well")

    def fail(self, cargo):
        try:
            trouble(cargo)
        except Trouble:
            logger.exception("%s was wrong", "something")


SUBJECT = Logging()
