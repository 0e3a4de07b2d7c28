"""One object as bounded, safe text: what `repr` would say, without trusting it.

Built-in containers, dataclasses and named tuples are walked here, so that size is bounded and secrets are
seen by name. Foreign `__repr__`s are guarded: they may raise, recurse, or answer nonsense, and all those of
one event share a time budget. Things that would be consumed, awaited or evaluated by looking at them are only
named.
"""

from __future__ import annotations

from itertools import islice, repeat
from time import perf_counter

from sentry_like.capture.kinds import KindCache, name_of
from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber

    Writer = Callable[["Reprs", Any, int], str]

REPR_SECONDS = 0.1
"""What the foreign reprs of one event may take together; afterwards objects are only named."""
BREADTH, DEPTH, MESSAGE_DEPTH = 10, 2, 4
"""How many entries of a container are written, and how many containers within each other; in a message."""
BIG_INT, SMALL_INT = 10**12, -(10**12)
"""Integers beyond these are looked at as text, for they may be card numbers."""
INT_BITS = 1024
"""The largest integers have too many digits to print."""


class Reprs:
    """Turns the objects of one event into text of at most `limit` characters each.

    `custom` is what the user says first about each.
    """

    __slots__ = ("_limit", "_scrubber", "_spent", "custom")

    def __init__(
        self, limit: int, scrubber: EventScrubber, custom: Callable[[Any], str | None] | None = None
    ) -> None:
        self._limit = limit
        self._scrubber = scrubber
        self.custom = custom
        self._spent = 0.0

    def text(self, value: Any, depth: int = DEPTH) -> str:
        """The text of any object; never raises."""
        kind = type(value)
        known = _known_writer(id(kind))
        write, is_builtin = known[1] if known is not None else _find_writer(kind)
        try:
            if self.custom is not None and not is_builtin:
                own = self._by_custom(value)
                if own is not None:
                    return own
            return write(self, value, depth)  # type: ignore[no-any-return]  # caches hold anything
        except BaseException as error:  # data may raise anything, even SystemExit
            if is_applications_own(error):
                raise
            return f"<unprintable {name_of(kind)}: {name_of(type(error))} in __repr__>"

    def said_by(self, value: Any) -> str:
        """What `str` says of an object, guarded; of a text the text itself."""
        kind = type(value)
        if issubclass(kind, str):
            return str.__str__(value)
        try:
            if _find_writer(kind)[1]:
                return self.text(value, MESSAGE_DEPTH)
            return _as_text(self._timed(str, value))
        except BaseException as error:  # data may raise anything, even SystemExit
            if is_applications_own(error):
                raise
            return f"<unprintable {name_of(kind)}: {name_of(type(error))} in __str__>"

    def cut(self, text: str) -> str:
        return text if len(text) <= self._limit else text[: max(self._limit - 3, 0)] + "..."

    def cut_inside(self, text: str, title: int) -> str:
        """`Title(...)` with what is in the brackets cut; `title` is the length of the title."""
        if len(text) <= self._limit:
            return text
        return f"{text[:title]}({self.cut(text[title + 1 : -1])})"

    # -- foreign code

    def write_foreign(self, value: Any, depth: int) -> str:
        """What the object's own `__repr__` says, if there is time."""
        return self.cut(_as_text(self._timed(repr, value)))

    def write_by_sentry_repr(self, value: Any, depth: int) -> str:
        return self.cut(_as_text(self._timed(type(value).__sentry_repr__, value)))

    def _by_custom(self, value: Any) -> str | None:
        """The user's `custom_repr`; one that raises, or answers no text, has nothing to say."""
        try:
            text = self._timed(self.custom, value)
        except BaseException as error:
            if is_applications_own(error):
                raise
            return None
        return self.cut(text) if type(text) is str and self._spent < REPR_SECONDS else None

    def _timed(self, function: Any, value: Any) -> Any:
        """The answer of foreign code, on the event's time budget."""
        if self._spent >= REPR_SECONDS:
            return object.__repr__(value)
        start = perf_counter()
        try:
            return function(value)
        finally:
            self._spent += perf_counter() - start

    # -- scalars

    def write_string(self, value: str, depth: int) -> str:
        if str.__len__(value) <= self._limit:
            return self.cut(str.__repr__(value))
        return self.cut(str.__repr__(str.__getitem__(value, slice(0, self._limit))))

    def write_bytes(self, value: bytes, depth: int) -> str:
        size = len(value)
        if size <= self._limit:
            return self.cut(repr(bytes(value)))
        return f"{self.cut(repr(bytes(value[: self._limit])))} ({size} bytes)"

    def write_int(self, value: int, depth: int) -> str:
        bits = int.bit_length(value)
        return int.__repr__(value) if bits <= INT_BITS else f"<int of {bits} bits>"

    def write_plain(self, value: Any, depth: int) -> str:
        return self.cut(repr(value))

    def write_code(self, value: Any, depth: int) -> str:
        """A function, generator, frame or the like: its repr says where the code is from, and no more."""
        return self.cut(repr(value))

    def write_sized(self, value: Any, depth: int) -> str:
        """A view, array or the like: named with its length, since its own repr would print all of it."""
        return f"<{name_of(type(value))} of {len(value)}>"

    def write_named(self, value: Any, depth: int) -> str:
        """What `object.__repr__` says; it runs no foreign code."""
        return object.__repr__(value)

    def write_module(self, value: Any, depth: int) -> str:
        """A module's own repr asks its loader, and loads a module that waits for its first use."""
        return f"<module {_state_of(value).get('__name__')!r}>"

    def write_method(self, value: Any, depth: int) -> str:
        name = getattr(value.__func__, "__qualname__", "?")
        return f"<bound method {name} of {object.__repr__(value.__self__)}>"

    # -- containers

    def write_list(self, value: list[Any], depth: int) -> str:
        return f"[{self._items(list.__iter__(value), list.__len__(value), depth)}]"

    def write_deque(self, value: Any, depth: int) -> str:
        return f"{name_of(type(value))}([{self._items(value.__iter__(), len(value), depth)}])"

    def write_tuple(self, value: tuple[Any, ...], depth: int) -> str:
        fields = getattr(type(value), "_fields", None)
        size = tuple.__len__(value)
        if type(fields) is tuple and len(fields) == size:
            pairs = _first(zip(fields, tuple.__iter__(value), strict=True))
            return f"{name_of(type(value))}({self.fields(pairs, size, depth)})"
        comma = "," if size == 1 else ""
        return f"({self._items(tuple.__iter__(value), size, depth)}{comma})"

    def write_set(self, value: set[Any] | frozenset[Any], depth: int) -> str:
        base: Any = set if issubclass(type(value), set) else frozenset
        size = base.__len__(value)
        inside = f"{{{self._items(base.__iter__(value), size, depth)}}}" if size else ""
        return inside if type(value) is set and size else f"{name_of(type(value))}({inside})"

    def write_dict(self, value: dict[Any, Any], depth: int) -> str:
        size = dict.__len__(value)
        if depth <= 0 and size:
            return "{...}"
        shown = []
        for key, item in _first(dict.items(value)):
            hidden = type(key) is str and self._scrubber.is_secret(key) and holds_secret(item)
            shown.append(f"{self.text(key, 0)}: {FILTERED if hidden else self.text(item, depth - 1)}")
        return self.cut("{" + ", ".join(shown) + (", ..." if size > len(shown) else "") + "}")

    def _items(self, items: Iterable[Any], size: int, depth: int) -> str:
        if depth <= 0 and size:
            return "..."
        shown = [self.text(item, depth - 1) for item in _first(items)]
        return self.cut(", ".join(shown) + (", ..." if size > len(shown) else ""))

    # -- records

    def write_exception(self, value: BaseException, depth: int) -> str:
        args = _ARGS(value)
        return f"{name_of(type(value))}({self._items(iter(args), len(args), depth)})"

    def write_partial(self, value: Any, depth: int) -> str:
        return f"functools.partial({self.text(value.func, 0)}, {self.text(value.args, depth - 1)}, ...)"

    def write_namespace(self, value: Any, depth: int) -> str:
        state = _state_of(value)
        return f"namespace({self.fields(_first(state.items()), len(state), depth)})"

    def fields(self, pairs: list[tuple[str, Any]], size: int, depth: int) -> str:
        """The first of `size` named values."""
        if depth <= 0 and size:
            return "..."
        names = [name for name, _ in pairs]
        texts = self.named_values(names, [item for _, item in pairs], depth - 1)
        shown = ", ".join([f"{name}={text}" for name, text in zip(names, texts, strict=True)])
        return self.cut(shown + (", ..." if size > len(pairs) else ""))

    def named_values(self, names: Iterable[str], items: Iterable[Any], depth: int) -> list[str]:
        """The texts of values that have names; a short value costs no call."""
        shown = []
        harmless = self._scrubber.harmless
        for name, item in zip(names, items, strict=True):
            kind = type(item)
            if name not in harmless and self._scrubber.is_secret(name) and holds_secret(item):
                shown.append(FILTERED)
            elif (kind is str and len(item) < 100) or (kind is int and SMALL_INT < item < BIG_INT):
                shown.append(repr(item))
            else:
                shown.append(self.text(item, depth))
        return shown


