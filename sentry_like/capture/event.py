"""One event's share of the capture room: builds what it consists of, keeps secrets and oddities out.

Loaded with the first event, and so is what it imports.
"""

from __future__ import annotations

from sentry_like.capture import crumbs
from sentry_like.capture.exceptions import build_values
from sentry_like.capture.limits import HARD_LIMIT, WHOLE_EVENT
from sentry_like.capture.meta import counted
from sentry_like.capture.scrub import EventScrubber, replace_texts
from sentry_like.capture.serialize import Walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from sentry_like.capture.cleaning import Capture
    from sentry_like.capture.limits import Limits
    from sentry_like.types import Breadcrumb, Event, ExcInfo, Mechanism

MAX_MESSAGE = 8192
UNSHARED = 2
"""The version of `marshal` that writes an object once for each place where it stands."""
NOTHING_SECRET = EventScrubber(denylist=(), pii_denylist=())


class Cleaning:
    """One event's share of the capture room."""

    __slots__ = ("_capture", "_crumb_walk", "_is_foreign", "walk")

    def __init__(self, capture: Capture) -> None:
        self._capture = capture
        self._crumb_walk: Walk | None = None
        self._is_foreign = False
        self.walk = Walk(capture.limits, capture.scrubber, capture.custom_repr)

    def exception(self, exc_info: ExcInfo, mechanism: Mechanism | None, caller: FrameType | None) -> Event:
        """The event of an exception: chain, frames, source lines, locals."""
        values = build_values(exc_info, mechanism, self._capture.frames, self.walk, caller)
        return {"level": "error", "exception": {"values": values}}

    def message(self, message: Any, level: str, caller: FrameType | None) -> Event:
        """The event of a message; with `attach_stacktrace` it says where it was captured."""
        event: Event = {"level": level, "message": self.walk.text(message, MAX_MESSAGE, ("message",))}
        if self._capture.attach_stacktrace:
            event.update(self.threads(caller))
        return event

    @property
    def scrubber(self) -> EventScrubber:
        return self._capture.scrubber

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
        """`{"threads": ...}` with the stack that leads to a frame, as a server shows the place of a message;
        empty without frames.
        """
        path = ("threads", "values", "0", "stacktrace", "frames")
        frames = self._capture.frames.of_stack(frame, self.walk, path)
        if not frames:
            return {}
        thread = {"crashed": False, "current": True, "stacktrace": {"frames": frames}}
        return {"threads": {"values": [thread]}}

    def note_breadcrumbs(self, total: int) -> None:
        self.walk.note(("breadcrumbs",), counted(total))

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
        elif replacements := scrubber.dirty(walk.texts, walk.quotes):
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
