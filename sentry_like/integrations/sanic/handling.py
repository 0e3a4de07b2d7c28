"""Each request is a unit of work as long as `Sanic.handle_request` runs, a WebSocket as long as it is open.

Behind an ASGI server the unit begins where the server calls the application. When it starts, Sanic compiles
some of its methods anew, without what nobody listens to; what is laid around these is laid around the new
ones then.
"""

from __future__ import annotations

from asyncio import CancelledError
from copy import copy
from functools import partial

from sanic.app import Sanic
from sanic.asgi import ASGIApp
from sanic.http import Stage
from sanic.response import BaseHTTPResponse
from sanic.touchup import TouchUp

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.asgi import AsgiRequest, serve
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import begin, serving_here
from sentry_like.integrations.sanic.request import SanicRequest, scope_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

SANIC = "sanic"


def watch_handling() -> None:
    """Make units of work of requests, and hear of their answers."""
    around(Sanic, "__call__", SANIC)(called)
    around_compiled("handle_request", served)
    before(BaseHTTPResponse, "send", SANIC)(sent)


def around_compiled(name: str, function: Callable[..., Any]) -> None:
    """Do what `around(Sanic, name, ...)` does, also when Sanic has compiled the method anew."""
    around(Sanic, name, SANIC)(function)

    @around(TouchUp, "run", SANIC)
    def compiled(original: Any, *args: Any) -> None:
        original(*args)
        around(Sanic, name, SANIC)(function)


async def called(original: Any, app: Any, scope: Any, receive: Any, send: Any) -> None:
    """By an ASGI server."""
    settings = integration_now(SANIC)
    await serve(partial(original, app), scope, receive, send, AsgiRequest, settings)


async def served(original: Any, app: Any, request: Any) -> None:
    await in_unit(request, partial(original, app, request))


async def in_unit(request: Any, call: Callable[[], Awaitable[None]]) -> None:
    """Await `call()` as a unit of work, unless the request is one already."""
    scope = scope_of(request)
    settings = integration_now(SANIC)
    serving = begin(request if scope is None else scope, lambda _: SanicRequest(request), settings)
    if serving is None:
        await call()
        return
    with serving.hub:
        try:
            await call()
        except CancelledError as error:
            with contained(SANIC):
                note_timeout(serving, request, error)
            raise
        except Exception as error:
            with contained(SANIC):
                serving.failed(error)
            raise
        finally:
            serving.ended()


def note_timeout(serving: Serving, request: Any, error: CancelledError) -> None:
    """Sanic has cancelled the handler: because the client is gone, or because it took too long. What it is
    about to answer then is told with the stack of what took so long.
    """
    timeout = getattr(request.stream, "exception", None)
    if timeout is not None and not request.conn_info.lost and serving.status is None:
        serving.met(copy(timeout).with_traceback(error.__traceback__))
        serving.answered(timeout.status_code)


def sent(response: BaseHTTPResponse, *_: Any, **__: Any) -> None:
    """The first part of an answer has its head. Behind an ASGI server `serve` sees it."""
    stream = response.stream
    if getattr(stream, "stage", None) is not Stage.HANDLER or isinstance(stream, ASGIApp):
        return
    serving = serving_here()
    if serving is not None:
        serving.answered(response.status)