class Record:
    """Writes the instances of one dataclass or attrs class from their state, not by their properties."""

    __slots__ = ("_names", "_size", "_template", "_title")

    def __init__(self, kind: type, names: list[str]) -> None:
        self._title = name_of(kind)
        self._names = names[:BREADTH]
        self._size = len(names)
        fields = [f"{name}=%s" for name in self._names] + ["..."] * (self._size > BREADTH)
        self._template = f"{self._title.replace('%', '%%')}({', '.join(fields)})"

    def write(self, reprs: Reprs, value: Any, depth: int) -> str:
        if depth <= 0 and self._size:
            return f"{self._title}(...)"
        state = getattr(value, "__dict__", None)
        items: Iterable[Any]
        if type(state) is dict:
            items = map(state.get, self._names, repeat(MISSING))
        else:
            items = (getattr(value, name, MISSING) for name in self._names)
        texts = reprs.named_values(self._names, items, depth - 1)
        return reprs.cut_inside(self._template % tuple(texts), len(self._title))


class Missing:
    def __repr__(self) -> str:
        return "<unset>"


MISSING = Missing()
_ARGS = BaseException.__dict__["args"].__get__


def _first(items: Iterable[Any]) -> list[Any]:
    """The first few, or what could be read of them while another thread changed the container."""
    found: list[Any] = []
    try:
        found.extend(islice(items, BREADTH))
    except RuntimeError:
        return found
    return found


def _state_of(value: Any) -> dict[str, Any]:
    state: dict[str, Any] = object.__getattribute__(value, "__dict__")
    return state


def _as_text(answer: Any) -> str:
    """`repr` may answer with a subclass of `str`, foreign code with anything; TypeError if it is no text."""
    return answer if type(answer) is str else str.__str__(answer)


def is_only_named(kind: type) -> bool:
    """Whether what is written of instances are names and addresses, and nothing that they hold."""
    return _find_writer(kind)[0] in (Reprs.write_named, Reprs.write_code)


def _find_writer(kind: type) -> Any:
    """`(writer, is_builtin)` of a class, worked out once; of a built-in one `custom_repr` is not asked."""
    known = _known_writer(id(kind))
    if known is not None:
        return known[1]
    from sentry_like.capture.writers import writer_for  # with what it imports, at the first object

    return _WRITERS.remember(kind, writer_for(kind))


_WRITERS = KindCache()
_known_writer = _WRITERS.known.get
