"""Breadcrumbs into the protocol's form, done once per crumb: known fields, JSON-safe data, no secrets."""

from __future__ import annotations

from sentry_like.capture.serialize import DEEP_CRUMB
from sentry_like.protocol.time import format_timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.capture.serialize import Walk
    from sentry_like.types import Breadcrumb

FIELDS = frozenset(("timestamp", "type", "category", "level", "message", "data", "event_id", "origin"))
"""What the server knows; anything else would be refused, so it joins `data` (protocol, "Breadcrumbs")."""
MAX_MESSAGE = 8192
MAX_NAME = 128
_LEVELS = {"critical": "fatal", "warn": "warning"}


def shorten(crumb: Breadcrumb) -> None:
    """Cut a message that would hold memory until an event needs it; turn one that is no text into text now."""
    message = crumb.get("message")
    if message is not None and (type(message) is not str or len(message) > MAX_MESSAGE):
        crumb["message"] = (message if isinstance(message, str) else str(message))[:MAX_MESSAGE]


def is_lasting(crumb: Breadcrumb) -> bool:
    """Whether the crumb holds only texts and numbers, so that nobody can change it before it is finished."""
    return all(type(value) is str or type(value) is float or value is None for value in crumb.values())


def finish(crumb: Breadcrumb, walk: Walk, scrubber: EventScrubber) -> Breadcrumb:
    """The crumb as it is sent. Its strings are cleaned here, for later events will not look at them again."""
    walk.texts.clear()
    made: Breadcrumb = {
        "timestamp": _timestamp(crumb.get("timestamp")),
        "type": _short(crumb.get("type") or "default"),
    }
    for name in ("category", "event_id", "origin"):
        if crumb.get(name):
            made[name] = _short(crumb[name])
    level = crumb.get("level")
    if level:
        made["level"] = _LEVELS.get(level, _short(level))
    if crumb.get("message") is not None:
        made["message"] = scrubber.clean_text(walk.text(crumb["message"], MAX_MESSAGE))
    data = _data(crumb)
    if data:
        made["data"] = scrubber.clean(walk.bag(data, ("breadcrumbs", "data"), DEEP_CRUMB))
    return made


def _data(crumb: Breadcrumb) -> Any:
    data = crumb.get("data")
    if data is not None and not isinstance(data, dict):
        data = {"value": data}
    strays = {name: value for name, value in crumb.items() if name not in FIELDS}
    return {**(data or {}), **strays} if strays else data


def _timestamp(value: Any) -> Any:
    """Epoch seconds or a datetime as RFC 3339; text is taken as it is."""
    if type(value) is float or type(value) is int:
        return format_timestamp(value)
    if isinstance(value, str):
        return value
    stamp = getattr(value, "timestamp", None)
    return format_timestamp(stamp()) if callable(stamp) else None


def _short(value: Any) -> str:
    return str(value)[:MAX_NAME]
