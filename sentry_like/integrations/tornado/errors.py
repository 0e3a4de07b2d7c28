"""Which errors of handlers are told, and when: as the answer is sent, for an application's `write_error` may
answer them, or at once, where no answer can follow.

They are heard of where Tornado gives up, `_handle_request_exception`, not where it logs them: applications
override `log_exception`.
"""

from __future__ import annotations

from tornado.web import Finish, HTTPError, RequestHandler

from sentry_like.errors import contained
from sentry_like.integrations._common.logs import busy
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations.tornado.handlers import MET, TORNADO, serving_of
from sentry_like.integrations.tornado.request import stream_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

    Function = Callable[..., Any]

UNHANDLED = 500
"""What Tornado answers on an error that nobody handles. With another status the application did."""
GONE = ("StreamClosedError", "WebSocketClosedError")
"""What writing to a closed connection raises."""


def watch_errors() -> None:
    """Hear of errors and answers, and make nothing of Tornado's own lines on them."""

    @around(RequestHandler, "_handle_request_exception", TORNADO)
    def handle_request_exception(original: Function, handler: Any, e: BaseException) -> Any:
        with contained(TORNADO):
            meet(handler, e)
        try:
            return original(handler, e)
        finally:
            vars(handler).pop(MET, None)

    @before(RequestHandler, "flush", TORNADO)
    def flush(handler: Any, *args: Any, **kwargs: Any) -> None:
        serving = None if handler._headers_written else serving_of(handler)
        if serving is None:
            return
        status, error = handler.get_status(), vars(handler).get(MET)
        if status == UNHANDLED and error is not None and not isinstance(error, HTTPError):
            serving.failed(error)
        serving.answered(status)

    @around(RequestHandler, "log_exception", TORNADO)
    def log_exception(original: Function, handler: Any, typ: Any, value: Any, tb: Any) -> Any:
        if vars(handler).get(MET) is not value:
            if not is_websocket(handler):  # the application itself calls it
                return original(handler, typ, value, tb)
            tell(handler, value)  # of `open`
        with busy:
            return original(handler, typ, value, tb)

    @around(RequestHandler, "send_error", TORNADO)
    def send_error(original: Function, handler: Any, *args: Any, **kwargs: Any) -> Any:
        if not handler._headers_written:
            return original(handler, *args, **kwargs)
        with busy:  # "Cannot send error response after headers written"
            return original(handler, *args, **kwargs)


def meet(handler: Any, error: BaseException) -> None:
    """Note what Tornado is about to log and to answer."""
    serving = serving_of(handler)
    if serving is None or isinstance(error, Finish) or vars(handler).get(MET) is error:
        return
    _note(serving, handler, error)
    if not handler._headers_written:
        serving.met(error)
        return
    codes = serving.integration.failed_request_status_codes
    if not isinstance(error, HTTPError) or error.status_code in codes:
        serving.failed(error)


def tell(handler: Any, error: BaseException) -> None:
    """No answer will come of it."""
    with contained(TORNADO):
        serving = serving_of(handler)
        if serving is not None:
            _note(serving, handler, error)
            serving.failed(error)


async def awaited(result: Awaitable[Any], handler: Any, serving: Serving) -> Any:
    """Await what the application has begun, in the hub of the request, and hear of its error."""
    with serving.hub:
        try:
            return await result
        except Exception as error:
            tell(handler, error)
            raise


def _note(serving: Serving, handler: Any, error: BaseException) -> None:
    vars(handler)[MET] = error
    if type(error).__name__ in GONE and has_left(handler):
        serving.lost = error


def has_left(handler: Any) -> bool:
    """Whether the connection that is closed is the client's, not one of the application's to others."""
    if is_websocket(handler):
        connection = handler.ws_connection
        return connection is None or bool(connection.is_closing())
    stream = stream_of(handler.request)
    return stream is None or bool(stream.closed())


def is_websocket(handler: Any) -> bool:
    return "ws_connection" in vars(handler)
