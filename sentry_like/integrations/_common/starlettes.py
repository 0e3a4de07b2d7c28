"""What Starlette and FastAPI share: settings, and a request served by an application of theirs."""

from __future__ import annotations

import sys
from functools import partial

from starlette import requests, websockets
from starlette.middleware.errors import ServerErrorMiddleware

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common import asgi
from sentry_like.integrations._common.serving import (
    METHODS_TO_CAPTURE,
    SERVER_ERRORS,
    Serving,
    WebIntegration,
    serving_here,
)
from sentry_like.integrations._common.starletterequest import StarletteRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from sentry_like.integrations._common.asgi import Message, Receive, Scope, Send

GONE = (requests.ClientDisconnect, websockets.WebSocketDisconnect)


class StarletteLike(WebIntegration):
    """The base of both integrations.

    `middleware_spans` says whether each middleware becomes a span where tracing is on.
    """

    styles = ("url", "endpoint")

    def __init__(
        self,
        transaction_style: str | None = None,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        middleware_spans: bool = False,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
    ) -> None:
        super().__init__(transaction_style, failed_request_status_codes, http_methods_to_capture)
        self.middleware_spans = middleware_spans

    def refuses(self, error: BaseException) -> bool:
        """Whether it says that the client is gone, as servers log it when the request is over."""
        return isinstance(error, GONE) or super().refuses(error)

    def given_up(self) -> BaseException | None:
        """Starlette's outermost middleware answers while it handles the error, which it then raises on."""
        error = sys.exc_info()[1]
        if error is None or error.__traceback__ is None:
            return None
        caught_in = error.__traceback__.tb_frame.f_globals.get("__name__")
        return error if caught_in == ServerErrorMiddleware.__module__ else None


async def serve(original: Any, app: Any, scope: Scope, receive: Receive, send: Send, identifier: str) -> Any:
    """Await `original(app, scope, receive, send)` as a unit of work of that integration."""
    serving = served_here()
    settings = integration_now(identifier)
    make_request = partial(StarletteRequest, app, None if serving is None else serving.request)
    if serving is not None and scope["type"] == "http":
        send = telling(send, serving)
    return await asgi.serve(partial(original, app), scope, receive, send, make_request, settings)


def telling(send: Send, serving: Serving) -> Send:
    """The same function for an application that is mounted in another, whose middlewares may send its answers
    in tasks of their own.
    """

    async def send_told(message: Message) -> None:
        if message["type"] == "http.response.start":
            with contained("starlette"):
                error = serving.integration.given_up()
                if error is not None:
                    serving.failed(error)
        await send(message)

    return send_told


# -- whose request it is


def served_here() -> Serving | None:
    """The request of Starlette or FastAPI that is being served here, also in a task or thread that has just
    been started for it.
    """
    serving = serving_here()
    return serving if serving is not None and isinstance(serving.integration, StarletteLike) else None
