"""Which requests make an event, in every framework: errors once each, with mechanism and name; what is
expected, never.
"""

from __future__ import annotations

import pytest
from framework import visits
from web_events import handled, only, values_of


def has_second_style(framework):
    return framework.style_setting is not None and len(framework.styles) > 1


def has_failed_codes(framework):
    return framework.has_failed_codes


@visits("/ok")
def test_success_makes_no_event(site):
    assert site.get("/ok").text == "ok"
    assert site.events(0) == []


@visits("/error")
def test_an_unhandled_error_makes_one_event(site):
    assert site.get("/error").status == 500
    event = only(site.events(1))
    assert values_of(event) == [("ValueError", "unhandled")]
    mechanism = event["exception"]["values"][0]["mechanism"]
    assert mechanism["type"] == site.framework.name
    assert mechanism["handled"] is False
    assert event["level"] == "error"


@visits("/error", "/tagged")
def test_an_event_is_named_after_its_route(site):
    source, names = site.framework.transactions[site.framework.styles[0]]
    site.get("/error")
    site.get("/tagged/ann?fail=1")
    named = {event["exception"]["values"][0]["value"]: event for event in site.events(2)}
    assert {value: event["transaction"] for value, event in named.items()} == {
        "unhandled": names["/error"],
        "ann": names["/tagged/ann"],
    }
    assert {event["transaction_info"]["source"] for event in named.values()} == {source}


@visits("/error", "/tagged", options="quiet", fits=has_second_style)
def test_the_other_style_names_it_otherwise(site):
    source, names = site.framework.transactions[site.framework.styles[1]]
    site.get("/error")
    site.get("/tagged/ann?fail=1")
    named = {event["exception"]["values"][0]["value"]: event for event in site.events(2)}
    assert {value: event["transaction"] for value, event in named.items()} == {
        "unhandled": names["/error"],
        "ann": names["/tagged/ann"],
    }
    assert {event["transaction_info"]["source"] for event in named.values()} == {source}


@visits("/ok", "/error", "/tagged")
def test_breadcrumbs_are_those_of_the_request(site):
    site.get("/tagged/bob?fail=0")
    site.get("/ok")
    site.get("/tagged/ann?fail=1")
    site.get("/error")
    crumbs = {}
    for event in site.events(2):
        values = event.get("breadcrumbs", {}).get("values", [])
        crumbs[event["exception"]["values"][0]["value"]] = [crumb.get("message") for crumb in values]
    assert crumbs["ann"].count("ann") == 1
    strangers = {"bob", "line 0", "line %s"}
    assert not strangers & {*crumbs["ann"], *crumbs["unhandled"]}
    assert "ann" not in crumbs["unhandled"]


@visits("/chained")
def test_a_cause_comes_before_what_it_caused(site):
    assert site.get("/chained").status == 500
    assert values_of(only(site.events(1))) == [("ValueError", "cause"), ("RuntimeError", "outer")]


@visits("/message")
def test_a_message_of_a_handler_has_the_request(site):
    assert site.get("/message").text == "ok"
    event = only(site.events(1))
    assert event["request"]["url"] == f"http://127.0.0.1:{site.port}/message"
    assert event["transaction"]


# -- expected answers


@visits("/handled")
def test_an_error_that_the_application_answers_makes_no_event(site):
    answer = site.get("/handled")
    assert (answer.status, answer.text) == (418, "teapot")
    assert site.events(0) == []


@visits("/handled-502")
def test_an_error_that_the_application_answers_with_5xx_is_told(site):
    answer = site.get("/handled-502")
    assert (answer.status, answer.text) == (502, "bad gateway")
    event = only(site.events(1))
    assert values_of(event)[-1] == ("BadGateway", "no upstream")
    assert handled(event) is True


@visits("/abort")
def test_http_exceptions_of_4xx_make_no_event(site):
    assert site.get("/abort/404").status == 404
    assert site.events(0) == []


@pytest.mark.parametrize("status", [500, 503])
@visits("/abort")
def test_http_exceptions_of_5xx_are_told(site, status):
    assert site.get(f"/abort/{status}").status == status
    event = only(site.events(1))
    assert event["exception"]["values"][-1]["type"] == site.framework.http_errors[status]
    assert handled(event) is True


@visits("/returned")
def test_a_returned_5xx_is_told_without_an_exception(site):
    answer = site.get("/returned/503")
    assert (answer.status, answer.text) == (503, "returned")
    event = only(site.events(1))
    assert "exception" not in event
    message = event.get("message") or event["logentry"].get("formatted") or event["logentry"]["message"]
    for part in ("GET", event["transaction"], "503"):
        assert part in message
    assert event["contexts"]["response"]["status_code"] == 503


@visits("/returned")
def test_a_returned_4xx_makes_no_event(site):
    assert site.get("/returned/404").status == 404
    assert site.events(0) == []


@visits("/nowhere")
def test_a_path_that_nobody_serves_makes_no_event(site):
    assert site.get("/nowhere").status == 404
    assert site.events(0) == []


@visits("/abort", options="quiet", fits=has_failed_codes)
def test_no_failed_codes_leave_http_exceptions_out(site):
    assert [site.get(f"/abort/{status}").status for status in (500, 503)] == [500, 503]
    assert site.events(0) == []


@visits("/handled-502", options="quiet", fits=has_failed_codes)
def test_no_failed_codes_leave_answered_errors_out(site):
    assert site.get("/handled-502").status == 502
    assert site.events(0) == []


@visits("/returned", options="quiet", fits=has_failed_codes)
def test_no_failed_codes_leave_returned_answers_out(site):
    assert [site.get(f"/returned/{status}").status for status in (500, 503)] == [500, 503]
    assert site.events(0) == []


@visits("/error", options="quiet", fits=has_failed_codes)
def test_an_unhandled_error_is_told_whatever_the_failed_codes(site):
    assert site.get("/error").status == 500
    assert values_of(only(site.events(1))) == [("ValueError", "unhandled")]


@visits("/abort", options="personal", fits=has_failed_codes)
def test_failed_codes_may_name_4xx(site):
    assert site.get("/abort/404").status == 404
    event = only(site.events(1))
    assert event["exception"]["values"][-1]["type"] == site.framework.http_errors[404]
    assert handled(event) is True


@visits("/returned", options="personal", fits=has_failed_codes)
def test_failed_codes_hold_for_returned_answers_too(site):
    assert [site.get(f"/returned/{status}").status for status in (404, 503)] == [404, 503]
    assert only(site.events(1))["contexts"]["response"]["status_code"] == 404


@visits("/nowhere", options="personal", fits=has_failed_codes)
def test_failed_codes_hold_for_paths_that_nobody_serves(site):
    assert site.get("/nowhere").status == 404
    only(site.events(1))


# -- bodies that come piece by piece


@visits("/stream")
def test_a_streamed_answer_arrives_as_it_is(site):
    answer = site.get("/stream")
    assert (answer.status, answer.text, answer.is_whole) == (200, "one,two,three", True)
    assert site.events(0) == []


@visits("/stream-error")
def test_an_error_amid_the_answer_is_told_once(site):
    assert not site.get("/stream-error").body.endswith(b"three")
    event = only(site.events(1))
    assert values_of(event) == [("ValueError", "mid-body")]
    assert event["request"]["url"].endswith("/stream-error")
    assert event["transaction"]
