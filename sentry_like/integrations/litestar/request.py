"""What Litestar knows of a request: its handler, its form, its user, by what it keeps in the scope."""

from __future__ import annotations

from litestar.datastructures import UploadFile

from sentry_like.integrations._common.asgi import AsgiRequest
from sentry_like.integrations._common.users import known_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

STATE = "_ls_connection_state"


class LitestarRequest(AsgiRequest):
    """A request whose scope Litestar has filled in."""

    __slots__ = ()

    def transaction(self, style: str) -> tuple[str, str] | None:
        handler = self.scope.get("route_handler")
        if handler is None:
            return None
        if style == "endpoint":
            return name_of(handler), "component"
        template = self.scope.get("path_template") or self._found_template(handler)
        return None if template is None else (template, "route")

    def _found_template(self, handler: Any) -> str | None:
        """What Litestar before 2.1 does not tell: the path of the handler's that has these parameters."""
        routes = [route for route in self.scope["app"].routes if handler in handlers_of(route)]
        names = set(self.scope.get("path_params") or ())
        for route in routes:
            is_alike = {part.name for part in route.path_components if not isinstance(part, str)} == names
            if is_alike and (names or len(routes) == 1 or route.path == self.scope["path"]):
                template: str = route.path_format
                return template
        return None

    def form(self) -> Mapping[str, Any] | None:
        return {name: value for name, value in self._parsed() if not is_upload(value)} or None

    def files(self) -> Iterable[tuple[str, Any]]:
        return [(name, value) for name, value in self._parsed() if is_upload(value)]

    def _parsed(self) -> Iterable[tuple[str, Any]]:
        """The form, if the application has asked for it."""
        state = (self.scope.get("state") or {}).get(STATE)
        form = self.scope.get("_form") if state is None else getattr(state, "form", None)
        return form.items() if isinstance(form, dict) else ()

    def user(self) -> Mapping[str, Any] | None:
        user = self.scope.get("user")
        return None if user is None else known_of(user)


def name_of(handler: Any) -> str:
    """Where the function stands; of a listener to a WebSocket, the one that gets each message."""
    function = getattr(handler.fn, "value", handler.fn)
    function = getattr(function, "_fn", None)
    if function is None:
        return str(handler)
    function = getattr(function, "ref", function)
    function = getattr(function, "value", function)
    function = getattr(function, "func", function)
    return f"{function.__module__}.{function.__qualname__}"


def handlers_of(route: Any) -> Any:
    """Those of an HTTP route; a route of another kind has one."""
    return getattr(route, "route_handlers", None) or (getattr(route, "route_handler", None),)


def is_upload(value: Any) -> bool:
    """Whether it is a file, or the files of one field."""
    return isinstance(value[0] if isinstance(value, list) and value else value, UploadFile)
