"""A request to a Tornado application, as its handler holds it; nothing of it is evaluated here."""

from __future__ import annotations

from weakref import ref

from tornado.routing import PathMatches, RuleRouter
from tornado.web import ErrorHandler

from sentry_like.integrations._common.bodies import alone
from sentry_like.integrations._common.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class TornadoRequest(Request):
    """Told of by the handler, or by what is about to make one; it is held weakly."""

    __slots__ = ("_find",)

    def __init__(self, holder: Any) -> None:
        self._find = ref(holder)

    @property
    def _holder(self) -> Any:
        return self._find()

    @property
    def _request(self) -> Any:
        return self._holder.request

    def is_carried_by(self, carrier: Any) -> bool:
        return getattr(carrier, "request", carrier) is self._request

    def method(self) -> str:
        return str(self._request.method)

    def url(self) -> str:
        request = self._request
        return f"{request.protocol}://{request.host}{request.path}"

    def headers(self) -> Iterable[tuple[str, str]]:
        return tuple(self._request.headers.get_all())

    def query_string(self) -> str:
        return str(self._request.query)

    def server(self) -> Mapping[str, Any]:
        socket = getattr(stream_of(self._request), "socket", None)
        place = None if socket is None else socket.getsockname()
        if not isinstance(place, tuple):  # it is closed, or a file
            return {}
        return {"SERVER_NAME": place[0], "SERVER_PORT": str(place[1])}

    def remote_address(self) -> str | None:
        address: str | None = self._request.remote_ip
        return address

    def user(self) -> Mapping[str, Any] | None:
        return identity(vars(self._holder).get("_current_user"))

    def transaction(self, style: str) -> tuple[str, str] | None:
        handler = self._handler_class()
        if handler is ErrorHandler:  # nobody serves that path
            return None
        method = self.method()
        if style == "handler_name":
            return f"{handler.__module__}.{handler.__qualname__}.{method.lower()}", "component"
        pattern = pattern_of(self._holder.application.default_router, self._request.path, handler)
        return None if pattern is None else (f"{method} {pattern}", "route")

    def form(self) -> Mapping[str, Any] | None:
        fields = self._request.body_arguments.items()
        return {name: alone([text_of(value) for value in values]) for name, values in fields}

    def files(self) -> Iterable[tuple[str, Any]]:
        return tuple(self._request.files.items())

    def raw(self) -> bytes | None:
        body = self._request.body
        return body if isinstance(body, bytes) else None

    def _handler_class(self) -> type:
        holder = self._holder
        found: type = getattr(holder, "handler_class", None) or type(holder)
        return found


def stream_of(request: Any) -> Any:
    """The connection to the client, also once a WebSocket has taken it over."""
    return getattr(request.server_connection, "stream", None)


def identity(user: Any) -> dict[str, Any] | None:
    """What `get_current_user` has answered: a name, a dictionary, or an object. Of that only what lies in it
    is looked at, for other attributes may be loaded from a database.
    """
    if isinstance(user, (str, bytes)):
        return {"username": text_of(user)}
    held = user if isinstance(user, dict) else getattr(user, "__dict__", {})
    found = {name: held.get(name) for name in ("id", "email", "username")}
    found["username"] = found["username"] or held.get("name")
    return {name: text_of(value) for name, value in found.items() if isinstance(value, (str, bytes, int))}


def text_of(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def pattern_of(router: Any, path: str, handler: type) -> str | None:
    """The pattern by which a router finds a handler; matchers of the application's own are not asked."""
    for rule in getattr(router, "rules", ()):
        matcher = rule.matcher
        if isinstance(matcher, PathMatches) and matcher.regex.match(path) is None:
            continue
        if isinstance(rule.target, RuleRouter):
            found = pattern_of(rule.target, path, handler)
            if found is not None:
                return found
        elif rule.target is handler and isinstance(matcher, PathMatches):
            pattern: str = matcher.regex.pattern
            return pattern.removeprefix("^").removesuffix("$")
    return None
