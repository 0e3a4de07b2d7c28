"""Units of work: one request, task, invocation or command, each in a hub of its own."""

from __future__ import annotations

import sys

from sentry_like.errors import contained
from sentry_like.hub import Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, TypeVar

    from sentry_like.scope import Scope

    F = TypeVar("F", bound=Callable[..., Any])

GENERATORS = 0x20 | 0x200
COROUTINE = 0x80
"""Flags of a code object (`inspect.CO_*`, without the module)."""
NO_ERRORS = (KeyboardInterrupt, SystemExit, GeneratorExit)


def is_error(error: BaseException) -> bool:
    """Whether somebody should be told: not of the ways in which a program, task or generator is ended, nor of
    a group of nothing else.
    """
    members = getattr(error, "exceptions", None)
    if isinstance(members, tuple) and members and not isinstance(error, Exception):
        return any(is_error(member) for member in members if isinstance(member, BaseException))
    asyncio = sys.modules.get("asyncio")
    cancelled = getattr(asyncio, "CancelledError", KeyboardInterrupt)
    return not isinstance(error, (*NO_ERRORS, cancelled))


class unit_of_work:  # noqa: N801  # used as a function: `with unit_of_work("cron", "nightly") as scope:`
    """A block, or a decorator, in which a fork of the current hub is current: what is set there is gone after
    it.

    Breadcrumbs start anew, `name` becomes the transaction, and `op` says what kind of work it is. An
    exception that ends the block is captured as unhandled and raised on. With `flush` the end of the block
    waits until what was captured has left, for at most `flush_timeout` seconds (default:
    `shutdown_timeout`). Works with `with`, with `async with`, and on plain and `async def` functions; a
    decorated function starts a unit at each call, and without a name goes by its own.

    Raises:
        TypeError: it decorates a generator function, which runs bit by bit in whatever hub is current.
    """

    __slots__ = ("_hub", "flush", "flush_timeout", "name", "op", "tags")

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

    def __enter__(self) -> Scope:
        self._hub = hub = Hub(Hub.current)
        hub.__enter__()
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
        self._capture(error)
        hub = self._leave()
        if self.flush:
            hub.flush(self.flush_timeout)

    async def __aenter__(self) -> Scope:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._capture(error)
        hub = self._leave()
        if self.flush and hub.client is not None:
            from asyncio import get_running_loop

            await get_running_loop().run_in_executor(None, hub.flush, self.flush_timeout)

    def __call__(self, function: F) -> F:
        from functools import wraps

        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        if flags & GENERATORS:
            raise TypeError(
                f"{function.__qualname__} is a generator function: its body runs where it is consumed; "
                "use the block around the loop that consumes it"
            )
        if flags & COROUTINE:

            @wraps(function)
            async def run_async(*args: Any, **kwargs: Any) -> Any:
                async with self._named_after(function):
                    return await function(*args, **kwargs)

            return run_async  # type: ignore[return-value]  # it has the signature of `function`

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            with self._named_after(function):
                return function(*args, **kwargs)

        return run  # type: ignore[return-value]  # likewise

    def _named_after(self, function: Callable[..., Any]) -> unit_of_work:
        name = self.name if self.name is not None else getattr(function, "__qualname__", None)
        return unit_of_work(self.op, name, tags=self.tags, flush=self.flush, flush_timeout=self.flush_timeout)

    def _capture(self, error: BaseException | None) -> None:
        if error is not None and is_error(error):
            self._hub.capture_exception(error, mechanism={"type": self.op, "handled": False})

    def _leave(self) -> Hub:
        hub = self._hub
        del self._hub
        with contained("unit_of_work"):
            hub.__exit__(None, None, None)
        return hub
