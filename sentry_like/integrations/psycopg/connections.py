"""Notes connections that could not be made, and commits that the server refused.

A module that took `connect` from psycopg before keeps the function it has.
"""

from __future__ import annotations

import psycopg

from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.statements import UNNOTED, Attempt, is_covered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from typing import Any

    Function = Callable[..., Any]

PSYCOPG = "psycopg"


def watch_connections() -> None:
    for owner, name, text in (
        (psycopg.Connection, "connect", "connect"),
        (psycopg, "connect", "connect"),
        (psycopg.Connection, "commit", "COMMIT"),
    ):
        _watch(owner, name, text)
    for name, text in (("connect", "connect"), ("commit", "COMMIT")):
        _watch_async(psycopg.AsyncConnection, name, text)


def _watch(owner: Any, name: str, text: str) -> None:
    @around(owner, name, PSYCOPG)
    def attempt(original: Function, *args: Any, **kwargs: Any) -> Any:
        with attempted(text):
            return original(*args, **kwargs)


def _watch_async(owner: Any, name: str, text: str) -> None:
    @around(owner, name, PSYCOPG)
    async def attempt(original: Function, *args: Any, **kwargs: Any) -> Any:
        with attempted(text):
            return await original(*args, **kwargs)


def attempted(text: str) -> AbstractContextManager[Any]:
    return UNNOTED if is_covered() else Attempt(text, "postgresql")
