"""Values into JSON-safe data, each visited once: the bags that users hand in, and the locals of frames.

Built-in containers are read through their own C methods; every other object becomes text (`leaves`). Depth,
breadth and size are bounded, secrets are replaced by name on the way, and each cut is noted for `_meta`.
What costs no call is done in the three loops: over variables, over entries, over items.
"""

from __future__ import annotations

from itertools import islice

from sentry_like.capture.kinds import KindCache, definer_of, module_of, name_of
from sentry_like.capture.leaves import SUMMARY, Leaves
from sentry_like.capture.meta import REPLACED, attach, count, counted, shortened
from sentry_like.capture.names import FILTERED, holds_secret
from sentry_like.capture.reprs import BIG_INT, SMALL_INT, is_only_named
from sentry_like.capture.scrub import MAX_QUOTE
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.capture.limits import Limits
    from sentry_like.capture.meta import Notes
    from sentry_like.capture.scrub import EventScrubber

    Path = tuple[str, ...]
    Known = tuple[Any, Any, int, int, Notes | None]
    """A value, what it became, its size, how deep it was followed, and its notes."""

CYCLE = "<cyclic>"
WIDE_LEVELS = {"contexts": 99, "user": 99}
"""How many levels of a bag `max_breadth` does not apply to; of others the first
(protocol, "Serialisation rules").
"""
NAMED_LEVELS = {"contexts": 2, "request": 2}
"""How deep names are judged when that is not recursive; of other bags on the first level."""
ANY_BREADTH = 1000
MAX_KEY = 200
ITEM_WEIGHT = 4
NAME_WEIGHT = 20
"""About the bytes of a name, its punctuation, and a small number."""
LONG_KEY = 12
"""Longer keys are looked at as texts are: somebody keeps things by their token or card number."""
NOTE_WEIGHT = 80
"""About the bytes of a note in `_meta`."""
MAX_NAMES = 250
"""Variables of one frame: a module may have thousands."""
COMPLETE = 1000
"""The depth to which what has no levels was followed."""
MET_WITHIN: Known = (None, CYCLE, 8, COMPLETE, None)
"""What is known of a container while it is read."""
ALWAYS, NEVER = 0, 1000
"""The least depth at which something holds for all values, and for none."""
NO_QUOTES: dict[str, str] = {}


