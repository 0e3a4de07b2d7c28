"""Falcon as an ASGI application: requests, WebSockets, startup and shutdown."""

from __future__ import annotations

import sys
from functools import partial

import falcon
from falcon.asgi.app import App

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.asgi import AsgiRequest, serve
from sentry_like.integrations._common.logs import ignore_logger, unignore_logger
from sentry_like.integrations._common.patch import around, before, on_uninstall
from sentry_like.integrations._common.serving import failed, serving_here
from sentry_like.integrations.falcon import handled, is_falcons, jobs, named_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.integrations._common.asgi import Message, Scope, Send


def install() -> None:
    """Lay our functions around those of Falcon's that are for ASGI alone."""
    around(App, "__call__", "falcon")(served)
    before(App, "_handle_exception", "falcon")(handled_or_closed)
    jobs.install()
    ignore_logger("falcon")  # it says of each error how a WebSocket is closed, also of those that are none
    on_uninstall("falcon", lambda: unignore_logger("falcon"))


class FalconAsgiRequest(AsgiRequest):
    """A request or WebSocket, and the template that its path matched."""

    __slots__ = ("uri_template",)

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.uri_template: str | None = None

    def transaction(self, style: str) -> tuple[str, str] | None:
        return named_by(self.uri_template, self, style)


async def served(original: Any, app: App[Any, Any], scope: Scope, receive: Any, send: Send) -> None:
    settings = integration_now("falcon")
    if scope["type"] == "lifespan":
        send = telling_of_failures(send)
    await serve(partial(original, app), scope, receive, send, FalconAsgiRequest, settings)


def telling_of_failures(send: Send) -> Send:
    """The same function, that tells of what a middleware raises at startup or shutdown: Falcon lets the
    server know while it handles it.
    """

    async def send_told(message: Message) -> None:
        error = sys.exc_info()[1]
        if error is not None and message["type"].endswith(".failed"):
            with contained("falcon"):
                failed(error, "falcon")
        await send(message)

    return send_told


def handled_or_closed(
    app: App[Any, Any], made: Any, answer: Any, error: Exception, *more: Any, ws: Any = None
) -> None:
    """The same as for WSGI. A WebSocket has no answer: its status is the one that Falcon makes the code of,
    with which it closes.
    """
    handled(app, made, answer, error, *more)
    serving = serving_here()
    has_status = isinstance(error, (falcon.HTTPError, falcon.HTTPStatus))
    if ws and has_status and serving is not None and is_falcons(app._find_error_handler(error)):
        serving.answered(falcon.http_status_to_code(error.status))  # type: ignore[attr-defined]  # see has_status
