"""Notes what cursors of psycopg stream and copy.

A stream is told of with its first row, a COPY when its block is left. What the application does with other
cursors meanwhile is noted on its own.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import wraps

from psycopg import AsyncCursor, Cursor

from sentry_like.errors import contained
from sentry_like.integrations._common.patch import around, replace
from sentry_like.integrations.psycopg.cursors import PSYCOPG, noted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

    Function = Callable[..., Any]

NO_ROW = object()


def watch_streams() -> None:
    around(Cursor, "stream", PSYCOPG)(stream)
    around(AsyncCursor, "stream", PSYCOPG)(stream_async)
    replace(Cursor, "copy", PSYCOPG, copying)
    replace(AsyncCursor, "copy", PSYCOPG, copying_async)


def stream(original: Function, cursor: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
    return _rows(noted(cursor, args, kwargs), original(cursor, *args, **kwargs))


def _rows(statement: AbstractContextManager[Any], rows: Any) -> Iterator[Any]:
    with statement:
        first = next(rows, NO_ROW)
    if first is not NO_ROW:
        yield first
        yield from rows


def stream_async(original: Function, cursor: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
    return _rows_async(noted(cursor, args, kwargs), original(cursor, *args, **kwargs))


async def _rows_async(statement: AbstractContextManager[Any], rows: Any) -> AsyncIterator[Any]:
    try:
        with statement:
            first = await anext(rows, NO_ROW)
        if first is not NO_ROW:
            yield first
            async for row in rows:
                yield row
    finally:
        await rows.aclose()


def copying(original: Function, switch: Switch) -> Function:
    @contextmanager
    @wraps(original)
    def copy(cursor: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with ExitStack() as stack:
            _note_end(switch, stack, cursor, args, kwargs)
            yield stack.enter_context(original(cursor, *args, **kwargs))

    return copy


def copying_async(original: Function, switch: Switch) -> Function:
    @asynccontextmanager
    @wraps(original)
    async def copy(cursor: Any, *args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        async with AsyncExitStack() as stack:
            _note_end(switch, stack, cursor, args, kwargs)
            yield await stack.enter_async_context(original(cursor, *args, **kwargs))

    return copy


def _note_end(switch: Switch, stack: Any, cursor: Any, args: Any, kwargs: Any) -> None:
    """Let a statement learn how the block ended, without being entered: it would cover what is in there."""
    with contained(PSYCOPG):
        if switch.is_on():
            stack.push(noted(cursor, args, kwargs))
