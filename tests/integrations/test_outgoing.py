"""What a breadcrumb says of an outgoing request holds no secret, whoever made the request."""

from __future__ import annotations

import asyncio
import json

import pytest

import sentry_like
from sentry_like.capture.scrub import EventScrubber
from sentry_like.integrations._common.outgoing import (
    MAX_URL,
    Patterns,
    RequestCrumb,
    clean_query,
    level_of,
    split_url,
    url_of,
)

URLS = {
    "plain": ("http://h/a/b", ("http://h/a/b", "", "")),
    "query and fragment": ("https://h/a?b=1&c#d", ("https://h/a", "b=1&c", "d")),
    "question mark in the fragment": ("https://h/a#d?e", ("https://h/a", "", "d?e")),
    "credentials": ("https://bob:hunter2@h/a", ("https://h/a", "", "")),
    "user alone": ("https://bob@h/a", ("https://h/a", "", "")),
    "@ in the password": ("https://bob:hun@ter2@h/a", ("https://h/a", "", "")),
    "@ in the path": ("https://h/@bob", ("https://h/@bob", "", "")),
    "default port of http": ("http://h:80/a", ("http://h/a", "", "")),
    "default port of https": ("https://h:443/a", ("https://h/a", "", "")),
    "port of the other scheme": ("http://h:443/a", ("http://h:443/a", "", "")),
    "port that ends like the default": ("http://h:8080/a", ("http://h:8080/a", "", "")),
    "IPv6": ("http://[::1]:80/a", ("http://[::1]/a", "", "")),
    "IPv6 that ends like a port": ("http://[::80]/a", ("http://[::80]/a", "", "")),
    "no path": ("https://bob:hunter2@h", ("https://h", "", "")),
    "other scheme": ("ftp://h:21/a", ("ftp://h:21/a", "", "")),
    "no URL": ("/a?b", ("/a", "b", "")),
}


@pytest.mark.parametrize(("url", "parts"), URLS.values(), ids=URLS)
def test_url_is_taken_apart_without_credentials_and_default_port(url, parts):
    assert split_url(url) == parts


PLACES = {
    "http": (("http", "h", 80, "/a"), "http://h/a"),
    "https on the port of http": (("https", "h", 80, "/a"), "https://h:80/a"),
    "unknown port": (("https", "h", None, "/a"), "https://h/a"),
    "IPv6": (("http", "::1", 8000, "/a"), "http://[::1]:8000/a"),
    "IPv6 in brackets": (("http", "[::1]", 8000, "/a"), "http://[::1]:8000/a"),
    "no path": (("http", "h", 80, ""), "http://h/"),
    "star": (("http", "h", 80, "*"), "http://h/*"),
    "whole URL for a proxy": (("http", "proxy", 3128, "http://h/a?b"), "http://h/a?b"),
    "path that begins like a host": (("http", "h", 80, "//a"), "http://h//a"),
}


@pytest.mark.parametrize(("place", "url"), PLACES.values(), ids=PLACES)
def test_url_is_that_which_was_asked_for(place, url):
    assert url_of(*place) == url


QUERIES = {
    "harmless": ("a=1&b=2", "a=1&b=2"),
    "secret": ("a=1&token=hunter2&b=2", "a=1&token=[Filtered]&b=2"),
    "first": ("api_key=hunter2", "api_key=[Filtered]"),
    "encoded name": ("u%73er%5Bpass%77ord%5D=hunter2", "u%73er%5Bpass%77ord%5D=[Filtered]"),
    "encoded value": ("password=hun%26ter2", "password=[Filtered]"),
    "quote in the value": ("password=hun'ter2", "password=[Filtered]"),
    "= in the value": ("token=aGk=&a=1", "token=[Filtered]&a=1"),
    "no value": ("token&token=", "token&token="),
    "secret by its shape": ("q=4111111111111111", "q=[Filtered]"),
    "URL in a value": ("next=https://bob:hunter2@h/", "next=https://[Filtered]@h/"),
    "signed URL": ("X-Amz-Date=1&X-Amz-Signature=ab12", "X-Amz-Date=1&X-Amz-Signature=[Filtered]"),
    "key": ("key=ab12&keys=2", "key=[Filtered]&keys=2"),
    "separated by semicolons": ("a=1;token=hunter2", "a=1;token=[Filtered]"),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.values(), ids=QUERIES)
def test_query_keeps_its_form_and_loses_its_secrets(query, expected):
    assert clean_query(query, EventScrubber(), {}) == expected


def test_query_is_cleaned_by_the_clients_own_list():
    assert clean_query("a=1&b=2", EventScrubber(denylist=["b"]), {}) == "a=1&b=[Filtered]"


WISHES = {
    "off": ({"mode": "off", "terms": ()}, ""),
    "denylist": ({"mode": "denylist", "terms": ("Page",)}, "q=x&page=[Filtered]&token=[Filtered]"),
    "allowlist": ({"mode": "allowlist", "terms": ("page", "token")}, "q=[Filtered]&page=2&token=[Filtered]"),
}


@pytest.mark.parametrize(("wishes", "expected"), WISHES.values(), ids=WISHES)
def test_query_follows_the_option_data_collection(wishes, expected):
    assert clean_query("q=x&page=2&token=hunter2", EventScrubber(), wishes) == expected


@pytest.mark.parametrize(
    ("status", "level"),
    [(101, "info"), (200, "info"), (304, "info"), (400, "warning"), (499, "warning"), (500, "error")],
)
def test_level_follows_the_status(status, level):
    assert level_of(status) == level


def crumbs_of(events):
    sentry_like.capture_message("now")
    return events[-1].get("breadcrumbs", {}).get("values", [])


