"""Any Python value as JSON that a strict server accepts, and JSON back as a value.

The usual value takes a glance at its shape, one call of the C encoder and a glance at the result. Whatever
fails these is rebuilt first: a single odd value must not cost the event. No code of the objects met runs:
no lazy query is evaluated, and a `__repr__` that raises or hangs is never asked. It is the last net; who
wants better text for an object writes it before.

Safe from any thread. `json` is imported inside, for `import sentry_like` would feel it.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, NoReturn

MAX_DEPTH = 100
"""Levels of containers that are kept. Relay's parser follows some 126 and refuses the whole event beyond."""

MAX_VALUES = 500_000
"""How many values are kept of one that repeats itself in so many places that it would never end."""

SMALLEST_INT = -(2**63)
LARGEST_INT = 2**64 - 1
"""The integers that Relay keeps; it reads smaller ones as floats and larger ones as 0."""

MAX_INT_BITS = 1024
"""The digits of a larger integer are no help to anybody, and printing those of a huge one fails."""

SCALARS = frozenset({str, int, float, bool, type(None)})
CONTAINERS = frozenset({dict, list, tuple})

TEXTUAL = (
    ("datetime", "datetime", "isoformat"),
    ("datetime", "date", "isoformat"),
    ("datetime", "time", "isoformat"),
    ("datetime", "timedelta", "__str__"),
    ("decimal", "Decimal", "__str__"),
    ("fractions", "Fraction", "__str__"),
    ("uuid", "UUID", "__str__"),
    ("pathlib", "PurePath", "__str__"),
    ("enum", "Enum", "__str__"),
)
"""Standard values with a text of their own: `(module, class, method)`. A subclass gets this class's text."""

_DIGIT_RUNS = bytes(ord("0") if 48 <= octet <= 57 else octet for octet in range(256))
_LONG_POSITIVE = b"0" * len(str(LARGEST_INT))
_LONG_NEGATIVE = b"-" + b"0" * len(str(-SMALLEST_INT))


def encode(value: Any) -> bytes:
    """The value as compact UTF-8 JSON; whatever JSON has no form for becomes text.

    Tuples and sets become arrays, bytes are read as UTF-8, standard dates, decimals and the like become
    their text and other objects their default name. NaN and infinities become "nan", "inf", "-inf",
    integers beyond 64 bits text, lone surrogates U+FFFD, keys text; a container inside itself, or deeper
    than `MAX_DEPTH` levels, becomes a note.
    """
    encoded = _plainly_encoded(value)
    if encoded is None:
        encoded = _utf8(_text(_rebuilt(value, (), iter(range(MAX_VALUES)))))
    return encoded


def _plainly_encoded(value: Any) -> bytes | None:
    """The encoder's own answer; `None` if the value is not for it, or it or the server would refuse."""
    try:
        encoded = _utf8(_text(value)) if _is_plain(value) else None
    except (TypeError, ValueError, RuntimeError):  # odd keys; NaN; another thread changes the value meanwhile
        return None
    return None if encoded is None or _may_hold_big_int(encoded) else encoded


def decode(text: bytes | str) -> Any:
    """The value of a JSON text, as UTF-8 if in bytes.

    Raises:
        ValueError: it is not JSON (NaN and infinities are not), or nested too deeply to be read.
    """
    from json import loads

    try:
        return loads(text if isinstance(text, str) else text.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _text(value: Any) -> str:
    from json import JSONEncoder

    return JSONEncoder(
        ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
    ).encode(value)


def _utf8(text: str) -> bytes:
    """The text in UTF-8, surrogates mended: a pair becomes its character, a lone one U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def _is_plain(value: Any) -> bool:
    """Whether it is of exact built-in types throughout, and ends: neither too deep nor in a circle.

    Goes by layers of containers: one list comprehension per layer costs a third of the encoder's own time,
    where a function call per container would double it.
    """
    layer = [] if type(value) in SCALARS else [value]
    seen = 0
    for _ in range(MAX_DEPTH):
        seen += len(layer)
        if seen > MAX_VALUES or not CONTAINERS.issuperset(map(type, layer)):
            return False
        layer = [
            child
            for container in layer
            for child in (container.values() if type(container) is dict else container)
            if type(child) not in SCALARS
        ]
        if not layer:
            return True
    return False


def _may_hold_big_int(encoded: bytes) -> bool:
    """Whether there are as many digits in a row as an integer beyond 64 bits has, be it within a string."""
    runs = encoded.translate(_DIGIT_RUNS)
    return _LONG_POSITIVE in runs or _LONG_NEGATIVE in runs


def _rebuilt(value: Any, inside: tuple[int, ...], room: Iterator[int]) -> Any:
    """The value in exact built-in types that JSON has.

    `inside` holds the ids of the containers around it, `room` a number for each value that may still be kept.
    Classes are compared by `type`, for a proxy's `__class__` is code too; only methods of built-in classes
    are called.
    """
    kind = type(value)
    if next(room, None) is None:
        return f"<more than {MAX_VALUES} values>"
    if value is None or issubclass(kind, (str, int, float)):
        return _scalar(value, kind)
    if issubclass(kind, (bytes, bytearray, memoryview)):
        return _decoded(value, kind)
    if not issubclass(kind, (dict, list, tuple, set, frozenset)):
        return _name(value, kind)
    if id(value) in inside:
        return "<cyclic>"
    if len(inside) == MAX_DEPTH:
        return f"<nested deeper than {MAX_DEPTH} levels>"
    inside = (*inside, id(value))
    if issubclass(kind, dict):
        return {_key(key, room): _rebuilt(item, inside, room) for key, item in list(dict.items(value))}
    return [_rebuilt(item, inside, room) for item in _elements(value, kind)]


def _elements(value: Any, kind: type) -> list[Any]:
    base = next(base for base in (list, tuple, set, frozenset) if issubclass(kind, base))
    return list(base.__iter__(value))


def _key(key: Any, room: Iterator[int]) -> Any:
    """A dictionary's key, one that the encoder takes; a tuple or set becomes its JSON text."""
    plain = _rebuilt(key, (), room)
    return _text(plain) if isinstance(plain, list) else plain


def _scalar(value: Any, kind: type) -> Any:
    if value is None or kind is bool:
        return value
    if issubclass(kind, str):
        return str.__str__(value)
    if issubclass(kind, int):
        return _integer(int.__int__(value))
    number = float.__float__(value)
    return number if number - number == 0.0 else float.__repr__(number)


def _integer(number: int) -> int | str:
    if SMALLEST_INT <= number <= LARGEST_INT:
        return number
    bits = number.bit_length()
    return str(number) if bits <= MAX_INT_BITS else f"<int of {bits} bits>"


def _decoded(value: Any, kind: type) -> str:
    for base in (bytes, bytearray):
        if issubclass(kind, base):
            return base.decode(value, "utf-8", "replace")
    try:
        return memoryview.tobytes(value).decode("utf-8", "replace")
    except ValueError:
        return "<released memoryview>"


def _name(value: Any, kind: type) -> str:
    """The text of a standard value or a class, the default name of any other object."""
    for module, name, method in TEXTUAL:
        base = getattr(sys.modules.get(module), name, None)
        if isinstance(base, type) and issubclass(kind, base):
            return _asked(value, getattr(base, method))
    return type.__repr__(value) if issubclass(kind, type) else object.__repr__(value)


def _asked(value: Any, method: Any) -> str:
    try:
        return str(method(value))
    except Exception:  # noqa: BLE001  # a foreign tzinfo or a subclass without its base's attributes
        return object.__repr__(value)
