"""Who is logged in, as far as that is loaded already: a user that nobody has asked for stays unloaded, and so
do fields of one that were deferred.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

CACHES = ("_cached_user", "_acached_user")
"""Where `AuthenticationMiddleware` keeps the user of a request."""
SESSION_KEY = "_auth_user_id"


def of_request(request: Any) -> Mapping[str, Any] | None:
    """`{"id": ..., "email": ..., "username": ...}`, or what is known of it."""
    known = vars(request)
    for candidate in (loaded(known.get("user")), *map(known.get, CACHES)):
        if candidate is not None:
            return described(candidate)
    session = known.get("session")
    data = {} if session is None else getattr(session, "__dict__", {}).get("_session_cache") or {}
    return {"id": data[SESSION_KEY]} if SESSION_KEY in data else None


def of_scope(scope: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The same of what Channels keeps in the scope of a connection."""
    user = loaded(scope.get("user"))
    return None if user is None else described(user)


def loaded(user: Any) -> Any:
    """A user, if it is not one that would be loaded now."""
    own = getattr(type(user), "__mro__", ())
    if not any(kind.__name__ == "LazyObject" for kind in own):
        return user
    wrapped = object.__getattribute__(user, "__dict__").get("_wrapped")
    return None if type(wrapped) is object else wrapped


def described(user: Any) -> Mapping[str, Any] | None:
    """What an event shows of a user; nothing of an anonymous one."""
    if not getattr(user, "is_authenticated", False):
        return None
    if not hasattr(user, "_meta"):
        return {"id": _text(getattr(user, "pk", None) or getattr(user, "id", None)), **_named(user)}
    fields = vars(user)
    return {
        "id": _text(fields.get(user._meta.pk.attname)),
        "email": fields.get(getattr(user, "EMAIL_FIELD", "email")),
        "username": fields.get(getattr(user, "USERNAME_FIELD", "username")),
    }


def _named(user: Any) -> dict[str, Any]:
    return {name: _text(getattr(user, name, None)) for name in ("email", "username")}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
