"""Timestamps agree with `datetime` to the microsecond, over all years."""

from __future__ import annotations

import math
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentry_like.protocol.time import FIRST, LAST, format_timestamp, parse_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


KNOWN = {
    "epoch": (0, "1970-01-01T00:00:00.000000Z"),
    "whole seconds": (1767323045, "2026-01-02T03:04:05.000000Z"),
    "fraction": (1767323045.678901, "2026-01-02T03:04:05.678901Z"),
    "before the epoch": (-0.5, "1969-12-31T23:59:59.500000Z"),
    "just before the epoch": (-1e-9, "1970-01-01T00:00:00.000000Z"),
    "rounds up to the next second": (59.9999999, "1970-01-01T00:01:00.000000Z"),
    "rounds up to the next year": (1767225599.9999999, "2026-01-01T00:00:00.000000Z"),
    "half rounds to even": (0.5e-6, "1970-01-01T00:00:00.000000Z"),
    "leap day": (951782400, "2000-02-29T00:00:00.000000Z"),
    "no leap day in 1900": (-2203891200, "1900-03-01T00:00:00.000000Z"),
    "first moment": (FIRST, "0001-01-01T00:00:00.000000Z"),
    "last second": (LAST, "9999-12-31T23:59:59.000000Z"),
    "last moment": (math.nextafter(LAST + 1, 0), "9999-12-31T23:59:59.999969Z"),
}


@pytest.mark.parametrize(("seconds", "text"), KNOWN.values(), ids=KNOWN)
def test_a_moment_is_written(seconds, text):
    assert format_timestamp(seconds) == text


@given(st.integers(FIRST, LAST))
@example(FIRST)
@example(LAST)
def test_whole_seconds_agree_with_datetime_over_all_years(seconds):
    moment = EPOCH + timedelta(seconds=seconds)
    text = format_timestamp(seconds)
    assert text == moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    assert parse_timestamp(text) == seconds


@given(st.floats(-1e10, 1e10))
def test_fractions_agree_with_datetime(seconds):
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    assert format_timestamp(seconds) == moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


@given(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)))
def test_microseconds_survive_the_round_trip(moment):
    text = moment.isoformat(timespec="microseconds") + "Z"
    assert format_timestamp(parse_timestamp(text)) == text


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, FIRST - 1, LAST + 1, 1e300, 10**400])
def test_a_moment_that_has_no_text_is_refused(seconds):
    with pytest.raises(ValueError, match="years 1 to 9999"):
        format_timestamp(seconds)


READ = {
    "utc": ("1970-01-01T00:00:01Z", 1.0),
    "no zone is utc": ("1970-01-01T00:00:01", 1.0),
    "small letters": ("1970-01-01t00:00:01z", 1.0),
    "one digit of a second": ("1970-01-01T00:00:01.5Z", 1.5),
    "nine digits of a second": ("1970-01-01T00:00:00.000000001Z", 1e-9),
    "fraction without zone": ("1970-01-01T00:00:01.25", 1.25),
    "east": ("1970-01-01T02:00:01+02:00", 1.0),
    "west": ("1969-12-31T18:30:01.5-05:30", 1.5),
    "leap second": ("2016-12-31T23:59:60Z", 1483228800.0),
}


@pytest.mark.parametrize(("text", "seconds"), READ.values(), ids=READ)
def test_every_spelling_of_rfc_3339_is_read(text, seconds):
    assert parse_timestamp(text) == seconds


UNREADABLE = [
    "",
    "2026-01-02",
    "2026-01-02 03:04:05Z",
    "2026-13-02T03:04:05Z",
    "2026-00-02T03:04:05Z",
    "2026-02-29T03:04:05Z",
    "2026-01-32T03:04:05Z",
    "2026-01-00T03:04:05Z",
    "0000-01-01T00:00:00Z",
    "2026-01-02T24:04:05Z",
    "2026-01-02T03:60:05Z",
    "2026-01-02T03:04:61Z",
    "2026-01-02T03:04:05.Z",
    "2026-01-02T03:04:05X",
    "2026-01-02T03:04:05+0200",
    "2026-01-02T03:04:05+24:00",
    "2026-01-02T03:04:05+02:60",
    "2026-01-02T03:04:05ZZ",
    "2026-01-02T03:04:05Z\n",
    "20260102T030405Z...",
    "+026-01-02T03:04:05Z",
    "2026-01-02T 3:04:05Z",
    "2026-01-02T03:04:0\u0665Z",
    "2026-01-02T03:04:05.\u0665Z",
    "1767323045.678901000",
]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_no_timestamp_is_refused(text):
    with pytest.raises(ValueError, match="a timestamp"):
        parse_timestamp(text)


@given(st.text("0123456789-:TZ.+ \u0665", max_size=40))
def test_no_text_raises_anything_but_value_error(text):
    try:
        assert math.isfinite(parse_timestamp(text))
    except ValueError:
        return
