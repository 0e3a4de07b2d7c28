"""What a request brought, taken apart and checked: bytes in, a `Delivery` out.

Pure: no I/O, and the caller passes `now`. As strict about JSON as the real server, which drops such events
without a word: an inbox that lets them pass would hide the mistake from the developer who is looking for it.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentry_like.inbox.encoding import MAX_UNCOMPRESSED, decode
from sentry_like.inbox.refusal import Refused
from sentry_like.protocol.envelope import BadEnvelope, Item, read_items
from sentry_like.protocol.ids import new_event_id, normalise_event_id

if TYPE_CHECKING:
    from typing import Any

EVENT_TYPES = frozenset({"event", "transaction", "feedback"})
"""Items that are events; an envelope holds at most one of them (protocol, "Item types")."""

_JSON_TYPES = EVENT_TYPES | {
    "check_in",
    "client_report",
    "log",
    "session",
    "sessions",
    "span",
    "trace_metric",
    "user_report",
}

MAX_JSON = 1024 * 1024
MAX_DEPTH = 128
"""Bytes of one item that is JSON ("Size limits"), and levels of nesting that the server's parser follows."""


@dataclass(frozen=True)
class Part:
    """One item as it came: its headers, its payload, and the payload's meaning where that is JSON."""

    type: str
    headers: dict[str, Any]
    payload: bytes
    value: Any = None


@dataclass(frozen=True)
class Delivery:
    """One request that was accepted. `event_id` is None when it is about no event."""

    project: str
    key: str
    received: float
    headers: dict[str, Any]
    parts: tuple[Part, ...]
    event_id: str | None

    @property
    def event(self) -> Part | None:
        return next((part for part in self.parts if part.type in EVENT_TYPES), None)


def read_envelope(body: bytes) -> tuple[dict[str, Any], tuple[Part, ...], str | None]:
    """The envelope's headers, its parts, and the id of the event that it is about.

    Raises: Refused 400 for what is not an envelope, 413 for an event, log, span, ... above `MAX_JSON`.
    """
    try:
        headers, items = read_items(io.BytesIO(body), max_item_bytes=MAX_UNCOMPRESSED)
        parts = tuple(_part(item) for item in items)
    except BadEnvelope as error:
        raise Refused(400, "the envelope cannot be read", str(error)) from None
    events = [part for part in parts if part.type in EVENT_TYPES]
    if len(events) > 1:
        kinds = ", ".join(part.type for part in events)
        raise Refused(400, "an envelope holds one event, transaction or feedback", f"this one holds {kinds}")
    return headers, parts, _event_id(headers, events[0].value if events else None)


def read_event(body: bytes) -> tuple[dict[str, Any], tuple[Part, ...], str | None]:
    """The same for the body of a store request: one event as JSON, or base64 of its zlib stream as old
    clients do."""
    if body[:1].isalnum():
        body = _unwrap(body)
    kind = "event"
    value = _checked_event(body)
    if value.get("type") in ("transaction", "feedback"):
        kind = value["type"]
    event_id = _event_id({}, value)
    return {"event_id": event_id}, (Part(kind, {"type": kind}, body, value),), event_id


def _unwrap(body: bytes) -> bytes:
    try:
        packed = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise Refused(400, "the body is neither JSON nor base64", str(error)) from None
    return decode(packed, "deflate")


def _part(item: Item) -> Part:
    kind = str(item.headers.get("type", ""))
    payload = item.encode()
    if kind in EVENT_TYPES:
        return Part(kind, item.headers, payload, _checked_event(payload))
    value = parse_json(payload, kind) if kind in _JSON_TYPES else None
    return Part(kind, item.headers, payload, value)


def _checked_event(payload: bytes) -> dict[str, Any]:
    value = parse_json(payload, "event")
    if not isinstance(value, dict):
        raise Refused(400, "the event is not a JSON object")
    return value


def _event_id(headers: dict[str, Any], event: dict[str, Any] | None) -> str | None:
    """The envelope's id wins over the event's (protocol, "Envelope headers"); a useless one in the event is
    replaced."""
    given = headers.get("event_id")
    if given is not None:
        event_id = normalise_event_id(given)
        if event_id is None:
            raise Refused(400, "the envelope's event_id is not 32 hexadecimal digits")
        return event_id
    if event is None:
        return None
    return normalise_event_id(event.get("event_id")) or new_event_id()


def parse_json(payload: bytes, what: str) -> Any:
    """The decoded payload. Bytes that are not UTF-8 are replaced, as the server does.

    Raises: Refused 400 for what the server rejects: broken JSON, NaN and infinities, numbers beyond a double,
    lone surrogates, nesting deeper than `MAX_DEPTH`; 413 above `MAX_JSON`.
    """
    if len(payload) > MAX_JSON:
        raise Refused(
            413, f"the {what} is too large", f"{len(payload)} bytes; at most {MAX_JSON} are accepted"
        )
    text = payload.decode("utf-8", "replace")
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        if "\\ud" in text or "\\uD" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Refused(
            400, f"the {what} is not valid JSON", "it has a lone surrogate (\\ud800 to \\udfff)"
        ) from None
    except ValueError as error:
        raise Refused(400, f"the {what} is not valid JSON", str(error)) from None
    except RecursionError:
        raise _too_deep(what) from None
    if _is_deeper(value, MAX_DEPTH):
        raise _too_deep(what)
    return value


def _too_deep(what: str) -> Refused:
    return Refused(400, f"the {what} is not valid JSON", f"it is nested deeper than {MAX_DEPTH} levels")


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is outside the range of a double")
    return number


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels + 1):
        layer = [child for one in layer for child in _children(one)]
        if not layer:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
