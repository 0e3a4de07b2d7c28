"""Breadcrumbs into the protocol's form, done once per crumb: known fields, JSON-safe data, no secrets."""

from __future__ import annotations

from sentry_like.errors import is_applications_own
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
MAX_FLAT = 20
DEEP_CRUMB = -2
"""How far the depth of `data` is from `max_depth` (protocol, "Size/depth limits": extra 5, data 3)."""
LEVELS = {name: name for name in ("fatal", "error", "warning", "info", "debug")}
LEVELS.update(critical="fatal", warn="warning")


def make_lasting(crumb: Breadcrumb) -> bool:
    """Whether nobody can change what the crumb holds before it is finished: texts and numbers, also in flat
    `data`, of which it gets a copy. Texts that would hold memory until then are cut.
    """
    for name, value in crumb.items():
        kind = type(value)
        if kind is str:
            if len(value) > MAX_MESSAGE:
                crumb[name] = value[:MAX_MESSAGE]
        elif kind is dict and _is_flat(value):
            crumb[name] = value.copy()
        elif not (kind is float or kind is int or kind is bool or value is None):
            return False
    return True


def _is_flat(data: dict[Any, Any]) -> bool:
    """Whether a few short texts and numbers are all that is in it."""
    if len(data) > MAX_FLAT:
        return False
    for value in data.values():
        kind = type(value)
        if kind is str:
            if len(value) > MAX_NAME:
                return False
        elif not (kind is int or kind is float or kind is bool or value is None):
            return False
    return True


def finish(crumb: Breadcrumb, walk: Walk, scrubber: EventScrubber) -> Breadcrumb:
    """The crumb as it is sent. Its strings are cleaned here, for later events will not look at them again."""
    walk.start_anew()
    made: Breadcrumb = {"type": walk.text(crumb.get("type", "default"), MAX_NAME) or "default"}
    stamp = _timestamp(crumb.get("timestamp"))
    if stamp is not None:
        made["timestamp"] = stamp
    level = crumb.get("level")
    if type(level) is str and level.lower() in LEVELS:
        made["level"] = LEVELS[level.lower()]
    for name in ("category", "event_id", "origin"):
        if crumb.get(name) is not None:
            made[name] = walk.text(crumb[name], MAX_NAME)
    if crumb.get("message") is not None:
        made["message"] = scrubber.clean_text(walk.text(crumb["message"], min(walk.limits.text, MAX_MESSAGE)))
    data = _data(crumb)
    if data:
        made["data"] = scrubber.clean_values(walk.bag(data, ("breadcrumbs", "data"), DEEP_CRUMB))
    return made


def _data(crumb: Breadcrumb) -> dict[Any, Any]:
    """What goes along: the crumb's `data`, and the fields that the server does not know."""
    data = crumb.get("data")
    if data is None:
        known = {}
    elif issubclass(type(data), dict):
        known = dict.copy(data)
    else:
        known = {"value": data}
    return known | {name: value for name, value in crumb.items() if name not in FIELDS}


def _timestamp(value: Any) -> str | None:
    """Epoch seconds or a datetime as RFC 3339; text is taken as it is, anything else is no time.

    To the server a datetime without a zone is in UTC (protocol, "Timestamps").
    """
    try:
        if type(value) is float or type(value) is int:
            return format_timestamp(value)
        return str(value if type(value) is str else value.isoformat())[:MAX_NAME]
    except BaseException as error:  # it may be any object
        if is_applications_own(error):
            raise
        return None
