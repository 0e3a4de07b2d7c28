"""Runs the jobs of thread pools in the hub of who submitted them, and captures exceptions of futures that
nobody ever asks for.

What failed is reported when the future dies, or at exit, unless somebody has asked for the result or the
exception, or has cancelled it. To notice that without a frame of ours in anybody's traceback, the attribute
in which a future keeps its exception is watched.
"""

from __future__ import annotations

import sys
from concurrent.futures import _base
from functools import wraps

from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import before, on_uninstall, replace
from sentry_like.integrations._common.unread import Unread, tell_at_exit
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

WATCHING = "watching a future"
EXCEPTION = "_exception"
"""Where a future keeps it."""
JOB = "_sentry_like_job"
"""Where a future keeps the hub of its job, and then what is to be told of it."""
REPR = _base.Future.__repr__.__code__
ASK = _base.Future.exception.__code__


class FuturesIntegration(Integration):
    """Covers `concurrent.futures` and all that builds on it, such as `asyncio.to_thread`."""

    identifier = "futures"

    def setup_once(self) -> None:
        watched = Watched()
        setattr(_base.Future, EXCEPTION, watched)
        on_uninstall(self.identifier, watched.uninstall)
        before(_base.Future, "cancel", self.identifier)(forget)
        when_imported("concurrent.futures.thread", run_in_hubs)
        tell_at_exit(self.identifier)


def run_in_hubs(thread: ModuleType) -> None:
    """Have each job of a thread pool run in the hub that its future has."""
    replace(thread._WorkItem, "run", FuturesIntegration.identifier, running_in_its_hub)


def running_in_its_hub(original: Callable[..., object], _: Switch) -> Callable[..., object]:
    """`run` of a job; whether it is covered was decided when it was submitted."""

    @wraps(original)
    def run(job: Any, *args: Any) -> object:
        future = vars(job.future)
        hub = future.get(JOB)
        try:
            if type(hub) is not Hub:
                return original(job, *args)
            with hub:
                return original(job, *args)
        finally:
            if future.get(JOB) is hub:  # it went well: nothing will be told
                future.pop(JOB, None)
            job = future = hub = None  # an exception holds the frames that called where it was caught

    return run


class Watched:
    """Stands for `_exception` of all futures, the values of which stay where they were."""

    def uninstall(self) -> None:
        if vars(_base.Future).get(EXCEPTION) is self:
            delattr(_base.Future, EXCEPTION)

    def __get__(self, future: Any, owner: Any = None) -> Any:
        if future is None:
            return self
        try:
            error = vars(future)[EXCEPTION]
        except KeyError:
            raise AttributeError(EXCEPTION) from None
        if error is not None:
            with contained(WATCHING):
                if is_asked(sys._getframe(1)):
                    forget(future)
        return error

    def __set__(self, future: Any, error: BaseException | None) -> None:
        values = vars(future)
        values[EXCEPTION] = error
        with contained(WATCHING):
            if error is None:
                begin(values)
            else:
                end(values, error)

    def __delete__(self, future: Any) -> None:
        del vars(future)[EXCEPTION]


def begin(future: dict[str, Any]) -> None:
    """A future is made: it is for a job of who is running."""
    hub = Hub.current
    if hub.get_integration(FuturesIntegration.identifier) is not None:
        future[JOB] = Hub(hub)


def end(future: dict[str, Any], error: BaseException) -> None:
    """A job has failed: from now on somebody must ask, unless it was cancelled."""
    hub = future.pop(JOB, None)
    if type(hub) is Hub and not isinstance(error, _base.CancelledError):
        future[JOB] = unread = Unread(hub, FuturesIntegration.identifier)
        unread.note(error)


def is_asked(frame: FrameType) -> bool:
    """Whether a frame that looks at the exception asks for it: `repr` does not, nor does `wait`, which only
    wants to know when it comes.
    """
    if frame.f_code is ASK and frame.f_back is not None:
        return frame.f_back.f_globals is not vars(_base)
    return frame.f_code is not REPR


def forget(future: Any) -> None:
    """Nobody need be told of what comes of this future."""
    unread = vars(future).pop(JOB, None)
    if isinstance(unread, Unread):
        unread.forget()
