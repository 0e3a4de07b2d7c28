"""Runs what a WebSocket calls for each message in the hub of its request, and hears of its errors."""

from __future__ import annotations

from tornado.websocket import WebSocketHandler, WebSocketProtocol

from sentry_like.integrations._common.patch import around
from sentry_like.integrations.tornado.errors import awaited, tell
from sentry_like.integrations.tornado.handlers import TORNADO, serving_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.integrations._common.serving import Serving

    Function = Callable[..., Any]


def watch_websockets() -> None:
    @around(WebSocketProtocol, "_run_callback", TORNADO)
    def run_callback(original: Function, protocol: Any, callback: Function, *args: Any, **kwargs: Any) -> Any:
        handler = protocol.handler
        serving = serving_of(handler) if isinstance(handler, WebSocketHandler) else None
        if serving is None:  # the other side, a client's connection
            return original(protocol, callback, *args, **kwargs)
        return original(protocol, heard(callback, handler, serving), *args, **kwargs)


def heard(callback: Function, handler: WebSocketHandler, serving: Serving) -> Function:
    def call(*args: Any, **kwargs: Any) -> Any:
        with serving.hub:
            try:
                result = callback(*args, **kwargs)
            except Exception as error:
                tell(handler, error)
                raise
        return awaited(result, handler, serving) if hasattr(result, "__await__") else result

    return call
