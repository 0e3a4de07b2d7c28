"""Consumers of Channels: a connection is a unit of work, be it HTTP or a WebSocket."""

from __future__ import annotations

from functools import partial

from sentry_like.hub import integration_now
from sentry_like.integrations._common.asgi import serve
from sentry_like.integrations._common.patch import around
from sentry_like.integrations.django import users
from sentry_like.integrations.django.requests import AsgiDjangoRequest
from sentry_like.integrations.django.routes import name_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Connection(AsgiDjangoRequest):
    """The connection of a consumer of class `kind`."""

    __slots__ = ("kind",)

    def __init__(self, kind: type, scope: Any) -> None:
        super().__init__(scope)
        self.kind = kind

    def user(self) -> Mapping[str, Any] | None:
        return users.of_scope(self.scope)

    def transaction(self, style: str) -> tuple[str, str] | None:
        if style == "function_name":
            return name_of(self.kind), "component"
        route = self.scope.get("url_route")
        return None if route is None else (self._route(route), "route")

    def _route(self, found: Mapping[str, Any]) -> str:
        """The path with names in the place of what the router took out of it; it keeps no more."""
        names = {str(value): f"{{{name}}}" for name, value in found.get("kwargs", {}).items()}
        names.update((str(value), "{}") for value in found.get("args", ()))
        return "/".join(names.get(part, part) for part in self.path().split("/"))


def watch(module: Any) -> None:
    """Serve what they are called for."""

    @around(module.AsyncConsumer, "__call__", "django")
    async def served(original: Callable[..., Any], consumer: Any, scope: Any, receive: Any, send: Any) -> Any:
        integration = integration_now("django")
        make_request = partial(Connection, type(consumer))
        return await serve(partial(original, consumer), scope, receive, send, make_request, integration)
