"""Which errors are told: what Litestar's own page answers at once; HTTP exceptions, and what a handler of the
application answers, by the status of the answer.

They are heard of in the middleware by which Litestar catches them, around each handler and around the whole.
"""

from __future__ import annotations

import sys

from litestar.exceptions import HTTPException, InternalServerException, WebSocketException

from sentry_like.errors import contained
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.logs import busy
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import failed, serving_here

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

LITESTAR = "litestar"
MIDDLEWARE = "ExceptionHandlerMiddleware"
PLACES = (
    "litestar.middleware._internal.exceptions.middleware",
    "litestar.middleware.exceptions.middleware",  # before 2.9
)
HUNG_UP = "client disconnected prematurely"
"""What an application is told that reads a body whose sender is gone."""


def watch_errors() -> None:
    """Hear of errors, and make nothing of Litestar's own lines on them."""
    for place in PLACES:
        when_imported(place, _watch_middleware)


def _watch_middleware(module: ModuleType) -> None:
    middleware = vars(module).get(MIDDLEWARE)
    if middleware is None:  # where it was before
        return
    around(middleware, "handle_exception_logging", LITESTAR)(logged)
    before(middleware, "handle_request_exception", LITESTAR)(handled)
    before(middleware, "default_http_exception_handler", LITESTAR)(given_up)
    before(middleware, "handle_websocket_exception", LITESTAR)(closed)


def logged(original: Any, *args: Any, **kwargs: Any) -> Any:
    """The line comes before the handler, and has the error as text only in some versions."""
    error = sys.exc_info()[1]
    if error is not None:
        with contained(LITESTAR):
            handled(exc=error)
    with busy:
        return original(*args, **kwargs)


def handled(*_: Any, exc: BaseException, **__: Any) -> None:
    """Litestar looks for a handler, and calls `given_up` if there is none."""
    serving = serving_here()
    if serving is None:
        return
    if isinstance(exc, InternalServerException) and exc.detail == HUNG_UP:
        serving.lost = exc
    serving.met(exc)


def given_up(_: Any, request: Any, exc: BaseException) -> None:
    """Nobody has handled it."""
    if not isinstance(exc, HTTPException):
        failed(exc, LITESTAR)


def closed(send: Any, exc: BaseException) -> None:
    """No answer tells of it: the WebSocket is closed, with a code that no integration option names."""
    serving = serving_here()
    codes = () if serving is None else serving.integration.failed_request_status_codes
    is_on_purpose = isinstance(exc, (HTTPException, WebSocketException))
    if not is_on_purpose or getattr(exc, "status_code", None) in codes:
        failed(exc, LITESTAR)
