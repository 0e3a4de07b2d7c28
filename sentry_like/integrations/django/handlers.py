"""Requests as Django's handlers serve them.

A handler makes Django's request and hands it to `get_response`; there it is noted, weakly. Under ASGI that
runs in a task of its own, which is lent the hub of the request.
"""

from __future__ import annotations

from functools import partial

from sentry_like.hub import integration_now
from sentry_like.integrations._common import asgi, wsgi
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import met, serving_here
from sentry_like.integrations.django.requests import AsgiDjangoRequest, WsgiDjangoRequest, note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]


def watch_wsgi(module: Any) -> None:
    """Serve what comes through WSGI."""

    @around(module.WSGIHandler, "__call__", "django")
    def served(original: Function, handler: Any, environ: Any, start_response: Any) -> Any:
        integration = integration_now("django")
        app = partial(original, handler)
        return wsgi.serve(app, environ, start_response, WsgiDjangoRequest, integration)


def watch_asgi(module: Any) -> None:
    """Serve what comes through ASGI. Django refuses anything but HTTP, also what servers only ask for."""

    @around(module.ASGIHandler, "__call__", "django")
    async def served(original: Function, handler: Any, scope: Any, receive: Any, send: Any) -> Any:
        if scope["type"] != "http":
            return await original(handler, scope, receive, send)
        integration = integration_now("django")
        app = partial(original, handler)
        return await asgi.serve(app, scope, receive, send, AsgiDjangoRequest, integration)

    @around(module.ASGIHandler, "send_response", "django")
    async def sent(original: Function, *args: Any) -> Any:
        return await within_request(original, *args)


def watch_base(module: Any) -> None:
    """Know the request of each that is served, and what its middleware makes of exceptions."""

    @before(module.BaseHandler, "get_response", "django")
    def noted(handler: Any, request: Any) -> None:
        note(request, serving_here())

    @around(module.BaseHandler, "get_response_async", "django")
    async def answered(original: Function, handler: Any, request: Any) -> Any:
        note(request, serving_here())
        return await within_request(original, handler, request)

    @before(module.BaseHandler, "process_exception_by_middleware", "django")
    def met_by_middleware(handler: Any, exception: BaseException, request: Any) -> None:
        met(exception)


async def within_request(original: Function, *args: Any) -> Any:
    """Await it in the hub of the request that is served, whichever task this is."""
    serving = serving_here()
    if serving is None:
        return await original(*args)
    with serving.hub:
        return await original(*args)
