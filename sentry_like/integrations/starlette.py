"""Requests of Starlette, each a unit of work, named by the path of its route or by its endpoint.

Applications that are FastAPI's are served as such by the integration for FastAPI, and by this one where the
client has only this.
"""

from __future__ import annotations

import sys

from starlette.applications import Starlette

from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.starletteparts import share
from sentry_like.integrations._common.starlettes import StarletteLike, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class StarletteIntegration(StarletteLike):
    """Captures errors of requests.

    `transaction_style`: "url" names a request `/users/{id}`, "endpoint" names it `shop.views.user`.
    """

    identifier = "starlette"

    def setup_once(self) -> None:
        around(Starlette, "__call__", "starlette")(served)
        share("starlette")


async def served(original: Any, app: Starlette, scope: Any, receive: Any, send: Any) -> Any:
    if is_served_by_fastapi(app):
        return await original(app, scope, receive, send)
    return await serve(original, app, scope, receive, send, "starlette")


def is_served_by_fastapi(app: Starlette) -> bool:
    """Whether the integration for FastAPI stands around this call already."""
    kind = getattr(sys.modules.get("fastapi.applications"), "FastAPI", None)
    return kind is not None and isinstance(app, kind) and integration_now("fastapi") is not None
