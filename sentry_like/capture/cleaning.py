"""The capture room as one client sees it: builds what events consist of, keeps secrets and oddities out."""

from __future__ import annotations

from sentry_like.capture import crumbs
from sentry_like.capture.exceptions import build_values, flatten
from sentry_like.capture.frames import Frames
from sentry_like.capture.kinds import module_of, name_of
from sentry_like.capture.scrub import EventScrubber, replace_texts
from sentry_like.capture.serialize import Limits, Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from sentry_like.options import Options
    from sentry_like.types import Breadcrumb, Event, ExcInfo, Mechanism

MAX_MESSAGE = 8192
HARD_LIMIT = 1_000_000
"""Bytes of one event that no server takes more than (protocol, "Size limits")."""
WHOLE_EVENT = Limits(depth=24, breadth=1000, text=8192, event=HARD_LIMIT)
"""How much is kept of an event from foreign code; the fields' own limits are the server's business."""
UNSHARED = 2
"""The version of `marshal` that writes an object once for each place where it stands."""


def load() -> None:
    """Import what only events need: a program that never fails does without regular expressions."""
    import sentry_like.capture.texts
    import sentry_like.capture.writers  # noqa: F401  # both are imported again where they are used


class Capture:
    """What all events of a client share: limits, scrubber, and the cache of frame facts."""

    def __init__(self, options: Options) -> None:
        own = options.event_scrubber
        is_ours = isinstance(own, EventScrubber)
        self.scrubber = own if is_ours else EventScrubber(send_default_pii=bool(options.send_default_pii))
        self.custom_scrub = _custom_scrub(own)
        self.custom_repr = options.custom_repr
        depth, breadth, text = options.max_depth, options.max_breadth, options.max_value_length
        self.limits = Limits(depth, breadth, text, options.max_event_bytes)
        self.crumb_limits = Limits(depth, breadth, text, max(4096, 3 * text))
        self.strict = Limits(WHOLE_EVENT.depth, WHOLE_EVENT.breadth, text, options.max_event_bytes)
        self.frames = Frames(options, self.scrubber)
        self._attach_stacktrace = bool(options.attach_stacktrace)

    def start(self) -> Cleaning:
        """What one event is made with."""
        return Cleaning(self)

    def exception(
        self, exc_info: ExcInfo, mechanism: Mechanism | None, caller: FrameType | None, cleaning: Cleaning
    ) -> Event:
        """The event of an exception: chain, frames, source lines, locals."""
        values = build_values(exc_info, mechanism, self.frames, cleaning.walk, caller)
        return {"level": "error", "exception": {"values": values}}

    def message(self, message: Any, level: str, caller: FrameType | None, cleaning: Cleaning) -> Event:
        """The event of a message; with `attach_stacktrace` it says where it was captured."""
        walk = cleaning.walk
        event: Event = {"level": level, "message": walk.text(message, MAX_MESSAGE, ("message",))}
        if self._attach_stacktrace:
            event.update(cleaning.threads(caller))
        return event

    def foreign(self, event: Event, cleaning: Cleaning) -> Event:
        """An event that the application made by hand, as data of our own."""
        return cleaning.sanitise(event)

    def sketch(self, exc_info: ExcInfo) -> Event:
        """What an `error_sampler` may judge by before anything is built: the exceptions' types, no frames."""
        links, _ = flatten(exc_info[1])
        kinds = [type(link.error) for link in reversed(links)]
        values = [{"type": name_of(kind), "module": module_of(kind)} for kind in kinds]
        return {"level": "error", "exception": {"values": values}}


