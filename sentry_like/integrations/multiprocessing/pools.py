"""The jobs of `multiprocessing` pools: each runs in a hub of its own, and one that failed is told of, by who
asks for its result or else by us.
"""

from __future__ import annotations

from sentry_like.errors import is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.unread import Unread, tell_at_exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess
    from types import ModuleType
    from typing import Any

IDENTIFIER = "multiprocessing"
MECHANISM = {"type": "multiprocessing", "handled": False}
UNREAD = "_sentry_like_unread"
WORKERS = (("multiprocessing.pool", "worker"), ("concurrent.futures.process", "_process_worker"))
"""Functions that run one job after the other, from the queue that is their first argument."""
FUNCTION = type(is_error)


def watch_pools(pool: ModuleType) -> None:
    """Report the exceptions of jobs whose result dies unread, unless there is an `error_callback`, and have
    threads of pools run each job in a hub of its own.
    """
    around(pool.ThreadPool, "Process", IDENTIFIER)(make_thread)
    before(pool.ApplyResult, "__init__", IDENTIFIER)(watch)
    before(pool.ApplyResult, "_set", IDENTIFIER)(settle)
    before(pool.MapResult, "_set", IDENTIFIER)(settle)
    around(pool.ApplyResult, "get", IDENTIFIER)(ask)
    around(pool.ApplyResult, "successful", IDENTIFIER)(ask)
    tell_at_exit(IDENTIFIER)


# -- a hub for each job


class JobQueue:
    """Stands for the queue of a worker: what is set during one job is gone when the next is fetched."""

    __slots__ = ("_hub", "_queue")

    def __init__(self, queue: Any) -> None:
        self._queue = queue
        self._hub: Hub | None = None

    def get(self, *args: Any, **kwargs: Any) -> Any:
        if self._hub is not None:
            self._hub.__exit__(None, None, None)
        job = self._queue.get(*args, **kwargs)
        self._hub = Hub(Hub.current).__enter__()
        return job

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def give_hubs_to_jobs(process: BaseProcess) -> None:
    """In a child that is about to run: if it is a worker of a pool, replace its queue."""
    own = vars(process)
    target = own.get("_target")
    if type(target) is FUNCTION and (target.__module__, target.__name__) in WORKERS:
        own["_args"] = with_hubs(own["_args"])


def with_hubs(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a worker, of which the first is its queue."""
    queue, *others = arguments
    return JobQueue(queue), *others


def make_thread(original: Callable[..., Any], *given: Any, args: tuple[Any, ...], **others: Any) -> Any:
    """A worker of a pool of threads."""
    return original(*given, args=with_hubs(args), **others)


# -- results


def watch(result: Any, *args: Any, **kwargs: Any) -> None:
    vars(result)[UNREAD] = Unread(Hub(Hub.current), IDENTIFIER)


def settle(result: Any, number: int, outcome: tuple[bool, Any]) -> None:
    """Note a failure before those who wait for the result are woken."""
    succeeded, value = outcome
    unread = vars(result).get(UNREAD)
    if unread is not None and not succeeded and result._error_callback is None:
        unread.note(value)


def ask(original: Callable[..., Any], result: Any, *args: Any, **kwargs: Any) -> Any:
    """Forget the failure: who asks is told of it."""
    try:
        return original(result, *args, **kwargs)
    finally:
        unread = vars(result).pop(UNREAD, None) if result.ready() else None
        if unread is not None:
            unread.forget()
