"""A request to Sanic, as Sanic's own object holds it; nothing of it is read or parsed here."""

from __future__ import annotations

from weakref import ref

from sentry_like.integrations._common.bodies import alone
from sentry_like.integrations._common.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class SanicRequest(Request):
    """Holds Sanic's object weakly: the connection holds it until it is answered."""

    __slots__ = ("_find",)

    def __init__(self, request: Any) -> None:
        self._find = ref(request)

    @property
    def _request(self) -> Any:
        return self._find()

    def is_carried_by(self, carrier: Any) -> bool:
        request = self._request
        return request is not None and (carrier is request or carrier is scope_of(request))

    def method(self) -> str:
        return str(self._request.method)

    def url(self) -> str:
        request = self._request
        return f"{request.scheme}://{request.host or request.conn_info.server}{request.path}"

    def headers(self) -> Iterable[tuple[str, str]]:
        return tuple(self._request.headers.items())

    def query_string(self) -> str:
        return str(self._request.query_string)

    def server(self) -> Mapping[str, Any]:
        request = self._request
        place = (scope_of(request) or {}).get("server") or getattr(request.conn_info, "sockname", None)
        if not isinstance(place, (tuple, list)):  # it listens on a file
            return {}
        return {"SERVER_NAME": place[0], "SERVER_PORT": str(place[1])}

    def remote_address(self) -> str | None:
        return self._request.ip or None

    def transaction(self, style: str) -> tuple[str, str] | None:
        request = self._request
        if request.route is None:
            return None
        if style == "url":
            return f"/{request.route.path}", "route"
        return request.name.removeprefix(f"{request.app.name}."), "component"

    def form(self) -> Mapping[str, Any] | None:
        form = self._request.parsed_form
        return None if form is None else {name: alone(values) for name, values in form.items()}

    def files(self) -> Iterable[tuple[str, Any]]:
        return tuple((self._request.parsed_files or {}).items())

    def raw(self) -> bytes | None:
        body = self._request.body
        return body if isinstance(body, bytes) else None


def scope_of(request: Any) -> Any:
    """The scope that an ASGI server has handed on; `None` where Sanic serves by itself."""
    return getattr(request.transport, "scope", None)
