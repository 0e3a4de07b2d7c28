"""The capture room as one client sees it: what all its events share. The first of them loads the rest."""

from __future__ import annotations

from sentry_like.capture.limits import WHOLE_EVENT, Limits
from sentry_like.capture.scrub import EventScrubber

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.event import Cleaning as Cleaning
    from sentry_like.capture.frames import Frames
    from sentry_like.options import Options
    from sentry_like.types import Event, ExcInfo


def load() -> None:
    """Import what only events need: a program that never fails does without regular expressions."""
    import sentry_like.capture.event
    import sentry_like.capture.frames
    import sentry_like.capture.texts
    import sentry_like.capture.writers  # noqa: F401  # all are imported again where they are used


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
        self.attach_stacktrace = bool(options.attach_stacktrace)
        self._options = options
        self._frames: Frames | None = None
        self._cleaning: type[Cleaning] | None = None

    @property
    def frames(self) -> Frames:
        """Builds frames; made for the first event, as it brings what reads source files."""
        if self._frames is None:
            from sentry_like.capture.frames import Frames

            self._frames = Frames(self._options, self.scrubber)
        return self._frames

    def start(self) -> Cleaning:
        """What one event is made with."""
        if self._cleaning is None:
            from sentry_like.capture.event import Cleaning

            self._cleaning = Cleaning
        return self._cleaning(self)

    def sketch(self, exc_info: ExcInfo) -> Event:
        """What an `error_sampler` may judge by before anything is built: the exceptions' types, no frames."""
        from sentry_like.capture.exceptions import sketch

        return {"level": "error", "exception": {"values": sketch(exc_info[1])}}


def _custom_scrub(own: Any) -> Any:
    """The user's own `scrub_event`, when it is more than our scrubber with other lists."""
    method = getattr(own, "scrub_event", None)
    return None if getattr(method, "__func__", None) is EventScrubber.scrub_event else method