class Cleaning:
    """One event's share of the capture room."""

    __slots__ = ("_capture", "_crumb_walk", "_is_foreign", "walk")

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._crumb_walk: Walk | None = None
        self._is_foreign = False
        self.walk = Walk(capture.limits, capture.scrubber, capture.custom_repr)

    @property
    def meta(self) -> dict[str, Any]:
        return self.walk.meta

    def weight(self) -> int:
        """About how many bytes the event holds."""
        return max(1000, self._capture.limits.event - self.walk.left)

    def bag(self, value: Any, path: tuple[str, ...]) -> Any:
        """What a user handed in as JSON-safe data. What was set by hand as user is not judged by name."""
        return self.walk.bag(value, path, by_name=path != ("user",))

    def breadcrumb(self, crumb: Breadcrumb) -> Breadcrumb:
        """A crumb in the form in which it is sent."""
        if self._crumb_walk is None:
            capture = self._capture
            self._crumb_walk = Walk(capture.crumb_limits, capture.scrubber, capture.custom_repr)
        return crumbs.finish(crumb, self._crumb_walk, self._capture.scrubber)

    def text(self, value: Any, maximum: int, path: tuple[str, ...]) -> str:
        """A value as text of at most so many characters; cutting is noted in the event's `_meta`."""
        return self.walk.text(value, maximum, path)

    def threads(self, frame: FrameType | None) -> Event:
        """`{"threads": ...}` with the stack that leads to a frame, as the server shows the place of a message;
        empty without frames.
        """
        path = ("threads", "values", "0", "stacktrace", "frames")
        frames = self._capture.frames.of_stack(frame, self.walk, path)
        if not frames:
            return {}
        thread = {"crashed": False, "current": True, "stacktrace": {"frames": frames}}
        return {"threads": {"values": [thread]}}

    def note_breadcrumbs(self, total: int) -> None:
        self.walk.path[:] = ("breadcrumbs",)
        self.walk.note_here(len=total)

    def copy(self, event: Event) -> Event:
        """A copy that shares nothing with other events, for code that may edit it."""
        from marshal import dumps, loads

        try:
            made: Event = loads(dumps(event, UNSHARED))
        except ValueError:  # something in it is not plain data
            return self.sanitise(event)
        return made

    def sanitise(self, event: Event) -> Event:
        """An event that foreign code had in its hands, as plain bounded data; `scrub` looks at all of it."""
        self._is_foreign = True
        return self._rebuilt(event, WHOLE_EVENT)

    def scrub(self, event: Event) -> Event:
        """The event without secrets.

        Those kept under a telling name are already gone; here go those told by their shape.
        """
        scrubber = self._capture.scrubber
        walk = self.walk
        if self._is_foreign:
            event = scrubber.clean_event(event)
            walk.meta = scrubber.clean_values(walk.meta)
        elif replacements := scrubber.texts.dirty(walk.texts):
            event = replace_texts(event, replacements)
            walk.meta = replace_texts(walk.meta, replacements)
        if self._capture.custom_scrub is not None:
            event = self.copy(event)
            answer = self._capture.custom_scrub(event)
            event = self.settle(answer if isinstance(answer, dict) else event)
        return event

    def settle(self, event: Event) -> Event:
        """What `before_send` answered, as plain data of a size that a server takes.

        What the hook put in is sent as given.
        """
        from marshal import dumps, loads

        try:
            data = dumps(event, UNSHARED)
        except ValueError:  # something in it is not plain data
            return self._rebuilt(event, self._capture.strict)
        if len(data) > HARD_LIMIT:
            return self._rebuilt(event, self._capture.strict)
        made: Event = loads(data)
        return made

    def _rebuilt(self, event: Event, limits: Limits) -> Event:
        walk = Walk(limits, NOTHING_SECRET, self._capture.custom_repr)
        made: Event = walk.bag(event, ("event",))
        if not isinstance(made.get("_meta", {}), dict):
            del made["_meta"]
        for name, about in walk.meta.get("event", {}).items():
            self.walk.meta.setdefault(name, about)
        return made


def _custom_scrub(own: Any) -> Any:
    """The user's own `scrub_event`, when it is more than our scrubber with other lists."""
    method = getattr(own, "scrub_event", None)
    return None if getattr(method, "__func__", None) is EventScrubber.scrub_event else method


NOTHING_SECRET = EventScrubber(denylist=(), pii_denylist=())
