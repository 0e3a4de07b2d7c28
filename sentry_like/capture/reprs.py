"""One object as bounded, safe text: what `repr` would say, without trusting it.

Built-in containers, dataclasses and named tuples are walked here, so that size is bounded and secrets are seen by name. Foreign `__repr__`s are
guarded: they may raise, recurse, or answer nonsense, and all those of one event share a time budget. Things that would be
consumed, awaited or evaluated by looking at them are only named.
"""

from __future__ import annotations

from itertools import islice
from time import perf_counter

from sentry_like.capture.scrub import FILTERED
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

REPR_SECONDS = 0.1
"""What the foreign reprs of one event may take together; afterwards objects are only named."""
BIG_INT = 10**12
"""Integers from here on are read as text too, for they may be card numbers; the largest have too many digits to print."""
INT_BITS = 1024

# Looking at instances of these runs a query, renders, or reaches through to something else.
LAZY_TYPES = frozenset(
    [
        "QuerySet",
        "RawQuerySet",
        "ValuesQuerySet",
        "Manager",
        "RelatedManager",
        "LazyObject",
        "SimpleLazyObject",
        "LazySettings",
        "__proxy__",
        "LocalProxy",
        "Proxy",
        "CallableProxy",
        "ObjectProxy",
        "CallableObjectProxy",
        "Query",
        "AppenderQuery",
    ]
)


class Reprs:
    """Turns the objects of one event into text of at most `limit` characters each."""

    __slots__ = ("_custom", "_deadline", "_is_secret", "_limit")

    def __init__(
        self, limit: int, is_secret: Callable[[str], bool], custom: Callable[[Any], str | None] | None = None
    ) -> None:
        self._limit = limit
        self._is_secret = is_secret
        self._custom = custom
        self._deadline = 0.0

    def text(self, value: Any, depth: int = 2) -> str:
        """The text of any object; never raises."""
        kind = type(value)
        writer = _known_writers.get(kind)
        if writer is None:
            writer = _find_writer(kind)
        if (
            self._custom is not None
            and kind not in _WRITERS
            and (own := self._custom_text(value)) is not None
        ):
            return own
        return writer(self, value, depth)

    def cut(self, text: str) -> str:
        return text if len(text) <= self._limit else text[: self._limit - 3] + "..."

    def foreign(self, value: Any, depth: int = 0) -> str:
        """What the object's own `__repr__` says, if it says it in time."""
        if not self._in_time():
            return name_of(value)
        try:
            own = getattr(type(value), "__sentry_repr__", None)
            text = repr(value) if own is None else own(value)
            if type(text) is not str:
                text = str.__str__(text)
        except BaseException as error:  # data may raise anything, even SystemExit
            if is_applications_own(error):
                raise
            return f"<unprintable {type(value).__name__}: {type(error).__name__} in __repr__>"
        return self.cut(text)

    def _in_time(self) -> bool:
        now = perf_counter()
        if self._deadline == 0.0:
            self._deadline = now + REPR_SECONDS
        return now < self._deadline

    def _custom_text(self, value: Any) -> str | None:
        try:
            text = self._custom(value) if self._custom is not None else None
        except BaseException as error:  # the user's function may raise anything
            if is_applications_own(error):
                raise
            return None
        return self.cut(text) if isinstance(text, str) else None

    # -- walking

    def _string(self, value: str, depth: int) -> str:
        size = str.__len__(value)
        if size <= self._limit:
            return str.__repr__(value)
        return self.cut(str.__repr__(str.__getitem__(value, slice(0, self._limit))))

    def _bytes(self, value: bytes, depth: int) -> str:
        if len(value) <= self._limit:
            return self.cut(repr(value))
        return f"{self.cut(repr(bytes(value[: self._limit])))} ({len(value)} bytes)"

    def _int(self, value: int, depth: int) -> str:
        bits = int.bit_length(value)
        return int.__repr__(value) if bits <= INT_BITS else f"<int of {bits} bits>"

    def _plain(self, value: Any, depth: int) -> str:
        return self.cut(repr(value))

    def _list(self, value: list[Any], depth: int) -> str:
        return f"[{self._items(list.__iter__(value), list.__len__(value), depth)}]"

    def _tuple(self, value: tuple[Any, ...], depth: int) -> str:
        fields = getattr(type(value), "_fields", None)
        if isinstance(fields, tuple) and len(fields) == tuple.__len__(value):
            pairs = zip(fields, tuple.__iter__(value), strict=True)
            return f"{type(value).__name__}({self._fields(pairs, len(fields), depth)})"
        comma = "," if tuple.__len__(value) == 1 else ""
        return f"({self._items(tuple.__iter__(value), tuple.__len__(value), depth)}{comma})"

    def _set(self, value: set[Any] | frozenset[Any], depth: int) -> str:
        inside = self._items(type(value).__iter__(value), len(value), depth)
        return f"{{{inside}}}" if type(value) is set else f"{type(value).__name__}({{{inside}}})"

    def _dict(self, value: dict[Any, Any], depth: int) -> str:
        size = dict.__len__(value)
        if depth <= 0 and size:
            return "{...}"
        shown = []
        for key, item in _first(dict.items(value)):
            secret = type(key) is str and self._is_secret(key)
            shown.append(f"{self.text(key, 0)}: {FILTERED if secret else self.text(item, depth - 1)}")
        return self.cut("{" + ", ".join(shown) + (", ..." if size > len(shown) else "") + "}")

    def _sized(self, value: Any, depth: int) -> str:
        """A deque, view, array or the like: named with its length, since its own repr would print all of it."""
        return f"<{type(value).__qualname__} of {len(value)}>"

    def _named(self, value: Any, depth: int) -> str:
        return name_of(value)

    def _items(self, items: Iterable[Any], size: int, depth: int) -> str:
        if depth <= 0 and size:
            return "..."
        shown = [self.text(item, depth - 1) for item in _first(items)]
        return self.cut(", ".join(shown) + (", ..." if size > len(shown) else ""))

    def _record(self, value: Any, depth: int) -> str:
        """A dataclass instance, read from its state and not by its properties."""
        kind = type(value)
        state = getattr(value, "__dict__", None)
        names = kind.__dataclass_fields__
        if type(state) is not dict:
            state = {name: getattr(value, name, MISSING) for name in names}
        pairs = [(name, state.get(name, MISSING)) for name in names]
        return f"{kind.__qualname__}({self._fields(pairs, len(names), depth)})"

    def _fields(self, pairs: Iterable[tuple[str, Any]], size: int, depth: int) -> str:
        shown = []
        is_secret = self._is_secret
        for name, item in _first(pairs):
            kind = type(item)
            if is_secret(name):
                shown.append(f"{name}={FILTERED}")
            elif kind is str and len(item) < 100 or kind is int and -BIG_INT < item < BIG_INT:
                shown.append(f"{name}={item!r}")
            else:
                shown.append(f"{name}={self.text(item, depth - 1)}")
        return self.cut(", ".join(shown) + (", ..." if size > len(shown) else ""))


