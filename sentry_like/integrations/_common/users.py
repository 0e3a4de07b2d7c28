"""Who is logged in, told from whatever an application keeps of a user. Nothing is loaded for it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMES = ("id", "email", "username")


def known_of(user: Any) -> dict[str, Any]:
    """`{"id": ..., "email": ..., "username": ...}` of a mapping or an object; `None` for what it has not."""
    return {name: value_of(user, name) for name in NAMES}


def value_of(user: Any, name: str) -> Any:
    """What it holds under a name, or `None`. A model of SQLAlchemy would query the database for what it has
    not loaded, so of its columns only those are told that lie in the object.
    """
    if hasattr(type(user), "keys"):
        return user.get(name)
    stored = getattr(user, "__dict__", {})
    if "_sa_instance_state" in stored and is_column(type(user), name):
        return stored.get(name)
    try:
        return getattr(user, name, None)
    except Exception:  # noqa: BLE001  # a property of the application's, or one that a base class leaves to others
        return None


def is_column(model: Any, name: str) -> bool:
    """Whether a model of SQLAlchemy keeps it in the database, for all that can be told."""
    mapper = getattr(model, "__mapper__", None)
    return mapper is None or name in mapper.attrs
