"""What runs in tasks of its own: WebSockets, in the hub of their request, and background tasks; and the
listeners, which run before and after all requests.
"""

from __future__ import annotations

from functools import wraps
from inspect import isawaitable

from sanic.app import Sanic
from sanic.exceptions import WebsocketClosed
from websockets.exceptions import ConnectionClosed

from sentry_like.errors import contained, is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.endings import current_clients
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import serving_here
from sentry_like.integrations.sanic.errors import tell
from sentry_like.integrations.sanic.handling import SANIC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving


def watch_tasks() -> None:
    """Hear of errors that no request answers."""
    around(Sanic, "_websocket_handler", SANIC)(open_websocket)
    around(Sanic, "_prep_task", SANIC)(prepared)
    around(Sanic, "_listener", SANIC)(listened)


async def open_websocket(original: Any, app: Any, handler: Any, *args: Any, **kwargs: Any) -> Any:
    serving = serving_here()
    heard = handler if serving is None else in_the_same_hub(handler, serving)
    return await original(app, heard, *args, **kwargs)


def in_the_same_hub(handler: Callable[..., Any], serving: Serving) -> Callable[..., Any]:
    """The handler of a WebSocket has a task of its own, while that of the request waits for it."""

    @wraps(handler)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with serving.hub:
            try:
                return await handler(*args, **kwargs)
            except (ConnectionClosed, WebsocketClosed):  # by the client
                raise
            except Exception as error:
                with contained(SANIC):
                    tell(serving, error)
                raise

    return call


def prepared(original: Any, *args: Any, **kwargs: Any) -> Any:
    """A background task. Nobody may ever ask how it ended."""
    task = original(*args, **kwargs)
    return told_if_it_fails(task) if isawaitable(task) else task


async def told_if_it_fails(task: Awaitable[Any]) -> Any:
    try:
        return await task
    except Exception as error:
        with contained(SANIC):
            capture(error)
        raise


async def listened(original: Any, *args: Any, **kwargs: Any) -> Any:
    """Where one fails no server starts, and Sanic kills the process: the event is to be out by then."""
    try:
        return await original(*args, **kwargs)
    except Exception as error:
        with contained(SANIC):
            capture(error)
            for client in current_clients():
                client.flush()
        raise


def capture(error: BaseException) -> None:
    if is_error(error):
        Hub.current.capture_exception(error, mechanism={"type": SANIC, "handled": False})
