"""Requests of Django's test client, which goes past WSGI and ASGI."""

from __future__ import annotations

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import begin
from sentry_like.integrations.django.requests import AsgiDjangoRequest, WsgiDjangoRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

    from sentry_like.integrations._common.request import Request
    from sentry_like.integrations._common.serving import Serving

    Function = Callable[..., Any]


def watch(module: Any) -> None:
    """Serve them."""

    @around(module.ClientHandler, "__call__", "django")
    def served(original: Function, handler: Any, environ: Any) -> Any:
        with Served(environ, WsgiDjangoRequest) as served:
            return served.answered(original(handler, environ))

    @around(module.AsyncClientHandler, "__call__", "django")
    async def served_async(original: Function, handler: Any, scope: Any) -> Any:
        with Served(scope, AsgiDjangoRequest) as served:
            return served.answered(await original(handler, scope))


class Served:
    """The unit of work of such a request, from the call to the answer."""

    def __init__(self, carrier: Any, make_request: Callable[[Any], Request]) -> None:
        self.serving: Serving | None = None
        with contained("django"):
            self.serving = begin(carrier, make_request, integration_now("django"))

    def __enter__(self) -> Served:
        if self.serving is not None:
            self.serving.hub.__enter__()
        return self

    def answered(self, response: Any) -> Any:
        """The response, whose status is noted."""
        with contained("django"):
            if self.serving is not None:
                self.serving.answered(response.status_code)
        return response

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        serving = self.serving
        if serving is None:
            return
        with contained("django"):
            if error is not None:
                serving.failed(error)
            serving.ended()
        serving.hub.__exit__(kind, error, tb)
