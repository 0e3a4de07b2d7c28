"""A request to an aiohttp server, as the server itself holds it; nothing of it is read or resolved here."""

from __future__ import annotations

from functools import partial
from weakref import ref

from aiohttp.web import FileField

from sentry_like.integrations._common.bodies import alone
from sentry_like.integrations._common.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class AioHttpRequest(Request):
    """Holds the server's own request weakly, and the latest clone of it: what stands behind a proxy clones
    requests, with what the proxy tells, and hands the clone to the handler.
    """

    __slots__ = ("_find", "_find_clone")

    def __init__(self, request: Any) -> None:
        self._find = self._find_clone = ref(request)

    @property
    def _request(self) -> Any:
        clone = self._find_clone()  # it is a mapping, and false while it is empty
        return self._find() if clone is None else clone

    def is_carried_by(self, carrier: Any) -> bool:
        return carrier is self._find() or carrier is self._find_clone()

    def was_cloned(self, clone: Any) -> None:
        """Tell of the clone from now on, as long as there is one."""
        self._find_clone = ref(clone)

    def method(self) -> str:
        return str(self._request.method)

    def url(self) -> str:
        request = self._request
        return f"{request.scheme}://{self.host()}{request.rel_url.raw_path}"

    def host(self) -> str:
        """Host and port, as the client or a proxy has told them, else as the socket knows them: then
        `request.host` might ask the network for this machine's name.
        """
        request = self._request
        if "Host" in request.headers or "host" in request._cache:
            return str(request.host)
        return ":".join(str(part) for part in self.server().values())

    def query_string(self) -> str:
        return str(self._request.rel_url.raw_query_string)

    def headers(self) -> Iterable[tuple[str, str]]:
        return tuple(self._request.headers.items())

    def server(self) -> Mapping[str, Any]:
        transport = self._request.transport
        place = None if transport is None else transport.get_extra_info("sockname")
        if not isinstance(place, tuple):  # it listens on a file
            return {}
        return {"SERVER_NAME": place[0], "SERVER_PORT": str(place[1])}

    def remote_address(self) -> str | None:
        address: str | None = self._request.remote
        return address

    def transaction(self, style: str) -> tuple[str, str] | None:
        request = self._request
        match = getattr(request, "_match_info", None)
        if match is None or match.http_exception is not None:  # no route, or none yet
            return None
        if style == "handler_name":
            return dotted_name(match.handler), "component"
        resource = match.route.resource
        return None if resource is None else (f"{request.method} {resource.canonical}", "route")

    def form(self) -> Mapping[str, Any] | None:
        fields = self._fields()
        texts = {name: value for name, value in fields if not isinstance(value, FileField)}
        return {name: alone([one for key, one in fields if key == name]) for name in texts} or None

    def files(self) -> Iterable[tuple[str, Any]]:
        return [(name, value) for name, value in self._fields() if isinstance(value, FileField)]

    def raw(self) -> bytes | None:
        read: bytes | None = self._request._read_bytes
        return read

    def _fields(self) -> tuple[tuple[str, Any], ...]:
        """What `request.post()` has made of the body, if the application has called it."""
        return tuple((self._request._post or {}).items())


def dotted_name(handler: Any) -> str:
    """Where a handler is defined: a function, a class-based view, an object that is called."""
    while isinstance(handler, partial):
        handler = handler.func
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{named.__module__}.{named.__qualname__}"
