"""Values into JSON-safe data, each visited once: the bags that users hand in, and the locals of frames.

Built-in containers are read through their own C methods; every other object becomes text (`reprs`). Depth, breadth and size are
bounded, secrets are replaced by name on the way, and each cut is noted in `_meta` (protocol, "_meta").
"""

from __future__ import annotations

from itertools import islice

from sentry_like.capture.reprs import BIG_INT, Reprs
from sentry_like.capture.scrub import FILTERED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber

CYCLE = "<cyclic>"
DEEP_BAG, DEEP_LOCALS, DEEP_CRUMB = 0, -2, -2
"""How far the depth of each kind of bag is from `max_depth` (protocol, "Size/depth limits": extra 5, vars 3, breadcrumb data 3)."""
MAX_KEY = 200
SUMMARY = 48
"""Characters left to a local once its frame has used up its room."""


class Limits:
    """How much of a value is kept; from the options `max_depth`, `max_breadth`, `max_value_length`, `max_event_bytes`."""

    __slots__ = ("breadth", "depth", "event", "frame", "text")

    def __init__(self, depth: int, breadth: int, text: int, event: int) -> None:
        self.depth = depth
        self.breadth = breadth
        self.text = text
        self.event = event
        self.frame = max(
            2048, 2 * text
        )  # of all locals of one frame: the server cuts at 2048 (protocol, 4.5)


