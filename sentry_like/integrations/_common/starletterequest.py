"""What Starlette and FastAPI know of a request: its route, its form, its user."""

from __future__ import annotations

from starlette.routing import Host, Mount

from sentry_like.integrations._common.asgi import AsgiRequest
from sentry_like.integrations._common.bodies import files_in, texts_in
from sentry_like.integrations._common.users import known_of, value_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from sentry_like.integrations._common.asgi import Scope


class StarletteRequest(AsgiRequest):
    """A request of `application`, which may be mounted in that of `outer`.

    `prefix` is the template of the path up to the innermost mount, `parsed` the form that the application has
    asked for.
    """

    __slots__ = ("application", "parsed", "prefix")

    def __init__(self, application: Any, outer: Any, scope: Scope) -> None:
        self.scope = scope
        self.application = application
        is_mounted = isinstance(outer, StarletteRequest)
        self.prefix: str = outer.prefix if is_mounted else ""
        self.parsed: Any = outer.parsed if is_mounted else None

    def transaction(self, style: str) -> tuple[str, str] | None:
        if style == "endpoint":
            endpoint = self.scope.get("endpoint")
            return None if endpoint is None else (name_of(endpoint), "component")
        path = self._path_of_route()
        return None if path is None else (path, "route")

    def _path_of_route(self) -> str | None:
        route = self._route()
        if route is not None:
            return f"{self.prefix}{route.path}"
        return f"{self.prefix}/{{path}}" if self.prefix else None

    def _route(self) -> Any:
        """The innermost route, if it is no mount. Starlette tells it only in its newest versions."""
        route = self.scope.get("route")
        included = self.scope.get("fastapi", {}).get("effective_route_context")  # newer FastAPI: with prefix
        if included is not None and route in (None, included.original_route):
            route = included.starlette_route or included
        if route is None or (included is not None and isinstance(route, Mount)):
            route = self._found_route()
        return route if hasattr(route, "path") and not isinstance(route, Mount) else None

    def _found_route(self) -> Any:
        endpoint = self.scope.get("endpoint")
        routes = [
            route for route in routes_in(self.application) if getattr(route, "endpoint", None) is endpoint
        ]
        if endpoint is None or len(routes) < 2:
            return routes[0] if routes and endpoint is not None else None
        path, root = self.scope["path"], self.scope.get("root_path", "")
        rest = path[len(root) :] if path.startswith(root) else path
        return next((route for route in routes if route.path_regex.match(rest)), None)

    def form(self) -> Mapping[str, Any] | None:
        return None if self.parsed is None else texts_in(self.parsed.multi_items())

    def files(self) -> Iterable[tuple[str, Any]]:
        return () if self.parsed is None else files_in(self.parsed.multi_items())

    def user(self) -> Mapping[str, Any] | None:
        user = self.scope.get("user")
        if user is None or not value_of(user, "is_authenticated"):
            return None
        known = known_of(user)
        if not known["username"]:
            known["username"] = value_of(user, "display_name") or value_of(user, "identity")
        return known


def routes_in(application: Any) -> Iterator[Any]:
    """The routes of an application, and of the routers in it."""
    for route in getattr(application, "routes", None) or ():
        yield route
        inner = route if isinstance(route, (Host, Mount)) else getattr(route, "original_router", None)
        yield from routes_in(inner)


def name_of(endpoint: Any) -> str:
    """Where a function or class stands; of anything else, where its class does."""
    while not hasattr(endpoint, "__qualname__") and hasattr(endpoint, "func"):
        endpoint = endpoint.func  # of a partial
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{named.__module__}.{named.__qualname__}"
