"""Values into JSON-safe data, each visited once: the bags that users hand in, and the locals of frames.

Built-in containers are read through their own C methods; every other object becomes text (`reprs`). Depth,
breadth and size are bounded, secrets are replaced by name on the way, and each cut is noted in `_meta`
(protocol, "_meta").
"""

from __future__ import annotations

from itertools import islice

from sentry_like.capture.kinds import KindCache, definer_of, module_of, name_of
from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.capture.reprs import BIG_INT, SMALL_INT, Reprs
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber

    Path = tuple[str, ...]

CYCLE = "<cyclic>"
DEEP_LOCALS = -2
"""How far the depth of locals is from `max_depth` (protocol, "Size/depth limits": extra 5, vars 3)."""
WIDE_LEVELS = {"contexts": 99, "user": 99}
"""How many levels of a bag `max_breadth` does not apply to; of others the first
(protocol, "Serialisation rules").
"""
NAMED_LEVELS = {"contexts": 2, "request": 2}
"""How deep names are judged when that is not recursive; of other bags on the first level."""
ANY_BREADTH = 1000
MAX_KEY = 200
NUMBER_WEIGHT = 4
NAME_WEIGHT = 20
"""About the bytes of a name, its punctuation, and a small number."""
LONG_KEY = 12
"""Longer keys are looked at as texts are: somebody keeps things by their token or card number."""
NOTE_WEIGHT = 80
"""About the bytes of an annotation in `_meta`."""
MAX_NAMES = 250
"""Variables of one frame: a module may have thousands."""
SUMMARY = 48
"""Characters left to a text once there is no more room."""
LARGEST_INT = 2**64 - 1
"""A server reads larger ones as 0 (protocol, "Top level")."""
ALWAYS = 1000


class Limits:
    """How much of a value is kept; from the options of these names, in characters and levels."""

    __slots__ = ("bag", "breadth", "depth", "event", "frame", "text")

    def __init__(self, depth: int, breadth: int, text: int, event: int) -> None:
        self.depth = depth
        self.breadth = breadth
        self.text = text
        self.event = event
        # Of all locals of one frame: the server cuts at 2048 (protocol, "Size/depth limits").
        self.frame = max(2048, 2 * text)
        self.bag = event // 8
        """What a bag has even if frames have used up the event's room."""


