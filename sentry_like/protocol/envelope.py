"""What travels: an envelope of items, as bytes and back (protocol, "Envelopes").

A payload may stay a Python value until it is sent: `Item.encode` makes bytes of it, once, on whichever
thread asks first. Writing always states exact lengths. Reading is strict about lengths and tolerant of what
it does not know: unknown items and headers are kept.
"""

from __future__ import annotations

from io import BytesIO

from sentry_like.protocol import categories, jsontext
from sentry_like.protocol.ids import normalise_event_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Protocol

    class Readable(Protocol):
        """A binary stream, like a file or `BytesIO`."""

        def read(self, size: int, /) -> bytes: ...
        def readline(self, size: int, /) -> bytes: ...


MAX_HEADER_BYTES = 128 * 1024
"""The longest line of headers that is read; a real one has some hundred bytes."""

EVENT_ITEMS = frozenset({"transaction", "feedback"})
"""Event types whose items are called like them; every other event travels in an item of type `event`."""


class BadEnvelope(ValueError):
    """The bytes are not an envelope. The message says where, and repeats no payload."""


class Item:
    """One thing in an envelope: `headers` with a `type`, and a `payload`, which is bytes or a value for JSON.

    To change a payload, put another item in its place: `encode` remembers its answer.
    """

    __slots__ = ("_encoded", "headers", "payload")

    def __init__(self, headers: dict[str, Any], payload: Any) -> None:
        self.headers = headers
        self.payload = payload
        self._encoded: bytes | None = None

    @property
    def type(self) -> str:
        return str(self.headers.get("type", ""))

    @property
    def category(self) -> str:
        """The category that servers count it in (`categories.of_item`)."""
        return categories.of_item(self.type, self.payload)

    @property
    def quantity(self) -> int:
        """How much of its category it is: an attachment counts in bytes, at least one (protocol, "Client
        reports").
        """
        return max(len(self.encode()), 1) if self.type == "attachment" else 1

    def encode(self) -> bytes:
        """The payload as bytes."""
        if self._encoded is None:
            is_raw = isinstance(self.payload, (bytes, bytearray, memoryview))
            self._encoded = bytes(self.payload) if is_raw else jsontext.encode(self.payload)
        return self._encoded

    def value(self) -> Any:
        """The payload as a value; one in bytes is read as JSON, anew each time.

        Raises:
            BadEnvelope: it is not JSON.
        """
        if not isinstance(self.payload, (bytes, bytearray, memoryview)):
            return self.payload
        try:
            return jsontext.decode(bytes(self.payload))
        except ValueError:
            raise BadEnvelope("the item's payload is not JSON") from None

    def __repr__(self) -> str:
        return f"<Item {self.type}>"


class Envelope:
    """What is sent in one request: `headers`, `items` in order, and `weight`.

    The weight is an estimate of the bytes of memory it holds, set by whoever builds it. Not locked: one
    thread at a time.
    """

    __slots__ = ("headers", "items", "weight")

    def __init__(
        self, headers: Mapping[str, Any] | None = None, items: Iterable[Item] = (), weight: int = 0
    ) -> None:
        self.headers: dict[str, Any] = dict(headers or {})
        self.items: list[Item] = list(items)
        self.weight = weight

    @classmethod
    def of_event(cls, event: dict[str, Any]) -> Envelope:
        """An envelope of one event, transaction or feedback; its `event_id`, if valid, becomes a header."""
        event_type = event.get("type")
        item_type = event_type if isinstance(event_type, str) and event_type in EVENT_ITEMS else "event"
        event_id = normalise_event_id(event.get("event_id"))
        envelope = cls()
        envelope.items.append(Item({"type": item_type, "content_type": "application/json"}, event))
        if event_id is not None:
            envelope.headers["event_id"] = event_id
        return envelope

    def add(self, item: Item) -> None:
        """Put an item behind the others."""
        self.items.append(item)

    def add_attachment(
        self,
        data: bytes,
        filename: str,
        content_type: str | None = None,
        attachment_type: str | None = None,
    ) -> None:
        """Put a file behind the others; it belongs to the envelope's event (protocol, "Attachments")."""
        headers = {
            "type": "attachment",
            "filename": filename,
            "content_type": content_type or "application/octet-stream",
            "attachment_type": attachment_type or "event.attachment",
        }
        self.add(Item(headers, data))

    def items_of(self, item_type: str) -> list[Item]:
        """The items of one type, in order."""
        return [item for item in self.items if item.type == item_type]

    def get_event(self) -> dict[str, Any] | None:
        """The payload of its `event` item, or `None`.

        Raises:
            BadEnvelope: the envelope was parsed, and that payload is not JSON.
        """
        return self._object_of("event")

    def get_transaction_event(self) -> dict[str, Any] | None:
        """The payload of its `transaction` item, or `None`; raises as `get_event` does."""
        return self._object_of("transaction")

    def _object_of(self, item_type: str) -> dict[str, Any] | None:
        for item in self.items_of(item_type):
            value = item.value()
            if isinstance(value, dict):
                return value
        return None

    def serialize(self, sent_at: str | None = None) -> bytes:
        """The envelope as bytes; with the time of sending in its headers if that is given.

        Changes nothing but what its items remember of their payloads.
        """
        headers = self.headers if sent_at is None else {**self.headers, "sent_at": sent_at}
        lines = [jsontext.encode(headers)]
        for item in self.items:
            payload = item.encode()
            lines += (jsontext.encode({**item.headers, "length": len(payload)}), payload)
        return b"\n".join((*lines, b""))

    @classmethod
    def parse(cls, data: bytes) -> Envelope:
        """The envelope that `serialize`, or another client, wrote. Its weight is the size of `data`.

        Raises:
            BadEnvelope: it is no envelope, or ends too early.
        """
        headers, items = read_items(BytesIO(data), max_item_bytes=len(data))
        return cls(headers, items, weight=len(data))

    def __repr__(self) -> str:
        return f"<Envelope of {len(self.items)}: {', '.join(item.type for item in self.items)}>"


