"""The parts of Starlette at which a request of it, or of FastAPI, is watched.

Whichever integration comes first lays its functions around them; they act for requests that one of the two
serves. The request's hub is the same in the tasks and threads which the framework starts for it and waits
for, so that what is set anywhere in a request is true for all of it.
"""

from __future__ import annotations

import sys

import anyio
import anyio.to_thread
from starlette import requests, responses, routing

from sentry_like.errors import contained
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import on_uninstall, replace
from sentry_like.integrations._common.serving import lent
from sentry_like.integrations._common.starletterequest import StarletteRequest
from sentry_like.integrations._common.starlettes import served_here
from sentry_like.integrations._common.wrappers import SharedSwitch, wrap_around, wrap_before
from sentry_like.units import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.integrations._common.asgi import Receive, Scope, Send
    from sentry_like.integrations._common.serving import Serving

NO_LISTENER = (anyio.BrokenResourceError, anyio.ClosedResourceError)
"""Raised by older versions of `BaseHTTPMiddleware` to what goes on answering when the client is gone."""
SHARING = ("fastapi", "starlette")
_shared: list[str] = []
"""The integration that has laid the functions around, if one has."""


def share(identifier: str) -> None:
    """Lay our functions around the parts, unless the other integration has done so."""
    if _shared:
        return
    _shared.append(identifier)
    on_uninstall(identifier, _shared.clear)

    def lay(wrap: Any, owner: Any, name: str, function: Callable[..., Any]) -> None:
        def make(original: Any, given: Any) -> Any:
            return wrap(SharedSwitch(given, SHARING), original, function)

        replace(owner, name, identifier, make)

    lay(wrap_around, anyio.to_thread, "run_sync", run_in_thread)
    lay(wrap_around, routing.Router, "__call__", routed)
    lay(wrap_before, routing.Mount, "handle", mounted)
    when_imported(
        "starlette.middleware.base",
        lambda module: lay(wrap_around, module.BaseHTTPMiddleware, "__call__", in_one_hub),
    )
    lay(wrap_around, responses.StreamingResponse, "stream_response", in_one_hub)
    form = "_get_form" if hasattr(requests.Request, "_get_form") else "form"
    lay(wrap_around, requests.Request, form, parsed)
    if hasattr(routing, "wrap_app_handling_exceptions"):  # before 0.28 all handlers are around the router
        lay(wrap_before, sys.modules["starlette._exception_handler"], "is_async_callable", handled)


async def run_in_thread(original: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
    return await original(func if served_here() is None else lent(func), *args, **kwargs)


async def in_one_hub(original: Any, *args: Any) -> Any:
    """A task that the framework has started for a part of the request."""
    serving = served_here()
    if serving is None or not is_astray(serving):
        return await original(*args)
    with serving.hub:
        return await original(*args)


async def routed(original: Any, router: Any, scope: Scope, receive: Receive, send: Send) -> Any:
    serving = served_here()
    if serving is None:
        return await original(router, scope, receive, send)
    if isinstance(serving.request, StarletteRequest):
        serving.request.scope = scope  # a middleware may have made a copy, and the route comes into that
    if not is_astray(serving):
        return await noting(serving, original, router, scope, receive, send)
    with serving.hub:
        return await noting(serving, original, router, scope, receive, send)


async def noting(serving: Serving, original: Any, *args: Any) -> Any:
    """What leaves a router goes to the handlers of exceptions, and then to the middlewares."""
    try:
        return await original(*args)
    except Exception as error:
        with contained("starlette"):
            if serving.status is None or not isinstance(error, NO_LISTENER):
                serving.met(error)
        raise


def handled(_: Any) -> None:
    """Starlette has found a handler for the exception that it is about to handle, and looks at its kind."""
    error, serving = sys.exc_info()[1], served_here()
    if error is not None and serving is not None:
        serving.met(error)


def mounted(mount: Any, *_: Any) -> None:
    serving = served_here()
    if serving is not None and isinstance(serving.request, StarletteRequest):
        serving.request.prefix += mount.path


async def parsed(original: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
    form = await original(request, *args, **kwargs)
    serving = served_here()
    if serving is not None and isinstance(serving.request, StarletteRequest):
        serving.request.parsed = form
    return form


def is_astray(serving: Serving) -> bool:
    """Whether this task was started from the request's hub, and has not come back to it. In another the
    application may have put itself.
    """
    active = carried.get(None)
    return active is not None and active.hub is serving.hub and not active.unit.is_running()
