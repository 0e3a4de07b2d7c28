"""Requests of FastAPI, each a unit of work, named by the path of its route or by its endpoint."""

from __future__ import annotations

from fastapi.applications import FastAPI

from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.starletteparts import share
from sentry_like.integrations._common.starlettes import StarletteLike, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class FastApiIntegration(StarletteLike):
    """Captures errors of requests.

    `transaction_style`: "url" names a request `/users/{id}`, "endpoint" names it `shop.views.user`.
    """

    identifier = "fastapi"

    def setup_once(self) -> None:
        around(FastAPI, "__call__", "fastapi")(served)
        share("fastapi")


async def served(original: Any, app: FastAPI, scope: Any, receive: Any, send: Any) -> Any:
    return await serve(original, app, scope, receive, send, "fastapi")
