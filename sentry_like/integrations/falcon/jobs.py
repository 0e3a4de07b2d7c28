"""What Falcon has done elsewhere: in a thread while a request waits for it, or once it is answered.

The former works in the request's hub. A job for after the answer has a hub of its own, and what it raises
nobody else looks at.
"""

from __future__ import annotations

import sys
from functools import wraps
from inspect import iscoroutinefunction

from falcon.asgi.response import Response

from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import failed, lent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

PLACES = ("falcon.util.sync", "falcon.util", "falcon", "falcon.asgi.app", "falcon.routing.compiled")
"""The modules that have the names of the functions that call something in a thread."""


def install() -> None:
    """Lay our functions around those of Falcon's that have something done elsewhere."""
    around(Response, "schedule", "falcon")(scheduled)
    around(Response, "schedule_sync", "falcon")(scheduled_in_a_thread)
    for place in PLACES:
        module = sys.modules[place]
        if hasattr(module, "sync_to_async"):
            around(module, "sync_to_async", "falcon")(in_a_thread)
        if hasattr(module, "wrap_sync_to_async"):
            around(module, "wrap_sync_to_async", "falcon")(for_a_thread)


async def in_a_thread(original: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    return await original(lent(function), *args, **kwargs)


def for_a_thread(original: Any, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What Falcon makes of the function is called in many requests."""

    @wraps(function)
    def work(hub: Hub, *given: Any, **named: Any) -> Any:
        with hub:
            return function(*given, **named)

    run = original(work, *args, **kwargs)

    @wraps(run)
    async def call(*given: Any, **named: Any) -> Any:
        return await run(Hub.current, *given, **named)

    return call


# -- background jobs


def scheduled(original: Any, answer: Response, callback: Callable[[], Awaitable[Any]]) -> None:
    if not iscoroutinefunction(callback):
        original(answer, callback)  # Falcon has an opinion on that
        return

    @wraps(callback)
    async def job() -> Any:
        try:
            return await callback()
        except BaseException as error:
            with contained("falcon"):
                failed(error, "falcon")
            raise

    original(answer, job)


def scheduled_in_a_thread(original: Any, answer: Response, callback: Callable[[], Any]) -> None:
    hub = Hub(Hub.current)

    @wraps(callback)
    def job() -> Any:
        with hub:
            try:
                return callback()
            except BaseException as error:
                with contained("falcon"):
                    failed(error, "falcon")
                raise

    original(answer, job)
