"""Requests and WebSockets of Litestar, each a unit of work, named by its handler or the path of its route."""

from __future__ import annotations

from litestar.app import Litestar
from litestar.exceptions import LitestarException

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common import asgi
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import WebIntegration, failed
from sentry_like.integrations.litestar.errors import LITESTAR, watch_errors
from sentry_like.integrations.litestar.hubs import keep_hubs
from sentry_like.integrations.litestar.request import LitestarRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class LitestarIntegration(WebIntegration):
    """Captures errors of requests, WebSockets and background tasks.

    `transaction_style`: "endpoint" names a request `shop.views.cart`, "url" names it `/cart/{id}`.
    """

    identifier = LITESTAR
    styles = ("endpoint", "url")

    def setup_once(self) -> None:
        around(Litestar, "__call__", LITESTAR)(served)
        watch_errors()
        keep_hubs()


async def served(original: Any, app: Litestar, scope: Any, receive: Any, send: Any) -> None:
    async def call(*messages: Any) -> None:
        try:
            await original(app, *messages)
        except LitestarException as error:
            with contained(LITESTAR):
                failed(first_of(error), LITESTAR)
            raise

    settings = integration_now(LITESTAR)
    await asgi.serve(call, scope, receive, send, LitestarRequest, settings)


def first_of(error: BaseException) -> BaseException:
    """The error that Litestar could not answer any more: each of its layers raises one of its own from it."""
    while type(error) is LitestarException and error.__cause__ is not None:
        error = error.__cause__
    return error
