"""Bodies that a handler takes piece by piece: they come in another task, and are worked on in the hub of the
request all the same.
"""

from __future__ import annotations

from tornado.web import _HandlerDelegate

from sentry_like.integrations._common.patch import around
from sentry_like.integrations.tornado.errors import awaited, tell
from sentry_like.integrations.tornado.handlers import TORNADO, serving_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def watch_bodies() -> None:
    """Note each piece as it comes, and hear of errors in it."""

    @around(_HandlerDelegate, "data_received", TORNADO)
    def data_received(original: Callable[..., Any], delegate: Any, data: bytes) -> Any:
        serving = serving_of(delegate.handler) if delegate.stream_request_body else None
        if serving is None:
            return original(delegate, data)
        if serving.body is not None:
            serving.body.saw(data)
        with serving.hub:
            try:
                result = original(delegate, data)
            except Exception as error:
                tell(delegate.handler, error)
                raise
        return None if result is None else awaited(result, delegate.handler, serving)
