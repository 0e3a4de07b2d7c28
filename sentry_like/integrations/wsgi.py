"""Any WSGI application, reported by a middleware laid around it."""

from __future__ import annotations

from sentry_like.hub import client_now
from sentry_like.integrations._common.serving import METHODS_TO_CAPTURE, SERVER_ERRORS, WebIntegration
from sentry_like.integrations._common.wsgi import ForwardedRequest, WsgiRequest, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from typing import Any


class WsgiSettings(WebIntegration):
    """The options of the middleware."""

    identifier = "wsgi"


class SentryWsgiMiddleware:
    """`app = SentryWsgiMiddleware(app)`: each request a unit of work, its errors captured and raised on.

    `use_x_forwarded_for`: the proxy in front tells which host was called, in `X-Forwarded-Host`.

    Raises:
        TypeError: the status codes are no collection of integers.
    """

    def __init__(
        self,
        app: Callable[..., Iterable[bytes]],
        use_x_forwarded_for: bool = False,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
    ) -> None:
        self.app = app
        self.use_x_forwarded_for = use_x_forwarded_for
        self._make_request = ForwardedRequest if use_x_forwarded_for else WsgiRequest
        self._settings = WsgiSettings(None, failed_request_status_codes, http_methods_to_capture)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if client_now() is None:
            return self.app(environ, start_response)
        return serve(self.app, environ, start_response, self._make_request, self._settings)
