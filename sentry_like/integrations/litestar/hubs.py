"""Lets what Litestar runs in threads and tasks work in the hub of the request that waits for it, so that what
is set there is true for all of the request.
"""

from __future__ import annotations

from litestar.response.streaming import ASGIStreamingResponse

from sentry_like.errors import contained
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import lent, serving_here
from sentry_like.integrations.litestar.errors import LITESTAR

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


def keep_hubs() -> None:
    """Lay our functions around what starts threads, and around what is started in tasks."""
    when_imported("litestar.concurrency", _watch_threads)
    when_imported("litestar.utils.sync", _watch_threads)
    when_imported("litestar._kwargs.kwargs_model", _watch_dependencies)
    when_imported("litestar.background_tasks", _watch_background_tasks)
    around(ASGIStreamingResponse, "_stream", LITESTAR)(told_if_it_fails)


def _watch_threads(module: ModuleType) -> None:
    for name in ("_run_sync_asyncio", "_run_sync_trio", "run_sync"):  # the last one is of 2.0
        if hasattr(module, name):
            around(module, name, LITESTAR)(run_in_thread)


def _watch_dependencies(module: ModuleType) -> None:
    around(module, "resolve_dependency", LITESTAR)(in_the_same_hub)


def _watch_background_tasks(module: ModuleType) -> None:
    around(module.BackgroundTask, "__call__", LITESTAR)(told_if_it_fails)


async def run_in_thread(original: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
    return await original(lent(fn), *args, **kwargs)


async def in_the_same_hub(original: Any, *args: Any) -> Any:
    """One of the dependencies that are resolved at the same time."""
    serving = serving_here()
    if serving is None:
        return await original(*args)
    with serving.hub:
        return await original(*args)


async def told_if_it_fails(original: Any, *args: Any) -> Any:
    """The answer has begun, so nobody can handle what fails now: the stream, or a background task."""
    serving = serving_here()
    if serving is None:
        return await original(*args)
    with serving.hub:
        try:
            return await original(*args)
        except Exception as error:
            with contained(LITESTAR):
                serving.failed(error)
            raise
