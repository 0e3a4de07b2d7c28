"""Captures what ends a thread, and lets a thread start with what was true where it was started.

The exception is seen where the thread itself meets it, before `threading.excepthook`, so it makes no
difference who replaced that hook, and when.
"""

from __future__ import annotations

import sys
import threading

from sentry_like.errors import contained, is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations.base import Integration
from sentry_like.integrations.threading.propagation import hub_of, start_with
from sentry_like.transport.base import THREAD_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

MECHANISM = {"type": "threading", "handled": False}
POOLS = frozenset(
    (
        "anyio._backends._asyncio",
        "concurrent.futures.process",
        "concurrent.futures.thread",
        "multiprocessing.pool",
    )
)
"""Modules whose threads serve many, one after the other: none may go on with what was true for the first."""


class ThreadingIntegration(Integration):
    """Reports dying threads.

    With `propagate_hub`, or `propagate_scope` as it is called since 2.x, a thread starts with a fork of its
    starter's scope and with the starter's client; neither ever writes into the other's. Without, it starts
    with what is true for the whole process.
    """

    identifier = "threading"

    def __init__(self, propagate_hub: bool = True, propagate_scope: bool | None = None) -> None:
        self.propagate_hub = propagate_hub if propagate_scope is None else propagate_scope

    def setup_once(self) -> None:
        around(threading.Thread, "start", self.identifier)(start)
        before(threading, "excepthook", self.identifier)(excepthook)


def start(original: Callable[..., Any], thread: threading.Thread) -> Any:
    """Start a thread that carries the current hub and reports what ends it."""
    if is_ours(thread):
        return original(thread)
    listen(thread)
    hub = Hub.current
    if home_of(thread) in POOLS or not hub.get_integration(ThreadingIntegration).propagate_hub:
        return original(thread)
    return start_with(Hub(hub), thread, lambda: original(thread))


def excepthook(args: threading.ExceptHookArgs) -> None:
    """For threads that were started before us, and for those who call the hook themselves."""
    told = getattr(args.thread, "_invoke_excepthook", None)
    if not (isinstance(told, Death) and told.is_being_told):
        report(args.exc_value, args.exc_traceback, args.thread)


def is_ours(thread: threading.Thread | None) -> bool:
    """Whether it is the one that sends: it needs no scope, and must not have itself sent."""
    return getattr(thread, "_name", None) == THREAD_NAME


def home_of(thread: threading.Thread) -> object:
    """The module that has made the thread for its own purposes, as far as one can tell."""
    target = vars(thread).get("_target")
    return type(thread).__module__ if target is None else getattr(target, "__module__", None)


def listen(thread: threading.Thread) -> None:
    """Stand before what the thread calls when an exception ends it."""
    own = vars(thread)
    tell = own.get("_invoke_excepthook")
    if callable(tell) and not isinstance(tell, Death):
        own["_invoke_excepthook"] = Death(tell)


class Death:
    """Called by a thread with what ended it: reports that, then goes on as ever."""

    __slots__ = ("_tell", "is_being_told")

    def __init__(self, tell: Callable[..., object]) -> None:
        self._tell = tell
        self.is_being_told = False

    def __call__(self, thread: threading.Thread) -> object:
        with contained("reporting a dying thread"):
            error = sys.exc_info()[1]
            report(error, error and error.__traceback__, thread)
        self.is_being_told = True
        try:
            return self._tell(thread)
        finally:
            self.is_being_told = False


def report(error: BaseException | None, tb: Any, thread: threading.Thread | None) -> None:
    """Capture what ended the running thread, with the scope as the thread left it."""
    if error is None or not is_error(error) or is_ours(thread):
        return
    hub = hub_of(thread)
    if hub.get_integration(ThreadingIntegration) is not None:
        hub.capture_exception((type(error), error, tb), mechanism=MECHANISM)
