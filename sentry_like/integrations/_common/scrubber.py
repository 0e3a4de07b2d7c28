"""The scrubber that integrations clean with what they make late: that of the current client."""

from __future__ import annotations

from sentry_like.capture.scrub import EventScrubber
from sentry_like.hub import Hub


def current_scrubber() -> EventScrubber:
    """The current client's scrubber, or one with the same privacy where it has a foreign one or none."""
    client = Hub.current.client
    options = getattr(client, "options", None)
    own = getattr(options, "event_scrubber", None)
    if isinstance(own, EventScrubber):
        return own
    return EventScrubber(send_default_pii=bool(getattr(options, "send_default_pii", False)))
