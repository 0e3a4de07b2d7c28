"""Each request to an aiohttp server is a unit of work, from the call of its handler to the end of its answer.

That is what `RequestHandler._handle_request` spans, in a task of the request's own: routing, middlewares,
handler, signals, and what is written. Whatever serves comes through there: `run_app`, runners, gunicorn's
worker, low-level servers. A WebSocket is one request, as long as it is open.
"""

from __future__ import annotations

from aiohttp.web import Application, BaseRequest, HTTPException, RequestPayloadError, StreamResponse
from aiohttp.web_protocol import RequestHandler

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.logs import busy
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import begin, serving_here
from sentry_like.integrations.aiohttp.request import AioHttpRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

    Function = Callable[..., Any]
    Handler = Callable[[Any], Awaitable[Any]]

AIOHTTP = "aiohttp"


def watch_server() -> None:
    """Make units of work of requests, and hear of their errors and answers."""
    _watch_requests()
    _watch_answers()
    _watch_middlewares()
    _watch_clones()
    _watch_log()


def _watch_requests() -> None:
    @around(RequestHandler, "_handle_request", AIOHTTP)
    async def handle_request(
        original: Function, protocol: Any, request: Any, start_time: Any, request_handler: Handler
    ) -> Any:
        serving = begin(request, AioHttpRequest, integration_now(AIOHTTP))
        if serving is None:
            return await original(protocol, request, start_time, request_handler)
        with serving.hub:
            try:
                return await original(protocol, request, start_time, watched(request_handler, serving))
            except ConnectionError:  # how aiohttp gives up an answer that it cannot send, or has begun to
                raise
            except BaseException as error:  # a signal that fails, or an answer that is none
                with contained(AIOHTTP):
                    serving.failed(error)
                raise
            finally:
                serving.ended()


def watched(request_handler: Handler, serving: Serving) -> Handler:
    """The application, whose errors we hear of before the server makes answers of them."""

    async def handler(request: Any) -> Any:
        try:
            answer = await request_handler(request)
        except HTTPException as error:
            with contained(AIOHTTP):
                serving.met(error)
            raise
        except Exception as error:
            with contained(AIOHTTP):
                note_lost(serving, request, error)
                serving.failed(error)
            raise
        with contained(AIOHTTP):
            if isinstance(answer, HTTPException):  # returned, not raised
                serving.met(answer)
        return answer

    return handler


def note_lost(serving: Serving, request: Any, error: BaseException) -> None:
    """Note that an error is the client's: it sends no proper body, or it is gone, and what broke is its own
    connection, not one to a database.
    """
    transport = request.transport
    has_left = transport is None or transport.is_closing()
    if isinstance(error, RequestPayloadError) or (has_left and isinstance(error, ConnectionError)):
        serving.lost = error


def _watch_answers() -> None:
    @before(StreamResponse, "_write_headers", AIOHTTP)
    def write_headers(answer: Any) -> None:
        serving = serving_here()
        if serving is not None:
            serving.answered(answer.status)


def _watch_middlewares() -> None:
    """Hear of errors before a middleware makes answers of them: within each there is one of ours."""

    @around(Application, "_prepare_middleware", AIOHTTP)
    def prepare_middleware(original: Function, app: Any) -> Iterator[tuple[Any, bool]]:
        return (pair for given in original(app) for pair in ((hearing, True), given))


async def hearing(request: Any, handler: Handler) -> Any:
    """A middleware."""
    try:
        return await handler(request)
    except Exception as error:
        with contained(AIOHTTP):
            serving = serving_here()
            if serving is not None:
                note_lost(serving, request, error)
                serving.met(error)
        raise


def _watch_clones() -> None:
    @around(BaseRequest, "clone", AIOHTTP)
    def clone(original: Function, request: Any, **changes: Any) -> Any:
        made = original(request, **changes)
        serving = serving_here()
        known = None if serving is None else serving.request
        if isinstance(known, AioHttpRequest) and known.is_carried_by(request):
            known.was_cloned(made)
        return made


def _watch_log() -> None:
    """Make nothing of the server's own line on an error: it was told, or is the client's fault."""

    @around(RequestHandler, "log_exception", AIOHTTP)
    def log_exception(original: Function, protocol: Any, *args: Any, **kwargs: Any) -> Any:
        if "exc_info" not in kwargs:
            return original(protocol, *args, **kwargs)
        with busy:
            return original(protocol, *args, **kwargs)