class Walk:
    """One event's walk over foreign values: its budget, its `_meta`, and the texts that detectors have yet to see."""

    __slots__ = (
        "_by_name",
        "_is_secret",
        "_known_secrets",
        "_limits",
        "_memo",
        "_quote",
        "_recursive",
        "_reprs",
        "left",
        "meta",
        "path",
        "texts",
    )

    def __init__(
        self, limits: Limits, scrubber: EventScrubber, custom_repr: Callable[[Any], str | None] | None = None
    ) -> None:
        self._limits = limits
        self._is_secret = scrubber.is_secret
        self._known_secrets = scrubber.known
        self._recursive = scrubber.recursive
        self._reprs = Reprs(limits.text, scrubber.is_secret, custom_repr)
        self._memo: dict[int, tuple[Any, Any, int]] = {}
        self._quote = False
        self._by_name = True
        self.left = limits.event
        self.meta: dict[str, Any] = {}
        self.path: list[str] = []
        self.texts: list[str] = []

    def locals(self, namespace: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
        """A frame's variables as text, containers as containers of text; every name is kept, values as room allows."""
        shown: dict[str, Any] = {}
        texts, is_secret, known_secrets = self.texts, self._is_secret, self._known_secrets
        limit, depth = self._limits.text, self._limits.depth + DEEP_LOCALS
        room = start = min(self._limits.frame, self.left)
        self._quote = self._by_name = True
        self.path[:] = path
        for name, value in _snapshot(namespace):
            kind = type(value)
            secret = known_secrets.get(name)
            if secret or (secret is None and is_secret(name)):
                shown[name] = FILTERED
                self.note(name, rem=["!config", "s"])
            elif kind is str and len(value) <= limit and room > 0:
                shown[name] = text = repr(value)
                texts.append(text)
                room -= len(text)
            elif (kind is int and -BIG_INT < value < BIG_INT) or kind is bool or value is None:
                shown[name] = repr(value)
                room -= 6
            elif room > 0:
                before = self.left
                shown[name] = self.value(value, depth, name)
                room -= before - self.left
                self.left = before
            else:
                shown[name] = self._summary(name, value)
            room -= len(name) + 6
        self.left -= start - room
        return shown

    def bag(self, value: Any, path: tuple[str, ...], depth: int = DEEP_BAG, *, by_name: bool = True) -> Any:
        """What a user handed in, as plain JSON data: numbers and texts as they are, other objects as their repr.

        With `by_name=False` nothing is replaced because of the name it is kept under.
        """
        self._quote = False
        self._by_name = by_name
        self.path[:] = path[:-1]
        return self.value(value, self._limits.depth + 1 + depth, path[-1])

    def text(self, value: Any, limit: int) -> str:
        """A text that is sent whole up to `limit` characters: a message, an exception's value."""
        text = value if type(value) is str else self._reprs.foreign(value)
        if len(text) > limit:
            text = text[: limit - 3] + "..."
        self.texts.append(text)
        self.left -= len(text)
        return text

    # -- one value

    def value(self, value: Any, depth: int, key: str) -> Any:
        """Any value as JSON-safe data, `depth` levels of containers deep; `key` is its place, for `_meta`."""
        kind = type(value)
        if kind is str:
            return self._string(value, key)
        if value is None or kind is bool:
            return repr(value) if self._quote else value
        if kind is int and -BIG_INT < value < BIG_INT:
            self.left -= 8
            return repr(value) if self._quote else value
        if kind is float:
            self.left -= 16
            return value if not self._quote and value - value == 0.0 else repr(value)
        known = self._memo.get(id(value))
        if known is not None and known[0] is value:
            self.left -= known[2]
            return known[1]
        if kind in _CONTAINERS or _is_container(kind):
            return self._container(value, kind, depth, key)
        before = self.left
        made = self._object(value, kind)
        self._memo[id(value)] = (value, made, before - self.left)
        return made

    def _container(self, value: Any, kind: type, depth: int, key: str) -> Any:
        before = self.left
        self._memo[id(value)] = (value, CYCLE, 8)
        self.path.append(key)
        made: Any
        if depth <= 0 or self.left <= 0:
            made = self._object(value, kind)
            self.note_here(rem=["!limit", "x"])
        elif kind is dict or issubclass(kind, dict):
            made = self._mapping(dict.items(value), dict.__len__(value), depth)
        elif kind in _SEQUENCES or issubclass(kind, (list, tuple)):
            made = self._sequence(value, depth)
        else:
            made = self._foreign_mapping(value, depth)
        self.path.pop()
        self._memo[id(value)] = (value, made, before - self.left)
        return made

    def _string(self, value: str, key: str) -> str:
        limit = self._limits.text
        size = len(value)
        if size > limit:
            value = value[: limit - 3] + "..."
            self.note(key, rem=["!limit", "x", limit - 3, limit], len=size)
        text = repr(value) if self._quote else value
        self.texts.append(text)
        self.left -= len(text) + 4
        return text

    def _mapping(self, items: Any, size: int, depth: int) -> dict[str, Any]:
        shown: dict[str, Any] = {}
        judged = self._by_name and (self._recursive or len(self.path) <= 2)
        for name, item in self._first(items, size):
            key = name if type(name) is str and len(name) <= MAX_KEY else self._key(name)
            if judged and self._is_secret(key):
                shown[key] = FILTERED
                self.note(key, rem=["!config", "s"])
            else:
                shown[key] = self.value(item, depth - 1, key)
            self.left -= len(key) + 6
        if size > self._limits.breadth:
            self.note_here(len=size)
        return shown

    def _sequence(self, value: Any, depth: int) -> list[Any]:
        size = len(value)
        made = [
            self.value(item, depth - 1, str(place)) for place, item in enumerate(self._first(value, size))
        ]
        if size > self._limits.breadth:
            self.note_here(len=size)
        return made

    def _foreign_mapping(self, value: Any, depth: int) -> Any:
        """A mapping that is no dict (`os.environ`, headers): read by its own methods, guarded."""
        try:
            items = [(key, value[key]) for key in islice(value, self._limits.breadth)]
            size = len(value)
        except Exception:  # noqa: BLE001  # a foreign mapping may raise anything
            return self._object(value, type(value))
        return self._mapping(items, size, depth)

    def _object(self, value: Any, kind: type) -> str:
        if kind is bytes and not self._quote:
            text = self._reprs.cut(value[: self._limits.text + 1].decode("utf-8", "replace"))
        elif issubclass(kind, str) and not self._quote:
            text = self._reprs.cut(str.__str__(value)[: self._limits.text + 1])
        else:
            text = self._reprs.text(value)
        self.texts.append(text)
        self.left -= len(text) + 4
        return text

    def _key(self, key: Any) -> str:
        text = str.__str__(key) if issubclass(type(key), str) else self._reprs.text(key, 1)
        return text if len(text) <= MAX_KEY else text[: MAX_KEY - 3] + "..."

    def _first(self, items: Any, size: int) -> Any:
        """As many as breadth allows; fewer when another thread changes the container meanwhile."""
        found: list[Any] = []
        try:
            found.extend(islice(items, self._limits.breadth))
        except RuntimeError:
            return found
        return found

    def _summary(self, name: str, value: Any) -> str:
        """A short form for the locals that come after a frame's room is used up."""
        kind = type(value)
        if kind in (int, float):
            return self._reprs.text(value)[:SUMMARY]
        size = f" of {len(value)}" if kind in _CONTAINERS or kind is str else ""
        self.note(name, rem=["!limit", "x"])
        return f"<{kind.__qualname__}{size}>"

    # -- _meta

    def note(self, key: str, **fields: Any) -> None:
        """Annotate the child `key` of the node being walked: `rem` is one remark, `len` the original length."""
        self.path.append(key)
        self.note_here(**fields)
        self.path.pop()

    def note_here(self, **fields: Any) -> None:
        node = self.meta
        for step in self.path:
            node = node.setdefault(step, {})
        about = node.setdefault("", {})
        if "rem" in fields:
            about.setdefault("rem", []).append(fields["rem"])
        if "len" in fields:
            about["len"] = fields["len"]


def _snapshot(namespace: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The items of a frame's locals; a module-level frame's are its globals, which other threads may be changing."""
    for _ in range(3):
        try:
            return list(namespace.items())
        except RuntimeError:  # changed size during iteration
            continue
    return []


def _is_container(kind: type) -> bool:
    """Whether a class that is no built-in container is read as one: their subclasses, and the library's own mappings."""
    if issubclass(kind, (dict, list)):
        return True
    if issubclass(kind, tuple):
        return not hasattr(kind, "_fields")
    return kind.__name__ in _MAPPINGS and kind.__module__ in ("os", "builtins", "collections")


_MAPPINGS = ("_Environ", "mappingproxy", "ChainMap")
_SEQUENCES = frozenset((list, tuple, set, frozenset))
_CONTAINERS = _SEQUENCES | {dict}
