"""Units of work: one request, task, invocation or command, each in a hub of its own."""

from __future__ import annotations

import sys

from sentry_like.errors import contained, is_error
from sentry_like.hub import Hub, fork_here
from sentry_like.integrations._common.wrappers import (
    ASYNC_GENERATOR,
    COROUTINE,
    GENERATOR,
    ITERABLE_COROUTINE,
    flags_of,
)
from sentry_like.units import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, TypeVar

    from sentry_like.scope import Scope
    from sentry_like.units import Active

    F = TypeVar("F", bound=Callable[..., Any])


class unit_of_work:  # noqa: N801  # used as a function: `with unit_of_work("cron", "nightly") as scope:`
    """A block, or a decorator, in which a fork of the current hub is current: what is set there is gone after
    it, and so is what was left open within.

    Breadcrumbs start anew, `name` becomes the transaction, and `op` says what kind of work it is. An
    exception that ends the block is captured as unhandled and raised on. With `flush` the end of the block
    waits until what was captured has left, for at most `flush_timeout` seconds (default:
    `shutdown_timeout`). Works with `with`, with `async with`, and on plain and `async def` functions; a
    decorated function starts a unit at each call, and without a name goes by its own. One object may be
    used again, nested and by many threads.

    Raises:
        TypeError: it decorates a generator function, which runs bit by bit in whatever hub is current, or no
            function.
    """

    __slots__ = ("_entered", "flush", "flush_timeout", "name", "op", "tags")

    def __init__(
        self,
        op: str = "task",
        name: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        flush: bool = False,
        flush_timeout: float | None = None,
    ) -> None:
        self.op = op
        self.name = name
        self.tags = dict(tags or {})
        self.flush = flush
        self.flush_timeout = flush_timeout
        self._entered: dict[int, Hub] = {}

    def __enter__(self) -> Scope:
        hub = fork_here()
        hub.__enter__()
        self._entered[id(hub)] = hub
        scope = hub.scope
        scope.clear_breadcrumbs()
        if self.name is not None:
            scope.set_transaction_name(self.name, "custom")
        if self.tags:
            scope.set_tags(self.tags)
        return scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        hub = self._end(error)
        if self.flush:
            hub.flush(self.flush_timeout)

    async def __aenter__(self) -> Scope:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        hub = self._end(error)
        if self.flush and hub.client is not None:
            await _flush_aside(hub, self.flush_timeout)

    def __call__(self, function: F) -> F:
        if isinstance(function, (staticmethod, classmethod)):
            return type(function)(self(function.__func__))
        if not callable(function) or isinstance(function, type):
            raise TypeError(f"a unit of work is a function or a block, not {function!r:.100}")
        from functools import wraps

        flags = flags_of(function)
        name = _name_of(function)
        unit = self if self.name is not None else self._named(name)
        if flags & (COROUTINE | ITERABLE_COROUTINE) or _is_marked_as_coroutine(function):

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                async with unit:
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]  # it has the signature of `function`
        if flags & (GENERATOR | ASYNC_GENERATOR):
            raise TypeError(
                f"{name} is a generator function: its body runs where it is consumed; "
                "use the block around the loop that consumes it"
            )

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with unit:
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]  # likewise

    def _named(self, name: str) -> unit_of_work:
        return unit_of_work(self.op, name, tags=self.tags, flush=self.flush, flush_timeout=self.flush_timeout)

    def _end(self, error: BaseException | None) -> Hub:
        """Capture what ends the block, and put back what was current before it."""
        hub, entry = self._innermost()
        del self._entered[id(hub)]
        if entry is not None:
            carried.set(entry)  # hubs that were left entered within the block are left with it
        try:
            with contained("unit_of_work"):
                if error is not None and is_error(error):
                    hub.capture_exception(error, mechanism={"type": self.op, "handled": False})
        finally:
            while hub.entry() is not None:  # it may have been entered within the block as well
                hub.__exit__(None, None, None)
        return hub

    def _innermost(self) -> tuple[Hub, Active | None]:
        """This block's innermost hub, and its entry; none where the block ends in another context, of which
        nothing is to be put back.
        """
        hubs = tuple(self._entered.values())
        for hub in reversed(hubs):
            entry = hub.entry()
            if entry is not None:
                return hub, entry
        return hubs[-1], None


async def _flush_aside(hub: Hub, timeout: float | None) -> None:
    """Wait on another thread while the event loop goes on; on this one where there is no loop of asyncio, or
    its threads have ended.
    """
    asyncio = sys.modules.get("asyncio")
    loop = None if asyncio is None else asyncio._get_running_loop()
    try:
        flushed = None if loop is None else loop.run_in_executor(None, hub.flush, timeout)
    except RuntimeError:
        flushed = None
    if flushed is None:
        hub.flush(timeout)
    else:
        await flushed


def _is_marked_as_coroutine(function: object) -> bool:
    """Whether `inspect.markcoroutinefunction` was applied; if it was, the module is there."""
    inspect = sys.modules.get("inspect")
    return inspect is not None and bool(inspect.iscoroutinefunction(function))


def _name_of(function: Any) -> str:
    """The name by which a function is known, a partial by that of its function, an object by its class."""
    while type(function).__name__ == "partial" and hasattr(function, "func"):
        function = function.func
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__)