class Walk:
    """One event's walk over foreign values: its room, its `_meta`, and the texts yet to be looked at.

    `left` is the room in characters, `path` where the walk stands, `meta` the cuts by path, `texts` what
    detectors have not seen.
    """

    __slots__ = (
        "_breadth",
        "_by_name",
        "_is_secret",
        "_judges_all",
        "_known_secrets",
        "_memo",
        "_named_levels",
        "_notes",
        "_quote",
        "_recursive",
        "_secret_places",
        "_text_limit",
        "_wide_levels",
        "left",
        "limits",
        "meta",
        "path",
        "reprs",
        "texts",
    )

    def __init__(
        self, limits: Limits, scrubber: EventScrubber, custom_repr: Callable[[Any], str | None] | None = None
    ) -> None:
        self.limits = limits
        self._breadth = limits.breadth
        self._text_limit = limits.text
        self._is_secret = scrubber.is_secret
        self._known_secrets = scrubber.known
        self._secret_places = scrubber.secret_places
        self._recursive = scrubber.recursive
        self.reprs = Reprs(limits.text, scrubber, custom_repr)
        self._memo: dict[int, tuple[Any, Any, int, int, Any]] = {}
        # {id: (value, what it became, its size, how deep it was followed, its notes)}
        self._notes = 0
        self._quote = False
        self._by_name = True
        self._wide_levels = 0
        self._named_levels = 0
        self._judges_all = False
        self.left = limits.event
        self.meta: dict[str, Any] = {}
        self.path: list[str] = []
        self.texts: list[str] = []

    def start_anew(self) -> None:
        """Forget what was walked, and have all the room again."""
        self.left = self.limits.event
        self.meta = {}
        self.texts.clear()

    # -- the three ways in

    def locals(self, variables: list[tuple[str, Any]], path: Path) -> dict[str, Any]:
        """A frame's variables as text, containers as containers of text.

        Every name is kept, values as the frame's room allows. What costs no call is done here.
        """
        self._set_out_among_locals(path, variables)
        room = start = min(self.limits.frame, self.left)
        rest = self.left - start - NAME_WEIGHT * len(variables)
        notes = self._notes
        shown: dict[str, Any] = {}
        see, known_secrets, memo = self.texts.append, self._known_secrets, self._memo
        limit, depth = self._text_limit, self.limits.depth + DEEP_LOCALS
        for name, value in variables:
            kind = type(value)
            secret = known_secrets.get(name)
            if secret is None:
                secret = self._is_secret(name)
            if secret and holds_secret(value):
                shown[name] = FILTERED
                self.note(name, rem=["!config", "s"])
            elif (kind is int and SMALL_INT < value < BIG_INT) or value is None or kind is bool:
                shown[name] = repr(value)
            elif room <= 0:
                shown[name] = self._summary(value, kind, name)
            elif kind is float:
                shown[name] = repr(value)
            elif kind is str and len(value) <= limit:
                shown[name] = text = repr(value)
                see(text)
                room -= len(text) if text.isascii() else _weight(text)
            elif (known := memo.get(id(value))) is not None and known[3] >= depth and known[4] is None:
                shown[name] = known[1]
                room -= known[2]
            else:
                self.left = room
                is_scalar = kind is str or kind is int  # a large one
                shown[name] = (
                    self.value(value, depth, name) if is_scalar else self._once(value, kind, depth, name)
                )
                room = self.left
        self.left = rest + room - NOTE_WEIGHT * (self._notes - notes)
        return shown

    def _set_out_among_locals(self, path: Path, variables: list[tuple[str, Any]]) -> None:
        """Begin at a frame's variables; most often the walk comes from another frame's."""
        if self._quote:
            self.path[:] = path
        else:
            self._set_out(path, quote=True, by_name=True)
        if len(variables) > MAX_NAMES:
            self.note_here(len=len(variables))
            del variables[MAX_NAMES:]

    def bag(self, value: Any, path: Path, depth: int = 0, *, by_name: bool = True) -> Any:
        """What a user handed in, as plain JSON data: numbers and texts as they are, other objects as text.

        A mapping stays a mapping. With `by_name=False` nothing is replaced for the name it is kept under.
        """
        self._set_out(path[:-1], quote=False, by_name=by_name)
        name = path[-1]
        self._wide_levels = len(path) - 1 + WIDE_LEVELS.get(name, 1)
        self._named_levels = ALWAYS if self._recursive else len(path) - 1 + NAMED_LEVELS.get(name, 1)
        event_left, self.left = self.left, max(self.left, self.limits.bag)
        start, notes = self.left, self._notes
        made = self.value(value, self.limits.depth + 1 + depth, name)
        self.left = event_left - (start - self.left) - NOTE_WEIGHT * (self._notes - notes)
        return made

    def text(self, value: Any, limit: int, path: Path = ()) -> str:
        """A text that is sent up to `limit` characters: a message, an exception's value.

        Once the event's room is used up, less of it.
        """
        text = value if type(value) is str else self.reprs.said_by(value)
        size = len(text)
        limit = min(limit, max(self.left, 4 * SUMMARY))
        if size > limit:
            text = text[: limit - 3] + "..."
            if path:
                self.path[:] = path
                self.note_here(rem=["!limit", "x", limit - 3, limit], len=size)
        self.texts.append(text)
        self.left -= _weight(text)
        return text

    def _set_out(self, path: Path, *, quote: bool, by_name: bool) -> None:
        """Begin at a place. What was made in another manner is of no use in this one."""
        self.path[:] = path
        if not (quote and self._quote):
            self._memo.clear()
        self._quote = quote
        self._by_name = by_name
        self._named_levels = ALWAYS if self._recursive else 0
        self._wide_levels = 0
        self._judges_all = quote and by_name and self._recursive

    # -- one value

    def value(self, value: Any, depth: int, key: str) -> Any:
        """Any value as JSON-safe data, `depth` levels of containers deep; `key` is its place, for `_meta`."""
        kind = type(value)
        if kind is str:
            return self._string(value, key)
        if value is None or kind is bool or kind is float or kind is int:
            return self._number(value, kind)
        known = self._memo.get(id(value))
        if known is not None and (known[3] == depth or known[3] == ALWAYS):
            return self._again(known, key)
        return self._once(value, kind, depth, key)

    def _once(self, value: Any, kind: type, depth: int, key: str) -> Any:
        """A container or an object, seen for the first time."""
        reader = _READERS.known.get(id(kind))
        read = reader[1] if reader is not None else _READERS.remember(kind, _reader_for(kind))
        before = self.left
        if read is None:
            made: Any = self._object(value, kind)
            if self.left > 0:  # else it was made for lack of room, and elsewhere there may be some
                self._memo[id(value)] = (value, made, before - self.left, ALWAYS, None)
            return made
        notes = self._notes
        self._memo[id(value)] = (value, CYCLE, 8, ALWAYS, None)
        self.path.append(key)
        made = read(self, value, depth) if depth > 0 < self.left else self._unread(value, kind)
        about = self._node() if self._notes != notes else None
        self.path.pop()
        if self.left > 0:
            self._memo[id(value)] = (value, made, before - self.left, depth, about)
        else:
            del self._memo[id(value)]
        return made

    def _again(self, known: tuple[Any, Any, int, int, Any], key: str) -> Any:
        """What a value became elsewhere, with what was noted there."""
        if known[4] is not None:
            self._node()[key] = known[4]
        self.left -= known[2]
        return known[1]

    def _number(self, value: Any, kind: type) -> Any:
        """None, a truth value, an integer or a float; a card number may come as an integer."""
        self.left -= 8
        if kind is int and not SMALL_INT < value < BIG_INT:
            from sentry_like.capture.texts import is_card  # with the regular expressions, when first needed

            text = self.reprs.text(value)
            self.left -= len(text)
            if is_card(text):
                return FILTERED
            return text if self._quote or abs(value) > LARGEST_INT else value
        if self._quote or (kind is float and value - value != 0.0):  # NaN and infinities are no JSON
            return repr(value)
        return value

    def _string(self, value: str, key: str) -> str:
        limit = self._text_limit
        size = len(value)
        if size > limit or size > self.left:
            limit = min(limit, max(self.left, SUMMARY))
            if size > limit:
                value = value[: max(limit - 3, 0)] + "..."
                self.note(key, rem=["!limit", "x", max(limit - 3, 0), limit], len=size)
        text = repr(value) if self._quote else value
        self.texts.append(text)
        self.left -= _weight(text)
        return text

    def _object(self, value: Any, kind: type) -> str:
        text = self._plain_text(value, kind) if not self._quote else None
        if text is None:
            text = self.reprs.text(value)
        room = max(self.left, SUMMARY)
        if len(text) > room:
            text = text[: room - 3] + "..."
        self.texts.append(text)
        self.left -= _weight(text)
        return text

    def _plain_text(self, value: Any, kind: type) -> str | None:
        """Of what is text already, the text and not its repr."""
        limit = self._text_limit + 1
        if kind is bytes:
            return self.reprs.cut(value[:limit].decode("utf-8", "replace"))
        if issubclass(kind, str):
            return self.reprs.cut(str.__getitem__(value, slice(0, limit)))
        return None

    def _summary(self, value: Any, kind: type, key: str) -> str:
        """A short form for what comes after the room is used up."""
        if kind is int or kind is float:
            return self.reprs.text(value)[:SUMMARY]
        self.note(key, rem=["!limit", "x"])
        return self._sized(value, kind)

    def _sized(self, value: Any, kind: type) -> str:
        """A value's class, with the length if it is a plain container."""
        is_plain = kind is str or kind is list or kind is dict or kind is tuple or kind is set
        return f"<{name_of(kind)[:SUMMARY]} of {len(value)}>" if is_plain else f"<{name_of(kind)[:SUMMARY]}>"

    # -- containers

    def _unread(self, value: Any, kind: type) -> str:
        """A container that is not followed: too deep, or there is no more room."""
        self.note_here(rem=["!limit", "x"])
        return self._object(value, kind) if self.left > 0 else self._sized(value, kind)

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        size = dict.__len__(value)
        items = list(dict.items(value)) if size <= self._breadth else self._first(dict.items(value))
        return self._entries(items, size, depth)

    def _foreign_mapping(self, value: Any, depth: int) -> Any:
        """A mapping of the standard library that is no dict (`os.environ`): read by its own methods."""
        try:
            items = [(key, value[key]) for key in self._first(value)]
            size = len(value)
        except BaseException as error:  # a foreign mapping may raise anything
            if is_applications_own(error):
                raise
            return self._object(value, type(value))
        return self._entries(items, size, depth)

    def _entries(self, items: list[tuple[Any, Any]], size: int, depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        quote, known_secrets = self._quote, self._known_secrets
        judged = self._judges_all or self._judges_here()
        for name, item in items:
            key = name if type(name) is str and len(name) <= LONG_KEY else self._key(name)
            secret = judged and known_secrets.get(key)
            if secret is None:
                secret = self._is_secret(key)
            kind = type(item)
            if secret and holds_secret(item):
                shown[key] = FILTERED
                self.note(key, rem=["!config", "s"])
            elif (kind is int and SMALL_INT < item < BIG_INT) or item is None or kind is bool:
                shown[key] = repr(item) if quote else item
            else:
                shown[key] = self.value(item, depth - 1, key)
        self.left -= NAME_WEIGHT * len(shown)
        if size > len(items):
            self.note_here(len=size)
        return shown

    def _judges_here(self) -> bool:
        """Whether names count at this place. Those of contexts say only what they are about."""
        return self._by_name and len(self.path) <= self._named_levels and self.path != ["contexts"]

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        return self._ordered(self._first(list.__iter__(value)), list.__len__(value), depth)

    def _tuple(self, value: tuple[Any, ...], depth: int) -> list[Any]:
        return self._ordered(self._first(tuple.__iter__(value)), tuple.__len__(value), depth)

    def _ordered(self, items: list[Any], size: int, depth: int) -> list[Any]:
        """A list or tuple; in a pair or a command line one item may name the next."""
        made = self._items(items, size, depth)
        if self._by_name and items and type(items[0]) in _NAMING:
            for place in self._secret_places(items):
                made[place] = FILTERED
                self.note(str(place), rem=["!config", "s"])
        return made

    def _set(self, value: set[Any], depth: int) -> list[Any]:
        return self._items(self._first(set.__iter__(value)), set.__len__(value), depth)

    def _frozenset(self, value: frozenset[Any], depth: int) -> list[Any]:
        return self._items(self._first(frozenset.__iter__(value)), frozenset.__len__(value), depth)

    def _items(self, items: list[Any], size: int, depth: int) -> list[Any]:
        quote = self._quote
        made: list[Any] = []
        for item in items:
            kind = type(item)
            if (kind is int and SMALL_INT < item < BIG_INT) or item is None or kind is bool:
                made.append(repr(item) if quote else item)
            else:
                made.append(self.value(item, depth - 1, str(len(made))))
        self.left -= NUMBER_WEIGHT * size
        if size > len(items):
            self.note_here(len=size)
        return made

    def _first(self, items: Any) -> list[Any]:
        """As many as breadth allows; fewer when another thread changes the container meanwhile."""
        found: list[Any] = []
        wide = len(self.path) <= self._wide_levels
        try:
            found.extend(islice(items, max(self._breadth, ANY_BREADTH) if wide else self._breadth))
        except RuntimeError:
            return found
        return found

    def _key(self, key: Any) -> str:
        text = str.__str__(key) if issubclass(type(key), str) else self.reprs.text(key, 1)
        text = text if len(text) <= MAX_KEY else text[: MAX_KEY - 3] + "..."
        self.texts.append(text)
        return text

    # -- _meta

    def note(self, key: str, **fields: Any) -> None:
        """Annotate the child `key` of the node being walked: `rem` one remark, `len` the original length."""
        self.path.append(key)
        self.note_here(**fields)
        self.path.pop()

    def note_here(self, **fields: Any) -> None:
        self._notes += 1
        about = self._node().setdefault("", {})
        if "rem" in fields:
            about.setdefault("rem", []).append(fields["rem"])
        if "len" in fields:
            about["len"] = fields["len"]

    def _node(self) -> dict[str, Any]:
        node = self.meta
        for step in self.path:
            node = node.setdefault(step, {})
        return node


def _weight(text: str) -> int:
    """About the bytes of a text once it is sent."""
    return len(text) + 4 if text.isascii() else 3 * len(text) + 4


def _reader_for(kind: type) -> Any:
    """How a container of this class is read; `None` when instances become text."""
    if issubclass(kind, tuple) and definer_of(kind, "_fields") is not object:
        return None
    for base, read in _CONTAINERS:
        if issubclass(kind, base):
            return read
    if kind is set:
        return Walk._set
    if kind is frozenset:
        return Walk._frozenset
    is_mapping = name_of(kind) in _MAPPINGS and module_of(kind) in ("os", "builtins", "collections")
    return Walk._foreign_mapping if is_mapping else None


_CONTAINERS: tuple[tuple[type, Any], ...] = ((dict, Walk._mapping), (list, Walk._list), (tuple, Walk._tuple))
"""Their subclasses are read through them, so that none of their own methods runs."""
_NAMING = (str, bytes)
"""What the first of a list must be for it to name the second."""
_MAPPINGS = ("_Environ", "mappingproxy", "ChainMap")
_READERS = KindCache()
