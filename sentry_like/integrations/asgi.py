"""Any ASGI application, reported by a middleware laid around it."""

from __future__ import annotations

from sentry_like.hub import client_now
from sentry_like.integrations._common.asgi import AsgiRequest, serve
from sentry_like.integrations._common.serving import METHODS_TO_CAPTURE, SERVER_ERRORS, WebIntegration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any


class AsgiSettings(WebIntegration):
    """The options of the middleware."""

    styles = ("endpoint", "url")

    def __init__(self, mechanism_type: str, *options: Any) -> None:
        super().__init__(*options)
        self.identifier = mechanism_type


class EndpointRequest(AsgiRequest):
    """Named by the endpoint or the path of the route, where the framework within puts them into the scope."""

    __slots__ = ()

    def transaction(self, style: str) -> tuple[str, str] | None:
        if style == "endpoint":
            endpoint = self.scope.get("endpoint")
            name = getattr(endpoint, "__qualname__", None) or type(endpoint).__qualname__
            return (f"{endpoint.__module__}.{name}", "component") if endpoint is not None else None
        route = getattr(self.scope.get("route"), "path", None)
        return None if route is None else (str(route), "route")


class SentryAsgiMiddleware:
    """`app = SentryAsgiMiddleware(app)`: each request a unit of work, its errors captured and raised on.

    The application may be one of ASGI 2 or 3.

    Raises:
        ValueError: there is no such `transaction_style`.
        TypeError: the status codes are no collection of integers.
    """

    def __init__(
        self,
        app: Callable[..., Any],
        transaction_style: str = "endpoint",
        mechanism_type: str = "asgi",
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
    ) -> None:
        self.app = app
        self._settings = AsgiSettings(
            mechanism_type, transaction_style, failed_request_status_codes, http_methods_to_capture
        )

    def __new__(cls, app: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> Any:
        """Of the kind that servers take `app` for, as they look at what they call. Copies have none yet."""
        is_double = cls is SentryAsgiMiddleware and app is not None and not takes_all_at_once(app)
        return super().__new__(TwoStepMiddleware if is_double else cls)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> Any:
        return await self._serve(self.app, scope, receive, send)

    async def _serve(self, call: Any, scope: Any, receive: Any, send: Any) -> Any:
        if client_now() is None:
            return await call(scope, receive, send)
        return await serve(call, scope, receive, send, EndpointRequest, self._settings)


class TwoStepMiddleware(SentryAsgiMiddleware):
    """The same around an application of ASGI 2: called once for the scope, then for the channels."""

    def __call__(self, scope: Any) -> Any:  # type: ignore[override]  # two steps in place of one
        async def in_one_step(scope: Any, receive: Any, send: Any) -> Any:
            return await self.app(scope)(receive, send)

        async def instance(receive: Any, send: Any) -> Any:
            return await self._serve(in_one_step, scope, receive, send)

        return instance


def takes_all_at_once(app: Any) -> bool:
    """Whether an application is of ASGI 3: called with scope, receive and send."""
    from inspect import signature

    try:
        signature(app).bind(None, None, None)
    except TypeError:
        return False
    except ValueError:  # code in C does not tell
        pass
    return True
