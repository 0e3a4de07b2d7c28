"""Moments as the protocol writes them: RFC 3339 in UTC, six digits of a second; and back.

Pure arithmetic on the proleptic Gregorian calendar, years 1 to 9999. No `datetime`, which `import
sentry_like` would feel, and no `gmtime`, which refuses moments before 1970 on some systems.
"""

from __future__ import annotations

DAY = 86400
MICROSECONDS = 1_000_000
FIRST = -62135596800
"""0001-01-01T00:00:00Z in epoch seconds."""
LAST = 253402300799
"""9999-12-31T23:59:59Z in epoch seconds."""

DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DIGITS = frozenset("0123456789")
SEPARATORS = frozenset({"--T::", "--t::"})


def format_timestamp(epoch_seconds: float) -> str:
    """The moment as "2026-01-02T03:04:05.678901Z", rounded to the nearest microsecond.

    Raises:
        ValueError: the moment is not a number or outside the years 1 to 9999.
    """
    if not FIRST <= epoch_seconds < LAST + 1:
        raise ValueError("a timestamp must be a number of seconds within the years 1 to 9999")
    seconds = int(epoch_seconds)
    micros = round((epoch_seconds - seconds) * MICROSECONDS)
    if micros < 0:
        seconds, micros = seconds - 1, micros + MICROSECONDS
    elif micros == MICROSECONDS:
        seconds, micros = seconds + 1, 0
    days, rest = divmod(seconds, DAY)
    minutes, second = divmod(rest, 60)
    return f"{_date_text(days)}T{minutes // 60:02d}:{minutes % 60:02d}:{second:02d}.{micros:06d}Z"


def parse_timestamp(text: str) -> float:
    """Epoch seconds of an RFC 3339 text; one without an offset is UTC (protocol, "Timestamps").

    A 60th second, as a leap second has, is the next minute's first.

    Raises:
        ValueError: it is no such text, or no such moment.
    """
    if len(text) < 19 or text[4:17:3] not in SEPARATORS:
        raise ValueError("a timestamp must look like 2026-01-02T03:04:05.678901Z")
    year, month, day = _number(text[0:4]), _number(text[5:7]), _number(text[8:10])
    hour, minute, second = _number(text[11:13]), _number(text[14:16]), _number(text[17:19])
    if not (year and 1 <= month <= 12 and 1 <= day <= _days_in_month(year, month)):
        raise ValueError("a timestamp must name a day that exists")
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("a timestamp must name a time of day that exists")
    fraction, offset = _fraction_and_offset(text[19:])
    return _days(year, month, day) * DAY + hour * 3600 + minute * 60 + second - offset + fraction


def _number(digits: str) -> int:
    if not digits or not DIGITS.issuperset(digits):
        raise ValueError("a timestamp must have digits where numbers belong")
    return int(digits)


def _fraction_and_offset(rest: str) -> tuple[float, int]:
    """What follows the seconds: `(part of a second, offset from UTC in seconds)`."""
    fraction = 0.0
    if rest.startswith("."):
        digits = rest[1 : len(rest) - len(rest[1:].lstrip("0123456789"))]
        _number(digits[:1])
        fraction = float(f"0.{digits}")
        rest = rest[1 + len(digits) :]
    if rest in ("", "Z", "z"):
        return fraction, 0
    if len(rest) != 6 or rest[0] not in "+-" or rest[3] != ":":
        raise ValueError("a timestamp must end in Z or an offset like +02:00")
    hours, minutes = _number(rest[1:3]), _number(rest[4:6])
    if hours > 23 or minutes > 59:
        raise ValueError("a timestamp's offset must be less than a day")
    offset = hours * 3600 + minutes * 60
    return fraction, offset if rest[0] == "+" else -offset


def _days_in_month(year: int, month: int) -> int:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else DAYS_IN_MONTH[month - 1]


# Both ways, years begin in March, so that the leap day is a year's last; an era is 400 years, or 146097 days.
# 719468 days lie between the first era's start, 0000-03-01, and 1970-01-01.


def _date_text(days: int) -> str:
    """The day counted from 1970-01-01 as "2026-01-02"; the last one is remembered, for mostly it is today."""
    text = _today.get(days)
    if text is None:
        year, month, day = _date(days)
        text = f"{year:04d}-{month:02d}-{day:02d}"
        _today.clear()
        _today[days] = text
    return text


_today: dict[int, str] = {}


def _date(days: int) -> tuple[int, int, int]:
    """`(year, month, day)` of a day counted from 1970-01-01."""
    era, day_of_era = divmod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * march_month + 2) // 5 + 1
    month = march_month + 3 if march_month < 10 else march_month - 9
    return era * 400 + year_of_era + (month <= 2), month, day


def _days(year: int, month: int, day: int) -> int:
    """The day counted from 1970-01-01."""
    era, year_of_era = divmod(year - (month <= 2), 400)
    march_month = month - 3 if month > 2 else month + 9
    day_of_year = (153 * march_month + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468
