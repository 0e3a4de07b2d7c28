"""Lines of structlog."""

from __future__ import annotations

from subject import Subject, Trouble, trouble


class Structlog(Subject):
    """Work leaves a breadcrumb; a failure an event and, in those to come, a breadcrumb."""

    identifier = "structlog"
    of_work = 1
    of_failure = 2
    may_import = frozenset({"fnmatch"})

    def targets(self):
        import structlog

        return [(structlog.BoundLoggerBase, "_process_event")]

    def logger(self):
        import structlog

        chain = [structlog.stdlib.add_log_level, structlog.processors.format_exc_info]
        return structlog.wrap_logger(structlog.PrintLogger(), [*chain, structlog.processors.JSONRenderer()])

    def work(self):
        self.logger().info("all is well", key="value")

    def fail(self, cargo):
        try:
            trouble(cargo)
        except Trouble:
            self.logger().exception("something was wrong")


SUBJECT = Structlog()