class Walk(Leaves):
    """One event's walk over foreign values; `meta` are its notes by path."""

    __slots__ = (
        *("_breadth", "_by_name", "_harmless", "_memo", "_named_from", "_named_to", "_owed", "_quoted"),
        *("_scrubber", "_wide_from", "limits", "meta"),
    )

    def __init__(
        self, limits: Limits, scrubber: EventScrubber, custom_repr: Callable[[Any], str | None] | None = None
    ) -> None:
        Leaves.__init__(self, limits, scrubber, custom_repr)
        self.limits = limits
        self.meta: Notes = {}
        self._breadth = limits.breadth
        self._scrubber = scrubber
        self._harmless = scrubber.harmless
        self._memo: dict[int, Known] = {}
        self._owed = 0

    def start_anew(self) -> None:
        """Forget what was walked, and have all the room again."""
        self.left = self.limits.event
        self.meta = {}
        self.texts.clear()
        self.quotes.clear()

    # -- the three ways in

    def locals(self, shown: dict[str, Any]) -> dict[str, Any]:
        """A frame's variables as text, containers as containers of text, in the dict that was given.

        Every name is kept, values as the frame's room allows. `notes` are left for whoever knows the place.
        """
        if not self._quote:
            self._set_out_among_locals()
        size = len(shown)
        notes = _without_surplus(shown) if size > MAX_NAMES else None
        limits = self.limits
        room = min(limits.frame, self.left)
        outside = self.left - room - NAME_WEIGHT * size
        harmless, quoted, memo = self._harmless, self._quoted, self._memo
        limit, depth = limits.text, limits.locals
        for name, value in shown.items():
            kind = type(value)
            if name not in harmless and self._scrubber.is_secret(name) and holds_secret(value):
                shown[name] = FILTERED
                notes = self._gathered(notes, name, REPLACED)
            elif kind is str and room > 0 and len(value) <= limit:
                text = quoted(value)
                if text is None:
                    text = self.quotes[value] = repr(value)
                    if not text.isascii():
                        room -= 2 * len(text) + 4
                shown[name] = text
                room -= len(text)
            elif (
                (kind is int and SMALL_INT < value < BIG_INT)
                or kind is float
                or kind is bool
                or value is None
            ):
                shown[name] = repr(value)
            elif (known := memo.get(id(value))) and room > 0 and known[4] is None and known[3] >= depth:
                shown[name] = known[1]
                room -= known[2]
            else:
                self.left = room
                if known is None and room > 0 and kind is not str and kind is not int:
                    shown[name] = self._once(value, kind, depth)
                else:
                    shown[name] = self._curtailed(value, kind, known)
                room = self.left
                if self.notes is not None:
                    notes = self._gathered(notes, name, self._take_notes())
        self.left = outside + room - self._owed
        self._owed = 0
        self.notes = notes
        return shown

    def _set_out_among_locals(self) -> None:
        """Begin at the variables of frames. What was made in another manner is of no use in this one."""
        self._memo.clear()
        self._quote = self._by_name = True
        self._quoted = (self._scrubber.quotes if self.limits.text >= MAX_QUOTE else NO_QUOTES).get
        self._named_from = ALWAYS if self._scrubber.recursive else NEVER
        self._named_to = self._wide_from = NEVER

    def _curtailed(self, value: Any, kind: type, known: Known | None) -> Any:
        """A variable that is cut, or known with notes."""
        if self.left <= 0:
            return self.summary(value, kind)
        if kind is str or kind is int:
            return self.scalar(value, kind)
        depth = self.limits.locals
        if known is not None and known[3] >= depth and known[2] <= self.left:
            return self._again(known)
        return self._once(value, kind, depth)

    def bag(self, value: Any, path: Path, depth: int = 0, *, by_name: bool = True) -> Any:
        """What a user handed in, as plain JSON data: numbers and texts as they are, other objects as text.

        A mapping stays a mapping. With `by_name=False` nothing is replaced for the name it is kept under.
        """
        depth += self.limits.depth + 1
        self._set_out_in_bag(path, depth, by_name=by_name)
        left = self.left
        start = self.left = max(left, self.limits.bag)
        made = self._value(value, type(value), depth)
        self.left = left - (start - self.left) - self._owed
        self._owed = 0
        self.note(path, self._take_notes())
        return made

    def _set_out_in_bag(self, path: Path, depth: int, *, by_name: bool) -> None:
        """Begin at a bag that is followed so deep. What was made in another manner is of no use here."""
        name = path[-1]
        self._memo.clear()
        self._quote = False
        self._by_name = by_name
        self._quoted = NO_QUOTES.get
        self._wide_from = depth + 1 - WIDE_LEVELS.get(name, 1)
        self._named_from = ALWAYS if self._scrubber.recursive else depth + 1 - NAMED_LEVELS.get(name, 1)
        # The names of contexts say only what they are about.
        self._named_to = depth - 1 if path == ("contexts",) else NEVER

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
                self.note(path, shortened(limit - 3, limit, size))
        return self._said(text)

    # -- one value

    def _value(self, value: Any, kind: type, depth: int) -> Any:
        """A value of that class as JSON-safe data, `depth` levels of containers deep."""
        if kind is str or kind is int or kind is float or kind is bool or value is None:
            return self.scalar(value, kind)
        known = self._memo.get(id(value))
        if known is not None and (known[3] == depth or known[3] == COMPLETE):
            return self._again(known)
        return self._once(value, kind, depth)

    def _once(self, value: Any, kind: type, depth: int) -> Any:
        """A container or an object, seen for the first time."""
        known = _known_way(id(kind))
        is_container, way = known[1] if known is not None else _WAYS.remember(kind, _way_of(kind))
        memo, place, before = self._memo, id(value), self.left
        if is_container:
            memo[place] = MET_WITHIN
            made = way(self, value, depth) if depth > 0 < before else self.unread(value, kind)
        else:
            made = way(self, value, kind)
            depth = COMPLETE
        if self.left > 0:
            memo[place] = (value, made, before - self.left, depth, self.notes)
        else:  # it was made for lack of room, and elsewhere there may be some
            memo.pop(place, None)
        return made

    def _again(self, known: Known) -> Any:
        """What a value became elsewhere, with what was noted there."""
        self.left -= known[2]
        self.notes = known[4]
        if known[4] is not None:
            self._owed += NOTE_WEIGHT * count(known[4])
        return known[1]

    # -- containers

    def _mapping(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        size = dict.__len__(value)
        items = list(dict.items(value)) if size <= self._breadth else self._first(dict.items(value), depth)
        notes = counted(size) if size > len(items) else None
        shown: dict[str, Any] = {}
        quote, harmless, quoted, left = self._quote, self._harmless, self._quoted, self.left
        judged = self._by_name and self._named_from <= depth <= self._named_to
        for name, item in items:
            key = name if type(name) is str and len(name) <= LONG_KEY else self._key(name)
            kind = type(item)
            if judged and key not in harmless and self._scrubber.is_secret(key) and holds_secret(item):
                shown[key] = FILTERED
                notes = self._gathered(notes, key, REPLACED)
            elif kind is str and len(item) <= left and len(item) <= MAX_QUOTE and (text := quoted(item)):
                shown[key] = text
                left -= len(text) + 4
            elif (kind is int and SMALL_INT < item < BIG_INT) or item is None or kind is bool:
                shown[key] = repr(item) if quote else item
            else:
                self.left = left
                shown[key] = self.string(item) if kind is str else self._value(item, kind, depth - 1)
                left = self.left
                if self.notes is not None:
                    notes = self._gathered(notes, key, self._take_notes())
        self.left = left - NAME_WEIGHT * len(shown)
        self.notes = notes
        return shown

    def _foreign_mapping(self, value: Any, depth: int) -> Any:
        """A mapping of the standard library that is no dict (`os.environ`): read by its own methods."""
        try:
            size = len(value)
            items = {key: value[key] for key in self._first(value, depth)}
        except BaseException as error:  # a foreign mapping may raise anything
            if is_applications_own(error):
                raise
            return self.object_text(value, type(value))
        made = self._mapping(items, depth)
        if size > len(items):
            self.notes = {**(self.notes or {}), **counted(size)}
        return made

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        size = list.__len__(value)
        items = list.copy(value) if size <= self._breadth else self._first(list.__iter__(value), depth)
        return self._ordered(items, size, depth)

    def _tuple(self, value: tuple[Any, ...], depth: int) -> list[Any]:
        return self._ordered(self._first(tuple.__iter__(value), depth), tuple.__len__(value), depth)

    def _ordered(self, items: list[Any], size: int, depth: int) -> list[Any]:
        """A list or tuple; in a pair or a command line one item may name the next."""
        first = type(items[0]) if items else None
        if (first is not str and first is not bytes) or not self._by_name:
            return self._items(items, size, depth)
        places = self._scrubber.secret_places(items)
        self._items(items, size, depth)
        return self._without_secrets(items, places) if places else items

    def _without_secrets(self, items: list[Any], places: list[int]) -> list[Any]:
        notes = self.notes
        for place in places:
            items[place] = FILTERED
            notes = self._gathered(notes, str(place), REPLACED)
        self.notes = notes
        return items

    def _set(self, value: set[Any], depth: int) -> list[Any]:
        return self._items(self._first(set.__iter__(value), depth), set.__len__(value), depth)

    def _frozenset(self, value: frozenset[Any], depth: int) -> list[Any]:
        return self._items(self._first(frozenset.__iter__(value), depth), frozenset.__len__(value), depth)

    def _items(self, items: list[Any], size: int, depth: int) -> list[Any]:
        """The first of `size` items, in the list that was given."""
        notes = counted(size) if size > len(items) else None
        quote, quoted, left = self._quote, self._quoted, self.left
        for place, item in enumerate(items):
            kind = type(item)
            if kind is str and len(item) <= left and len(item) <= MAX_QUOTE and (text := quoted(item)):
                items[place] = text
                left -= len(text) + 4
            elif (kind is int and SMALL_INT < item < BIG_INT) or item is None or kind is bool:
                if quote:
                    items[place] = repr(item)
            else:
                self.left = left
                items[place] = self.string(item) if kind is str else self._value(item, kind, depth - 1)
                left = self.left
                if self.notes is not None:
                    notes = self._gathered(notes, str(place), self._take_notes())
        self.left = left - ITEM_WEIGHT * size
        self.notes = notes
        return items

    def _first(self, items: Any, depth: int) -> list[Any]:
        """As many as breadth allows; fewer when another thread changes the container meanwhile."""
        found: list[Any] = []
        wide = depth >= self._wide_from
        try:
            found.extend(islice(items, max(self._breadth, ANY_BREADTH) if wide else self._breadth))
        except RuntimeError:
            return found
        return found

    # -- names

    def _key(self, key: Any) -> str:
        text = str.__str__(key) if issubclass(type(key), str) else self.reprs.text(key, 1)
        text = text if len(text) <= MAX_KEY else text[: MAX_KEY - 3] + "..."
        self.texts.append(text)
        return text

    # -- notes

    def note(self, path: Path, notes: Notes | None) -> None:
        """Put notes, if there are any, under their place in the event."""
        if notes:
            attach(self.meta, path, notes)

    def _take_notes(self) -> Notes | None:
        """The notes of what was made last, to be put under its place."""
        notes, self.notes = self.notes, None
        return notes

    def _gathered(self, notes: Notes | None, key: str, about: Notes | None) -> Notes:
        """The notes of a container, with those about one of its entries under its key."""
        self._owed += NOTE_WEIGHT
        if notes is None:
            return {key: about}
        notes[key] = about
        return notes


def _without_surplus(shown: dict[str, Any]) -> Notes:
    """Drop the variables beyond `MAX_NAMES`; the notes of those left."""
    size = len(shown)
    for name in list(shown)[MAX_NAMES:]:
        del shown[name]
    return counted(size)


def _way_of(kind: type) -> tuple[bool, Any]:
    """Whether instances of this class are followed as containers, and how they are read or written."""
    if issubclass(kind, tuple) and definer_of(kind, "_fields") is not object:
        return False, Walk.object_text
    for base, read in _CONTAINERS:
        if issubclass(kind, base):
            return True, read
    if kind is set:
        return True, Walk._set
    if kind is frozenset:
        return True, Walk._frozenset
    if name_of(kind) in _MAPPINGS and module_of(kind) in ("os", "builtins", "collections"):
        return True, Walk._foreign_mapping
    return False, Walk.named_text if is_only_named(kind) else Walk.object_text


_CONTAINERS: tuple[tuple[type, Any], ...] = ((dict, Walk._mapping), (list, Walk._list), (tuple, Walk._tuple))
"""Their subclasses are read through them, so that none of their own methods runs."""
_MAPPINGS = ("_Environ", "mappingproxy", "ChainMap")
_WAYS = KindCache()
_known_way = _WAYS.known.get
