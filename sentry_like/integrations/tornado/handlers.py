"""Each request that a handler serves is a unit of work, as long as `RequestHandler._execute` runs: a
WebSocket as long as it is open.
"""

from __future__ import annotations

from tornado.web import RequestHandler, _HandlerDelegate

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import begin, serving_here, watch_body
from sentry_like.integrations.tornado.request import TornadoRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

    Function = Callable[..., Any]

TORNADO = "tornado"
SERVING, MET = "_sentry_like_serving", "_sentry_like_met"
"""Attributes of a handler: its unit of work, and the error that is about to be logged and answered."""


def watch_handlers() -> None:
    """Make units of work of requests."""

    @around(RequestHandler, "_execute", TORNADO)
    async def execute(original: Function, handler: Any, *args: Any, **kwargs: Any) -> Any:
        serving = begin(handler, TornadoRequest, integration_now(TORNADO))
        if serving is None:  # another handler has it executed
            return await original(handler, *args, **kwargs)
        if handler._stream_request_body:
            watch_body(serving)
        vars(handler)[SERVING] = serving
        with serving.hub:
            try:
                return await original(handler, *args, **kwargs)
            finally:
                serving.ended()
                for name in (SERVING, MET):
                    vars(handler).pop(name, None)

    @around(_HandlerDelegate, "execute", TORNADO)
    def make_and_execute(original: Function, delegate: Any) -> Any:
        try:
            return original(delegate)
        except Exception as error:  # of `initialize`: there is no handler yet
            with contained(TORNADO):
                serving = begin(delegate, TornadoRequest, integration_now(TORNADO))
                if serving is not None:
                    with serving.hub:
                        serving.failed(error)
                    serving.ended()
            raise


def serving_of(handler: Any) -> Serving | None:
    """The request that a handler serves, by itself or for another handler, as long as that lasts."""
    serving = vars(handler).get(SERVING) or serving_here()
    return None if serving is None or serving.request is None else serving
