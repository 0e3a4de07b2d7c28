"""Limits are read as the protocol says, kept as long as any response asked for, and never raise."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentry_like.protocol.categories import CATEGORIES, INTERNAL
from sentry_like.protocol.ratelimit import ALL, MAX_SECONDS, RateLimits

NOW = 1000.0
WALL_NOW = 1767323045.0


def limited(header: str, status: int = 200) -> dict[str, float]:
    """The seconds for which the header limits each category."""
    limits = RateLimits()
    limits.update(status, {"X-Sentry-Rate-Limits": header}, now=NOW, wall_now=WALL_NOW)
    return {category: deadline - NOW for category, deadline in limits.deadlines.items()}


HEADERS = {
    "one": ("60:transaction:organization", {"transaction": 60}),
    "several categories": ("60:transaction;span:organization", {"transaction": 60, "span": 60}),
    "several limits": (
        "60:transaction:key, 2700:default;error;security:organization:quota",
        {"transaction": 60, "default": 2700, "error": 2700, "security": 2700},
    ),
    "decimal seconds": ("1.5:error:key", {"error": 1.5}),
    "decimals without a leading zero": (".5:error:key", {"error": 0.5}),
    "spaces everywhere": (
        " 60 : error ; span : key : reason , 5 : log_item ",
        {"error": 60, "span": 60, "log_item": 5},
    ),
    "empty category": ("60::key", {ALL: 60}),
    "blank category": ("60: :key", {ALL: 60}),
    "no field but the seconds": ("60", {ALL: 60}),
    "nothing after the category": ("60:error", {"error": 60}),
    "more fields than known": ("60:error:key:reason:ns:and:more", {"error": 60}),
    "empty reason before a namespace": ("60:metric_bucket:key::custom", {"metric_bucket": 60}),
    "unknown category": ("60:coffee:key", {}),
    "unknown beside known": ("60:coffee;error:key", {"error": 60}),
    "empty beside known": ("60:;error:key", {"error": 60}),
    "empty beside unknown": ("60:;coffee:key", {}),
    "the word all": ("60:all:key", {}),
    "our own category": ("60:internal:key", {}),
    "older name": ("60:user_report_v2:key", {"feedback": 60}),
    "the later of two": ("5:error:key, 60:error:organization, 7:error:project", {"error": 60}),
    "zero": ("0:error:key", {"error": 0}),
    "negative": ("-5:error:key", {}),
    "not a number": ("nan:error:key", {}),
    "infinite": ("inf:error:key", {}),
    "exponent": ("1e3:error:key", {}),
    "underscore": ("1_000:error:key", {}),
    "digits of another script": ("\u0661\u0662:error:key", {}),
    "superscript": ("\u00b2:error:key", {}),
    "two points": ("1.2.3:error:key", {}),
    "a point alone": (".:error:key", {}),
    "words": ("soon:error:key", {}),
    "no seconds": (":error:key", {}),
    "broken beside good": ("soon:error:key, 60:span:key", {"span": 60}),
    "absurdly long": ("99999999999:error:key", {"error": MAX_SECONDS}),
    "longer than a float": (f"{'9' * 400}:error:key", {"error": MAX_SECONDS}),
    "commas alone": (",,,", {}),
    "colons alone": (":::", {}),
}


@pytest.mark.parametrize(("header", "seconds"), HEADERS.values(), ids=HEADERS)
def test_the_header_limits_what_it_names(header, seconds):
    assert limited(header) == pytest.approx(seconds)


def test_an_empty_category_limits_everything_but_client_reports():
    limits = RateLimits()
    limits.update(200, {"X-Sentry-Rate-Limits": "60::key"}, now=NOW, wall_now=WALL_NOW)
    assert all(limits.is_limited(category, NOW + 59) for category in CATEGORIES)
    assert not limits.is_limited(INTERNAL, NOW)


def test_a_limit_ends_at_its_deadline():
    limits = RateLimits()
    limits.update(200, {"X-Sentry-Rate-Limits": "60:error:key"}, now=NOW, wall_now=WALL_NOW)
    assert limits.is_limited("error", NOW + 59.9)
    assert not limits.is_limited("error", NOW + 60)
    assert not limits.is_limited("transaction", NOW)


def test_until_is_the_later_of_the_categorys_and_the_general_limit():
    limits = RateLimits()
    limits.update(
        200, {"X-Sentry-Rate-Limits": "60::key, 10:error:key, 90:span:key"}, now=NOW, wall_now=WALL_NOW
    )
    assert [limits.until(category, NOW) - NOW for category in ("error", "span", INTERNAL)] == [60, 90, 0]


def test_a_shorter_limit_does_not_end_a_longer_one():
    limits = RateLimits()
    limits.update(200, {"X-Sentry-Rate-Limits": "60:error:key"}, now=NOW, wall_now=WALL_NOW)
    limits.update(200, {"X-Sentry-Rate-Limits": "1:error:key"}, now=NOW + 1, wall_now=WALL_NOW)
    assert limits.until("error", NOW + 1) == NOW + 60
    limits.update(200, {"X-Sentry-Rate-Limits": "100:error:key"}, now=NOW + 2, wall_now=WALL_NOW)
    assert limits.until("error", NOW + 2) == NOW + 102


@pytest.mark.parametrize("status", [200, 202, 400, 413, 429, 500, 503])
def test_the_header_counts_whatever_the_status(status):
    assert limited("60:error:key", status) == {"error": 60}


@pytest.mark.parametrize("name", ["x-sentry-rate-limits", "X-SENTRY-RATE-LIMITS", "X-Sentry-Rate-Limits"])
def test_the_header_is_found_in_any_case(name):
    limits = RateLimits()
    limits.update(200, {name: "60:error:key"}, now=NOW, wall_now=WALL_NOW)
    assert limits.is_limited("error", NOW)


BARE = {
    "429 alone": (429, {}, 60),
    "429 and seconds": (429, {"Retry-After": "17"}, 17),
    "429 and decimal seconds": (429, {"retry-after": "0.5"}, 0.5),
    "429 and a date": (429, {"Retry-After": formatdate(WALL_NOW + 90, usegmt=True)}, 90),
    "429 and a date that is over": (429, {"Retry-After": formatdate(WALL_NOW - 90, usegmt=True)}, 0),
    "429 and a date next year": (429, {"Retry-After": formatdate(WALL_NOW + 4e7, usegmt=True)}, MAX_SECONDS),
    "429 and nonsense": (429, {"Retry-After": "later"}, 60),
    "429 and a negative number": (429, {"Retry-After": "-1"}, 60),
    "429 and nan": (429, {"Retry-After": "nan"}, 60),
    "429 and an impossible date": (429, {"Retry-After": "Wed, 99 Foo 99999 99:99:99 GMT"}, 60),
    "429 and an empty header": (429, {"X-Sentry-Rate-Limits": " "}, 60),
}


@pytest.mark.parametrize(("status", "headers", "seconds"), BARE.values(), ids=BARE)
def test_a_429_without_the_header_limits_everything(status, headers, seconds):
    limits = RateLimits()
    limits.update(status, headers, now=NOW, wall_now=WALL_NOW)
    assert limits.deadlines == pytest.approx({ALL: NOW + seconds})


@pytest.mark.parametrize("header", ["60:error:key", "60:coffee:key"])
def test_retry_after_is_ignored_beside_the_header(header):
    limits = RateLimits()
    limits.update(429, {"X-Sentry-Rate-Limits": header, "Retry-After": "600"}, now=NOW, wall_now=WALL_NOW)
    assert not limits.is_limited("transaction", NOW)


@pytest.mark.parametrize("status", [200, 503])
def test_retry_after_counts_only_with_429(status):
    limits = RateLimits()
    limits.update(status, {"Retry-After": "600"}, now=NOW, wall_now=WALL_NOW)
    assert limits.deadlines == {}


def test_a_header_that_came_twice_counts_twice():
    class Twice(dict):
        def items(self):
            return [("X-Sentry-Rate-Limits", "60:error:key"), ("X-Sentry-Rate-Limits", "5:span:key")]

    limits = RateLimits()
    limits.update(200, Twice(), now=NOW, wall_now=WALL_NOW)
    assert set(limits.deadlines) == {"error", "span"}


pieces = st.sampled_from(
    [
        "60",
        "1.5",
        "nan",
        "-1",
        ":",
        ";",
        ",",
        " ",
        "error",
        "coffee",
        "all",
        "key",
        "1e999",
        "9" * 30,
        "\u0661",
        "\x00",
    ]
)
headers = st.text() | st.lists(pieces, max_size=12).map("".join)
dates = st.text("MonWedJanFeb 0123456789:,+-GMT", max_size=40)


@given(st.integers(), headers, st.none() | headers | dates, st.floats(0, 1e9), st.floats(0, 1e10))
@example(429, "", "Wed, 21 Oct 2015 07:28:00 +99999999999999999999", 0.0, 0.0)
@example(429, "", "Wed, 21 Oct 99999999999999 07:28:00 GMT", 0.0, 0.0)
def test_no_header_raises_or_limits_what_it_should_not(status, header, retry_after, now, wall_now):
    limits = RateLimits()
    sent = {"x-sentry-rate-limits": header, **({} if retry_after is None else {"retry-after": retry_after})}
    limits.update(status, sent, now=now, wall_now=wall_now)
    assert limits.deadlines.keys() <= CATEGORIES | {ALL}
    assert all(now <= deadline <= now + MAX_SECONDS for deadline in limits.deadlines.values())
    assert not limits.is_limited(INTERNAL, now)


@given(st.lists(headers, max_size=5))
def test_no_deadline_ever_moves_back(history):
    limits = RateLimits()
    for header in history:
        before = dict(limits.deadlines)
        limits.update(200, {"x-sentry-rate-limits": header}, now=NOW, wall_now=WALL_NOW)
        assert all(limits.deadlines[category] >= deadline for category, deadline in before.items())


def test_odd_headers_of_a_custom_transport_are_skipped():
    limits = RateLimits()
    limits.update(200, {1: "x", b"x": "y", "X-Sentry-Rate-Limits": None}, now=NOW, wall_now=WALL_NOW)
    assert limits.deadlines == {}
