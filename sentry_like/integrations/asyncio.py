"""Captures what an event loop can raise to nobody: what failed in a callback, a protocol or a signal handler,
and the exceptions of tasks and futures that were never asked for.

A task that somebody awaits is that one's business, whether it is a group, `gather` or `asyncio.run`. `gc` is
imported with the first report.
"""

from __future__ import annotations

import os
import sys
from asyncio.base_events import BaseEventLoop
from contextvars import Context

from sentry_like.errors import is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.endings import before_drain
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import before
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

IDENTIFIER = "asyncio"
MECHANISM = {"type": "asyncio", "handled": False}
SOURCES = ("task", "future", "handle")
"""What a loop names as the origin of an exception, if it knows one ("Event Loop", "Error Handling API")."""


class AsyncioIntegration(Integration):
    """Reports what loops hand to their exception handler, which is called as ever, and at exit the failures
    of tasks that are still kept.

    Loops of asyncio, all that derive from them, and those of uvloop; made before or after.
    """

    identifier = IDENTIFIER

    def setup_once(self) -> None:
        pid = os.getpid()
        watch(BaseEventLoop)
        when_imported("uvloop", lambda uvloop: watch(uvloop.Loop))
        before_drain(IDENTIFIER, lambda: report_kept(pid))


def watch(loop_class: type) -> None:
    """Report what the loops of this class hand to their exception handler."""

    @before(loop_class, "call_exception_handler", IDENTIFIER)
    def call_exception_handler(loop: Any, context: dict[str, Any]) -> None:
        report(context)


def report_kept(pid: int) -> None:
    """Report the tasks that failed, are still kept, and were not asked until the end of the process.

    Python would log them once the interpreter is half gone. A forked child leaves its parent's alone.
    """
    if os.getpid() != pid or Hub.current.get_integration(IDENTIFIER) is None:
        return
    for task in living_tasks():
        if is_unread(task):
            report({"exception": task._exception, "task": task})


def living_tasks() -> list[Any]:
    """The tasks that asyncio keeps weakly, done ones too; since 3.14 it keeps those under way only."""
    tasks = sys.modules.get("asyncio.tasks")
    known: Any = getattr(tasks, "_all_tasks", None) or getattr(tasks, "_scheduled_tasks", ())
    return list(known)


def is_unread(task: Any) -> bool:
    """Whether it failed and was not asked for that. On a loop that still runs somebody may be about to."""
    return bool(task.done() and task._log_traceback and not task.get_loop().is_running())


def report(context: Mapping[str, Any]) -> None:
    """Capture a loop's exception in the hub of where it comes from, rather than where the loop happens to
    be.
    """
    error = context.get("exception")
    if not isinstance(error, BaseException) or not is_error(error):
        return
    known = [context_of(context[name]) for name in SOURCES if name in context]
    own = next((one for one in known if one is not None), None)  # an empty one is false
    # a copy, for a context cannot be entered twice, and it may be entered already
    hub = Hub.current if own is None else own.copy().run(lambda: Hub.current)
    if hub.get_integration(IDENTIFIER) is not None:
        hub.report(error, MECHANISM)


def context_of(source: Any) -> Context | None:
    """The context in which a task or callback ran, or `None`; before 3.12 neither would say."""
    if hasattr(source, "get_context"):
        known: Context = source.get_context()
        return known
    import gc

    return next((one for one in gc.get_referents(source) if type(one) is Context), None)
