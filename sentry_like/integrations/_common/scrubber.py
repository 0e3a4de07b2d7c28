"""The scrubber that integrations clean with what they make late: that of the current client."""

from __future__ import annotations

from sentry_like.capture.scrub import EventScrubber
from sentry_like.hub import Hub


def current_scrubber() -> EventScrubber:
    """The current client's scrubber; without a client a careful one."""
    scrubber = getattr(Hub.current.client, "scrubber", None)
    return scrubber if isinstance(scrubber, EventScrubber) else EventScrubber()
