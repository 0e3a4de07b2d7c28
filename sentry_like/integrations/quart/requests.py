"""What Quart knows of a request or WebSocket, and Quart-Auth of its user.

Nothing is asked for that is not there: no body is read, no user loaded.
"""

from __future__ import annotations

from quart.ctx import has_app_context
from quart.globals import g

from sentry_like.integrations._common.asgi import AsgiRequest
from sentry_like.integrations._common.bodies import alone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class QuartRequest(AsgiRequest):
    """What Quart knows of a request or WebSocket, once it has made an object of it."""

    __slots__ = ("made",)

    def __init__(self, scope: Any) -> None:
        super().__init__(scope)
        self.made: Any = lambda: None

    def transaction(self, style: str) -> tuple[str, str] | None:
        rule = getattr(self.made(), "url_rule", None)
        if rule is None:
            return None
        return (rule.endpoint, "component") if style == "endpoint" else (rule.rule, "route")

    def form(self) -> Mapping[str, Any] | None:
        form = getattr(self.made(), "_form", None)
        return None if form is None else {name: alone(values) for name, values in form.lists()}

    def files(self) -> Iterable[tuple[str, Any]]:
        files = getattr(self.made(), "_files", None)
        return () if files is None else files.items(multi=True)

    def user(self) -> Mapping[str, Any] | None:
        """Who Quart-Auth has read from the cookie, if the application has asked it."""
        user = g.get("_quart_auth_user") if has_app_context() else None
        return {"id": getattr(user, "auth_id", None)}
