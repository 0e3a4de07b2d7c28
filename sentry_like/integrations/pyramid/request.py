"""What Pyramid knows of a request.

Who is logged in is told only if the application has asked for it, or keeps it in a `RequestLocalCache` of its
security policy: a policy that is asked may have to query a database.
"""

from __future__ import annotations

from weakref import ref

from pyramid import interfaces
from pyramid import request as requests
from pyramid.traversal import DefaultRootFactory

from sentry_like.integrations._common.bodies import files_in, texts_in
from sentry_like.integrations._common.serving import serving_here
from sentry_like.integrations._common.users import known_of, value_of
from sentry_like.integrations._common.wsgi import WsgiRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


class PyramidRequest(WsgiRequest):
    """A request, and what was noted of it while Pyramid served it: its object is gone before the answer is
    sent, but a route lives as long as the application.
    """

    __slots__ = ("authenticated_userid", "found", "identity", "made", "route")

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.made: Callable[[], Any] = nothing
        self.route: Any = None
        self.found: tuple[type, str] | None = None
        self.authenticated_userid: Any = None
        self.identity: Any = None

    def take(self, made: Any) -> None:
        """Note the object that Pyramid has made of this request."""
        self.made = ref(made)
        self.route = made.matched_route

    def keep_identity(self) -> None:
        """Before Pyramid lets go of what it keeps for the time of the request."""
        if self.identity is None:
            self.identity = cached_identity(self.made())

    def transaction(self, style: str) -> tuple[str, str] | None:
        if self.route is not None:
            return (self.route.name, "component") if style == "route_name" else (self.route.pattern, "route")
        if self.found is None or self.found[0] is DefaultRootFactory:  # nobody has a tree to traverse
            return None
        context, view_name = self.found
        place = f"{context.__module__}.{context.__qualname__}"
        return f"{place}/@@{view_name}" if view_name else place, "component"

    def form(self) -> Mapping[str, Any] | None:
        return texts_in(self._posted())

    def files(self) -> Iterable[tuple[str, Any]]:
        return files_in(self._posted())

    def _posted(self) -> Iterable[tuple[str, Any]]:
        """What WebOb has parsed, which keeps it with the stream that it read."""
        parsed: Any = self.environ.get("webob._parsed_post_vars")
        return () if parsed is None else parsed[0].items()

    def user(self) -> Mapping[str, Any] | None:
        self.keep_identity()
        identity = self.identity
        if isinstance(identity, (str, int)):
            return {"id": self.authenticated_userid or identity}
        known = known_of(identity)
        return {**known, "id": self.authenticated_userid or known["id"] or value_of(identity, "userid")}


def nothing() -> None:
    """In the place of a reference."""


def told_of(made: Any) -> PyramidRequest | None:
    """What events are told of a request that is served here; of a request within it, nothing."""
    serving = serving_here()
    request = None if serving is None else serving.request
    is_served = isinstance(request, PyramidRequest) and request.environ is made.environ
    return request if is_served else None  # type: ignore[return-value]  # it is one, see above


def cached_identity(made: Any) -> Any:
    """What the security policy has loaded of whoever asks; `RequestLocalCache` is new in Pyramid 2.0."""
    if made is None or not hasattr(requests, "RequestLocalCache"):
        return None
    policy = made.registry.queryUtility(interfaces.ISecurityPolicy)
    for cache in getattr(policy, "__dict__", {}).values():
        if isinstance(cache, requests.RequestLocalCache):
            value = cache.get(made, None)
            if value is not None and value is not cache.NO_VALUE:
                return value
    return None
