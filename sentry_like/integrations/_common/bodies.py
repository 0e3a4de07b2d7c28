"""Bodies of requests: what the application has read of one, and what of that an event shows.

Nothing is read here. A body is watched while the application reads it, up to a bound, and taken apart only
when an event needs it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning

LARGEST = {"never": 0, "small": 1_000, "medium": 10_000}
"""Bytes of the largest body that is shown (unified API, "Options", `max_request_body_size`); of `always` as
many as an event may have.
"""
PATH = ("request", "data")
TOO_LARGE = {"": {"rem": [["!config", "x"]]}}
"""Left out for its size, or because nobody wants bodies."""
UNREADABLE = {"": {"rem": [["!raw", "x"]]}}
"""Left out because it is no JSON and no form."""


class Body:
    """What the application has read of a body: at most `bound` bytes are kept, then none."""

    __slots__ = ("_bound", "_chunks", "size")

    def __init__(self, bound: int) -> None:
        self.size = 0
        self._bound = bound
        self._chunks: list[bytes] = []

    def saw(self, chunk: bytes) -> None:
        """The application was given this much more."""
        self.size += len(chunk)
        if self.size > self._bound:
            self._chunks.clear()
        elif chunk:
            self._chunks.append(bytes(chunk))

    def forget(self) -> None:
        """It began anew, from the start."""
        self.size = 0
        self._chunks.clear()

    def bytes(self) -> bytes:
        return b"".join(self._chunks)


def bound_of(options: Any) -> int:
    """The bytes of the largest body that a client's options allow."""
    bound: int = LARGEST.get(options.max_request_body_size, options.max_event_bytes)
    return bound


class Content:
    """A body as an adapter of a framework tells of it: any of the raw bytes, the form with its files, and the
    announced length.
    """

    __slots__ = ("announced", "files", "form", "raw", "seen", "type")

    def __init__(self, content_type: str, announced: int | None) -> None:
        self.type = content_type
        self.announced = announced
        self.raw: bytes | None = None
        self.seen = 0
        self.form: Mapping[str, Any] | None = None
        self.files: Iterable[tuple[str, Any]] = ()


def show(content: Content, bound: int, cleaning: Cleaning) -> Any:
    """What the event says of a body under `request.data`, notes in `_meta` included; `None` where there is
    nothing to say.
    """
    size = max(content.seen, content.announced or 0, len(content.raw or b""))
    has_form = bool(content.form or content.files)
    if not size and not has_form:
        return None
    if size > bound or bound == 0:
        return _left_out(TOO_LARGE, cleaning)
    if has_form:
        return _shown_form(content, cleaning)
    if not content.raw:  # there is a body, but the application has read none of it
        return None
    found, value = _parsed(content.raw, content.type)
    return cleaning.bag(value, PATH) if found else _left_out(UNREADABLE, cleaning)


def is_json(content_type: str) -> bool:
    """Whether it is JSON: `application/json`, `application/problem+json; charset=utf-8`."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _left_out(why: dict[str, Any], cleaning: Cleaning) -> str:
    cleaning.walk.note(PATH, why)
    return ""


def _shown_form(content: Content, cleaning: Cleaning) -> Any:
    shown = dict(content.form or {})
    names = [name for name, _ in content.files]
    shown.update(dict.fromkeys(names, ""))
    made = cleaning.bag(shown, PATH)
    for name in names:
        cleaning.walk.note((*PATH, name), UNREADABLE)
    return made


def _parsed(raw: bytes, content_type: str) -> tuple[bool, Any]:
    """Whether the bytes could be taken apart, and what is in them."""
    try:
        if is_json(content_type):
            from json import loads

            return True, loads(raw)
        if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
            from urllib.parse import parse_qs

            pairs = parse_qs(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=1000)
            return True, {name: alone(values) for name, values in pairs.items()}
    except (ValueError, RecursionError):  # it is not what it says, or cut off, or too deep
        return False, None
    return False, None


def alone(values: list[Any]) -> Any:
    """The value of a field that has one; the list of a field that has more."""
    return values[0] if len(values) == 1 else values


def texts_in(items: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The fields of a parsed form, without what is no text: its files."""
    fields: dict[str, list[str]] = {}
    for name, value in items:
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
    return {name: alone(values) for name, values in fields.items()}


def files_in(items: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The files of a parsed form, each by its field."""
    return [(name, value) for name, value in items if not isinstance(value, str)]