def read_items(readable: Readable, *, max_item_bytes: int) -> tuple[dict[str, Any], Iterator[Item]]:
    """The headers of an envelope, and its items as they are read from the stream, one in memory at a time.

    Raises: BadEnvelope: it is no envelope, ends too early, or has an item larger than `max_item_bytes`;
    also while iterating.
    """
    line = readable.readline(MAX_HEADER_BYTES + 1)
    if not line:
        raise BadEnvelope("the envelope is empty")
    return _headers(line, "the envelope"), _items(readable, max_item_bytes)


def _items(readable: Readable, max_item_bytes: int) -> Iterator[Item]:
    number = 0
    while line := readable.readline(MAX_HEADER_BYTES + 1):
        number += 1
        where = f"item {number}"
        headers = _headers(line, where)
        if not isinstance(headers.get("type"), str):
            raise BadEnvelope(f"{where} has no type")
        yield Item(headers, _payload(readable, headers.get("length"), max_item_bytes, where))


def _headers(line: bytes, where: str) -> dict[str, Any]:
    if len(line) > MAX_HEADER_BYTES:
        raise BadEnvelope(f"the headers of {where} are longer than {MAX_HEADER_BYTES} bytes")
    try:
        headers = jsontext.decode(line)
    except ValueError:
        raise BadEnvelope(f"the headers of {where} are not one line of JSON") from None
    if not isinstance(headers, dict):
        raise BadEnvelope(f"the headers of {where} are not a JSON object")
    return headers


def _payload(readable: Readable, length: object, max_bytes: int, where: str) -> bytes:
    if length is None:
        return _line(readable, max_bytes, where)
    if type(length) is not int or length < 0:
        raise BadEnvelope(f"the length of {where} is not a number of bytes")
    if length > max_bytes:
        raise BadEnvelope(f"{where} has {length} bytes; at most {max_bytes} are read")
    payload = _exactly(readable, length)
    if len(payload) < length:
        raise BadEnvelope(f"{where} ends after {len(payload)} of {length} bytes")
    if readable.read(1) not in (b"\n", b""):
        raise BadEnvelope(f"{where} goes on after its {length} bytes")
    return payload


def _line(readable: Readable, max_bytes: int, where: str) -> bytes:
    """A payload without a length: all up to the next LF."""
    line = readable.readline(max_bytes + 1)
    payload = line.removesuffix(b"\n")
    if len(payload) > max_bytes:
        raise BadEnvelope(f"{where} has more than {max_bytes} bytes, the most that is read")
    return payload


def _exactly(readable: Readable, size: int) -> bytes:
    """So many bytes, or fewer if the stream ends; a pipe or socket gives them in pieces."""
    payload = readable.read(size)
    if len(payload) == size:
        return payload
    pieces = [payload]
    missing = size - len(payload)
    while missing and (piece := readable.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
