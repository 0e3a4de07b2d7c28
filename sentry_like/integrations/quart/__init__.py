"""Requests and WebSockets of Quart, each a unit of work, named by its endpoint or its rule.

Quart handles a request in a task of its own, and calls what is not asynchronous in a thread: both work in
the request's hub. What Quart gives up on is told as unhandled, even where the application has a page for it
(`errorhandler(500)`), and so is what fails in the background, at startup and at shutdown.
"""

from __future__ import annotations

from functools import partial, wraps
from weakref import ref

from quart.app import Quart
from quart.asgi import ASGIHTTPConnection, ASGIWebsocketConnection
from werkzeug.routing import RoutingException

from sentry_like.errors import contained
from sentry_like.hub import Hub, integration_now
from sentry_like.integrations._common.asgi import serve
from sentry_like.integrations._common.patch import around, before, replace
from sentry_like.integrations._common.serving import (
    WebIntegration,
    failed,
    is_known_by,
    met,
    serving_here,
)
from sentry_like.integrations._common.wrappers import wrap_around
from sentry_like.integrations.quart.requests import QuartRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

CONNECTIONS = ((ASGIHTTPConnection, "handle_request"), (ASGIWebsocketConnection, "handle_websocket"))


class QuartIntegration(WebIntegration):
    """Captures errors of requests, WebSockets and background tasks.

    `transaction_style`: "endpoint" names a request `shop.cart`, "url" names it `/cart/<int:id>`.
    """

    identifier = "quart"
    styles = ("endpoint", "url")

    def setup_once(self) -> None:
        around(Quart, "__call__", "quart")(served)
        replace(Quart, "asgi_app", "quart", served_once)
        for connection, name in CONNECTIONS:
            around(connection, name, "quart")(in_the_same_hub)
        around(Quart, "sync_to_async", "quart")(in_a_thread)
        before(Quart, "handle_user_exception", "quart")(handled)
        for name in ("handle_exception", "handle_websocket_exception"):
            before(Quart, name, "quart")(given_up)
        before(Quart, "log_exception", "quart")(logged)


async def served(original: Any, app: Quart, scope: Any, receive: Any, send: Any) -> None:
    settings = integration_now("quart")
    await serve(partial(original, app), scope, receive, send, QuartRequest, settings)


def served_once(original: Any, switch: Switch) -> Any:
    """The same for `asgi_app`, which servers may be given as well, but mostly is called by `__call__`."""
    serve_here = wrap_around(switch, original, served)

    @wraps(original)
    async def asgi_app(app: Quart, scope: Any, receive: Any, send: Any) -> None:
        is_served = False
        with contained("quart"):
            is_served = is_known_by(QuartRequest, scope)
        await (original if is_served else serve_here)(app, scope, receive, send)

    return asgi_app


async def in_the_same_hub(original: Any, connection: Any, made: Any, send: Any) -> None:
    """The request or WebSocket is handled in a task of its own, while the first one waits for it."""
    serving = serving_here()
    if serving is None:
        await original(connection, made, send)
        return
    if isinstance(serving.request, QuartRequest):
        serving.request.made = ref(made)
    with serving.hub:
        await original(connection, made, send)


def in_a_thread(original: Any, app: Quart, function: Any) -> Any:
    """What is not asynchronous runs in a thread, while the task waits for it."""

    @wraps(function)
    def work(hub: Hub, *args: Any, **kwargs: Any) -> Any:
        with hub:
            return function(*args, **kwargs)

    run = original(app, work)

    @wraps(run)
    async def call(*args: Any, **kwargs: Any) -> Any:
        return await run(Hub.current, *args, **kwargs)

    return call


def handled(_: Quart, *given: Any) -> None:
    """Quart looks for a handler, and calls `given_up` if there is none. The error is the last argument."""
    error = given[-1]
    if not isinstance(error, RoutingException):
        met(error)


def given_up(_: Quart, *given: Any) -> None:
    """Nobody has handled it."""
    failed(given[-1], "quart")


def logged(_: Quart, *given: Any) -> None:
    """Quart says so of all that it gives up on, also in the background, at startup and at shutdown."""
    error = given[-1][1]
    if error is not None:
        failed(error, "quart")