def test_answered_request_is_one_breadcrumb(init, events):
    init()
    RequestCrumb("GET", "https://bob:hunter2@h:443/a?token=hunter2&b=1#c").answered(404, "Not Found", {})

    (crumb,) = crumbs_of(events)

    duration = crumb["data"].pop("duration")
    assert crumb["data"] == {
        "url": "https://h/a",
        "method": "GET",
        "status_code": 404,
        "reason": "Not Found",
        "http.query": "token=[Filtered]&b=1",
        "http.fragment": "c",
    }
    assert (crumb["type"], crumb["category"], crumb["level"]) == ("http", "httplib", "warning")
    assert 0 <= duration < 1


def test_failed_request_says_what_failed_and_has_no_status(init, events):
    init()
    RequestCrumb("GET", "http://h/").failed(TimeoutError("timed out"), {})

    (crumb,) = crumbs_of(events)

    assert crumb["level"] == "error"
    assert crumb["data"]["reason"] == "TimeoutError: timed out"
    assert "status_code" not in crumb["data"]


ENDINGS = {
    "cancelled": (asyncio.CancelledError(), "CancelledError"),
    "cancelled, with a message": (asyncio.CancelledError("shutting down"), "CancelledError: shutting down"),
    "Ctrl-C": (KeyboardInterrupt(), "KeyboardInterrupt"),
    "exit": (SystemExit(1), "SystemExit: 1"),
}


@pytest.mark.parametrize(("ending", "told"), ENDINGS.values(), ids=ENDINGS)
def test_request_that_the_application_ends_is_no_error(init, events, ending, told):
    init()
    RequestCrumb("GET", "http://h/").failed(ending, {})

    (crumb,) = crumbs_of(events)

    assert (crumb["level"], crumb["data"]["reason"]) == ("info", f"cancelled by the application ({told})")


def test_request_of_a_coroutine_that_is_thrown_away_is_none(init, events):
    init()
    RequestCrumb("GET", "http://h/").failed(GeneratorExit(), {})

    assert crumbs_of(events) == []


def test_error_without_a_text_is_its_name(init, events):
    init()
    RequestCrumb("GET", "http://h/").failed(TimeoutError(), {})

    (crumb,) = crumbs_of(events)

    assert crumb["data"]["reason"] == "TimeoutError"


def test_only_the_first_end_of_a_request_is_kept(init, events):
    init()
    request = RequestCrumb("GET", "http://h/")
    request.failed(BrokenPipeError("pipe"), {})
    request.failed(TimeoutError("later"), {})
    request.abandoned({})

    (crumb,) = crumbs_of(events)

    assert crumb["data"]["reason"] == "BrokenPipeError: pipe"


def test_answer_that_came_in_spite_of_a_failure_replaces_it(init, events):
    init()
    request = RequestCrumb("PUT", "http://h/")
    request.failed(BrokenPipeError("pipe"), {})
    request.answered(413, "Too Large", {})

    (crumb,) = crumbs_of(events)

    assert (crumb["data"]["status_code"], crumb["level"]) == (413, "warning")
    assert 0 <= crumb["data"]["duration"] < 1


def test_event_that_was_made_in_between_keeps_what_was_known(init, events):
    init()
    request = RequestCrumb("PUT", "http://h/")
    request.failed(BrokenPipeError("pipe"), {})
    crumbs_of(events)
    request.answered(413, "Too Large", {})

    (before,) = events[0]["breadcrumbs"]["values"]
    (after,) = crumbs_of(events)

    assert before == after
    assert "status_code" not in before["data"]


def test_reason_is_scrubbed_and_bounded(init, events):
    init()
    RequestCrumb("GET", "http://h/").failed(OSError("no proxy http://bob:hunter2@p/ " + "x" * 10_000), {})

    (crumb,) = crumbs_of(events)

    assert "hunter2" not in json.dumps(crumb)
    assert len(crumb["data"]["reason"]) < 400


def test_url_of_any_length_holds_little_memory(init, events):
    init()
    request = RequestCrumb("GET" * 1000, "http://h/?a=" + "x" * 1_000_000)
    request.answered(200, "OK", {})

    (crumb,) = crumbs_of(events)

    assert len(request.url) == MAX_URL
    assert len(json.dumps(crumb)) < 2 * MAX_URL


@pytest.mark.parametrize("rest", ["", "/a?b=1", "/" + "a" * MAX_URL], ids=["bare", "short", "long"])
def test_credentials_of_any_length_are_left_out(init, events, rest):
    init()
    RequestCrumb("GET", f"https://bob:{'hunter2' * MAX_URL}@h{rest}").answered(200, "OK", {})

    (crumb,) = crumbs_of(events)

    assert crumb["data"]["url"].startswith("https://h")
    assert "hunter2" not in json.dumps(crumb)


MATCHES = {
    "whole URL": ("https://h/a", True),
    "star": ("https://*/a", True),
    "with the query": ("https://h/a?b=1", True),
    "one of the queries": (["*/x", "*?b=1"], True),
    "part": ("h/a", False),
    "other case": ("https://H/a", False),
    "credentials": ("*bob*", False),
    "none": ((), False),
}


@pytest.mark.parametrize(("given", "expected"), MATCHES.values(), ids=MATCHES)
def test_pattern_is_held_against_the_url_with_and_without_its_query(given, expected):
    assert Patterns(given).match_url("https://bob@h:443/a?b=1#c") is expected


def test_data_collection_decides_on_the_query(init, events):
    init(data_collection={"url_query_params": False})
    RequestCrumb("GET", "http://h/?a=1").answered(200, "OK", {})

    (crumb,) = crumbs_of(events)

    assert "http.query" not in crumb["data"]
