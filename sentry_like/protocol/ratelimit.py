"""What the server told us not to send for now, by category.

No clock: `now` is monotonic seconds, `wall_now` epoch seconds, needed only for a `Retry-After` that names a
date. Whatever the headers say, reading them does not raise; a limit that cannot be read is skipped
(protocol, "Rate limits").
"""

from __future__ import annotations

from sentry_like.protocol.categories import ALIASES, CATEGORIES, INTERNAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ALL = "all"
"""Our key for a limit on everything but client reports; as a name in the header it is unknown."""

DEFAULT_SECONDS = 60.0
"""How long a bare 429 lasts."""

MAX_SECONDS = 86400.0
"""A longer limit is taken for a day, so that a mistake of the server does not silence a process for good."""


class RateLimits:
    """Until when each category is limited: `deadlines` maps category, or `ALL`, to monotonic seconds.

    One thread updates, any may ask.
    """

    __slots__ = ("deadlines",)

    def __init__(self) -> None:
        self.deadlines: dict[str, float] = {}

    def update(self, status: int, headers: Mapping[str, str], *, now: float, wall_now: float) -> None:
        """Note what a response says, of any status; of two limits on a category the later deadline stays."""
        limits = _header(headers, "x-sentry-rate-limits")
        if limits:
            for seconds, categories in _limits(limits):
                for category in categories:
                    self._limit(category, now + seconds)
        elif status == 429:
            self._limit(ALL, now + _retry_after(_header(headers, "retry-after"), wall_now))

    def until(self, category: str, now: float) -> float:
        """From when on the category may be sent, in monotonic seconds; `now` if it may be sent already."""
        if category == INTERNAL:
            return now
        return max(now, self.deadlines.get(category, now), self.deadlines.get(ALL, now))

    def is_limited(self, category: str, now: float) -> bool:
        """Whether the category must wait. Client reports never do: no server limits them."""
        return self.until(category, now) > now

    def _limit(self, category: str, deadline: float) -> None:
        self.deadlines[category] = max(deadline, self.deadlines.get(category, deadline))


def _header(headers: Mapping[str, str], wanted: str) -> str:
    """The header's values, joined by commas; "" when there is none. Its name matches in any case."""
    values = [
        value.strip()
        for name, value in headers.items()
        if isinstance(name, str) and isinstance(value, str) and name.lower() == wanted
    ]
    return ",".join(value for value in values if value)


def _limits(header: str) -> Iterator[tuple[float, tuple[str, ...]]]:
    """The first two fields, which matter, of each `seconds:categories:scope:reason:namespaces`."""
    for limit in header.split(","):
        seconds, _, rest = limit.partition(":")
        duration = _seconds(seconds)
        if duration is not None:
            yield duration, _categories(rest.partition(":")[0])


def _categories(field: str) -> tuple[str, ...]:
    """The categories that are known; `(ALL,)` only for a field that names none at all."""
    names = [name.strip() for name in field.split(";")]
    if not any(names):
        return (ALL,)
    return tuple(name for name in (ALIASES.get(name, name) for name in names) if name in CATEGORIES)


def _seconds(text: str) -> float | None:
    """A duration in whole or decimal seconds, at most `MAX_SECONDS`; `None` for anything else, like -1."""
    text = text.strip()
    if not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    return min(float(text), MAX_SECONDS)


def _retry_after(value: str, wall_now: float) -> float:
    """The seconds a `Retry-After` asks for, as a number or a date; `DEFAULT_SECONDS` when it says neither."""
    seconds = _seconds(value)
    if seconds is not None:
        return seconds
    date = _http_date(value) if value else None
    if date is None:
        return DEFAULT_SECONDS
    return min(max(date - wall_now, 0.0), MAX_SECONDS)


def _http_date(text: str) -> float | None:
    from email.utils import mktime_tz, parsedate_tz

    try:
        parts = parsedate_tz(text)
        return None if parts is None else float(mktime_tz(parts))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
