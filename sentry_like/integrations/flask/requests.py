"""What Flask knows of a request, and Flask-Login of its user.

Nothing is asked for that is not there: no body is read, no user loaded, and the session not marked
as used.
"""

from __future__ import annotations

from flask import globals as flask_globals
from flask.ctx import has_request_context
from flask.globals import g

from sentry_like.integrations._common.bodies import alone
from sentry_like.integrations._common.users import known_of
from sentry_like.integrations._common.wsgi import WsgiRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class FlaskRequest(WsgiRequest):
    """What Flask knows of a request, by what it keeps in the request's environment."""

    __slots__ = ("_rule",)

    def __init__(self, environ: dict[str, Any]) -> None:
        super().__init__(environ)
        self._rule: Any = None

    def settle(self) -> None:
        self._rule = getattr(self.environ.get("werkzeug.request"), "url_rule", None)

    def transaction(self, style: str) -> tuple[str, str] | None:
        rule = getattr(self.environ.get("werkzeug.request"), "url_rule", self._rule)
        if rule is None:
            return None
        return (rule.endpoint, "component") if style == "endpoint" else (rule.rule, "route")

    def form(self) -> Mapping[str, Any] | None:
        form = self._parsed("form")
        return None if form is None else {name: alone(values) for name, values in form.lists()}

    def files(self) -> Iterable[tuple[str, Any]]:
        files = self._parsed("files")
        return () if files is None else files.items(multi=True)

    def _parsed(self, name: str) -> Any:
        """A part of the body, if the application has asked for it: to ask would be to read."""
        return getattr(self.environ.get("werkzeug.request"), "__dict__", {}).get(name)

    def user(self) -> Mapping[str, Any] | None:
        if not has_request_context():
            return None
        user = g.get("_login_user")
        if getattr(user, "is_anonymous", False):
            return None
        known = known_of(user)
        return {**known, "id": _id_in_session() or known["id"]}


def _id_in_session() -> Any:
    """The id that Flask-Login has put into the session. Whoever asks for it by `flask.session` marks the
    session as used, which changes the answer's headers.
    """
    found = vars(flask_globals)
    variable = found.get("_cv_request")
    context = found["_request_ctx_stack"].top if variable is None else variable.get()
    session = vars(context).get("_session", vars(context).get("session"))
    return dict.get(session, "_user_id") if isinstance(session, dict) else None
