"""Makes child processes of `multiprocessing` report like their parent: with its client and what was true
where they were started, their crashes included, and until the last event is delivered.

Child processes end without the interpreter's exit hooks, so the wait is here. Jobs of pools are the business
of `pools`. `children` is imported with the first start: this module is loaded in the midst of importing what
it needs.
"""

from __future__ import annotations

import sys
from multiprocessing.process import BaseProcess, parent_process

from sentry_like.errors import is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.endings import ask_all, current_clients
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import around, before, on_uninstall
from sentry_like.integrations.base import Integration
from sentry_like.integrations.multiprocessing.pools import (
    IDENTIFIER,
    MECHANISM,
    give_hubs_to_jobs,
    watch_pools,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Original = Callable[..., Any]

LUGGAGE = "_sentry_like_luggage"
AFTER_ALL_OTHERS = -1_000_000
"""The priority of a hook for the end of a child process."""


class MultiprocessingIntegration(Integration):
    """Covers processes, pools, managers and process executors, forked, spawned or from a fork server."""

    identifier = IDENTIFIER

    def setup_once(self) -> None:
        around(BaseProcess, "start", IDENTIFIER)(start)
        around(BaseProcess, "_bootstrap", IDENTIFIER)(bootstrap)
        when_imported("traceback", watch_crashes)
        when_imported("multiprocessing.pool", watch_pools)
        if parent_process() is not None:
            drain_at_the_end_of_this_child()


def start(original: Original, process: BaseProcess) -> Any:
    """In the parent: have the process take along what is current here."""
    from sentry_like.integrations.multiprocessing.children import Luggage

    process.__dict__[LUGGAGE] = Luggage(Hub.current)
    try:
        return original(process)
    finally:
        process.__dict__.pop(LUGGAGE, None)


def bootstrap(original: Original, process: BaseProcess, *args: Any, **kwargs: Any) -> Any:
    """In the child: its whole life, in a hub of its own."""
    luggage = process.__dict__.pop(LUGGAGE, None)
    give_hubs_to_jobs(process)
    with Hub(Hub.current if luggage is None else luggage.hub):
        try:
            return original(process, *args, **kwargs)
        finally:
            drain()


def watch_crashes(traceback: ModuleType) -> None:
    """Capture what ends a child where it is printed: whatever `run` is, that is where all of it comes by."""

    @before(traceback, "print_exc", IDENTIFIER)
    def print_exc(*args: Any, **kwargs: Any) -> None:
        error = sys.exc_info()[1]
        if error is not None and has_ended_process(error) and is_error(error):
            Hub.current.capture_exception(error, mechanism=MECHANISM)


def has_ended_process(error: BaseException) -> bool:
    """Whether it was caught where a child process begins: its traceback starts there."""
    tb = error.__traceback__
    if tb is None or tb.tb_frame.f_code.co_name != "_bootstrap":
        return False
    return tb.tb_frame.f_globals.get("__name__") == BaseProcess.__module__


def drain() -> None:
    """Capture what is still to be captured, then wait until all has left, for at most `shutdown_timeout`
    seconds.
    """
    ask_all()
    for client in current_clients():
        client.drain()


def drain_at_the_end_of_this_child() -> None:
    """For a child that runs already, because the client was made in it."""
    from multiprocessing.util import Finalize

    on_uninstall(IDENTIFIER, Finalize(None, drain, exitpriority=AFTER_ALL_OTHERS).cancel)