def _find_writer(kind: type) -> Any:
    """How instances of a class are written; worked out once per class."""
    writer = _writer_for(kind)
    if len(_known_writers) >= WRITERS_BOUND:
        _known_writers.clear()
        _known_writers.update(_WRITERS)
    _known_writers[kind] = writer
    return writer


def _writer_for(kind: type) -> Any:
    if "__sentry_repr__" in dir(kind):
        return Reprs.foreign
    if kind.__repr__ is object.__repr__:
        return Reprs._named
    for base, write in _BASES:
        if issubclass(kind, base):
            return write
    if is_lazy(kind):
        return Reprs._named
    if kind.__module__ == "array":
        return Reprs._sized
    if "__dataclass_fields__" in kind.__dict__ and _is_generated(kind.__repr__):
        return Reprs._record
    return Reprs.foreign


def _first(items: Iterable[Any]) -> list[Any]:
    """The first ten, or what could be read of them while another thread changed the container."""
    found: list[Any] = []
    try:
        found.extend(islice(items, 10))
    except RuntimeError:
        return found
    return found


def name_of(value: Any) -> str:
    """What `object.__repr__` says; it runs no foreign code."""
    return object.__repr__(value)


def is_lazy(kind: type) -> bool:
    """Whether looking at an object of this class would evaluate something."""
    return any(base.__name__ in LAZY_TYPES for base in kind.__mro__[:-1])


def _is_generated(function: Any) -> bool:
    """Whether a dataclass wrote this `__repr__` (it is wrapped against recursion); one that a person wrote is honoured."""
    inner = getattr(function, "__wrapped__", None)
    code = getattr(inner, "__code__", None)
    return code is not None and code.co_filename == "<string>"


class _Missing:
    def __repr__(self) -> str:
        return "<unset>"


MISSING = _Missing()


def _writers() -> dict[type, Any]:
    """Exact built-in types and how each is written."""
    from types import (
        AsyncGeneratorType,
        BuiltinFunctionType,
        CodeType,
        CoroutineType,
        FrameType,
        FunctionType,
        GeneratorType,
        ModuleType,
        TracebackType,
    )

    named: dict[type, Any] = dict.fromkeys((GeneratorType, CoroutineType, AsyncGeneratorType), Reprs._named)
    plain = dict.fromkeys(
        (
            bool,
            type(None),
            float,
            complex,
            range,
            FunctionType,
            BuiltinFunctionType,
            CodeType,
            FrameType,
            TracebackType,
        ),
        Reprs._plain,
    )
    views = dict.fromkeys((type({}.keys()), type({}.values()), type({}.items()), memoryview), Reprs._sized)
    return {
        **named,
        **plain,
        **views,
        ModuleType: Reprs._plain,
        str: Reprs._string,
        int: Reprs._int,
        bytes: Reprs._bytes,
        bytearray: Reprs._bytes,
        list: Reprs._list,
        tuple: Reprs._tuple,
        dict: Reprs._dict,
        set: Reprs._set,
        frozenset: Reprs._set,
        _Missing: Reprs._plain,
    }


def _bases() -> tuple[tuple[type, Any], ...]:
    """Subclasses are read through their built-in base, so none of their own methods runs."""
    from _collections import deque
    from io import IOBase

    return (
        (dict, Reprs._dict),
        (tuple, Reprs._tuple),
        (list, Reprs._list),
        (deque, Reprs._sized),
        (IOBase, Reprs._named),
    )


_WRITERS = _writers()
_BASES = _bases()
_known_writers = dict(_WRITERS)
WRITERS_BOUND = 2000
