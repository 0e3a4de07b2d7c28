"""What an event shows of a request's body: what the application has read, bounded, without secrets."""

from __future__ import annotations

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations._common.bodies import PATH, TOO_LARGE, UNREADABLE, Body, Content, bound_of, show

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
BOUND = 100


@pytest.fixture
def shown(init):
    """`shown(raw, type, ...)`: what is shown, and the note on it."""
    init()

    def make(raw=None, kind="", announced=None, form=None, files=(), seen=None, bound=BOUND):
        content = Content(kind, announced)
        content.raw, content.form, content.files = raw, form, files
        content.seen = len(raw or b"") if seen is None else seen
        cleaning = Hub.current.client.start_cleaning()
        value = show(content, bound, cleaning)
        notes = cleaning.meta
        for step in PATH:
            notes = notes.get(step, {})
        return value, notes

    return make


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        pytest.param(b'{"a": [1, null]}', JSON, {"a": [1, None]}, id="json"),
        pytest.param(b"[1, 2]", "application/vnd.api+json; charset=utf-8", [1, 2], id="json by suffix"),
        pytest.param(b'"x"', "APPLICATION/JSON", "x", id="json in capitals"),
        pytest.param(b"a=1&b=2&b=3&c=", FORM, {"a": "1", "b": ["2", "3"], "c": ""}, id="form"),
    ],
)
def test_bodies_are_taken_apart_by_their_type(shown, raw, kind, expected):
    assert shown(raw, kind) == (expected, {})


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        pytest.param(b'{"a": ', JSON, id="cut off"),
        pytest.param(b"\xff\xfe", JSON, id="no text"),
        pytest.param(b"[" * 90, JSON, id="broken and deep"),
        pytest.param(b"a=1", "text/plain", id="text"),
        pytest.param(b"\x00\x01", "image/png", id="binary"),
        pytest.param(b"x", "", id="no type"),
        pytest.param(b"a=\xff", FORM, id="no form"),
    ],
)
def test_what_cannot_be_taken_apart_is_left_out_and_noted(shown, raw, kind):
    assert shown(raw, kind) == ("", UNREADABLE)


def test_json_too_deep_for_the_parser_is_left_out(shown):
    assert shown(b"[" * 100_000, JSON, bound=10**6) == ("", UNREADABLE)


def test_secrets_are_replaced_by_name(shown):
    value, notes = shown(b'{"user": {"password": "hunter2"}, "n": 1}', JSON)
    assert value == {"user": {"password": "[Filtered]"}, "n": 1}
    assert "password" in notes["user"]


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"raw": b"x" * (BOUND + 1)}, id="read"),
        pytest.param({"raw": b"", "seen": BOUND + 1}, id="seen and not kept"),
        pytest.param({"announced": BOUND + 1}, id="announced"),
        pytest.param({"form": {"a": "1"}, "announced": BOUND + 1}, id="form"),
        pytest.param({"raw": b"x", "bound": 0}, id="nobody wants bodies"),
    ],
)
def test_body_over_the_bound_is_left_out_and_noted(shown, given):
    assert shown(kind=JSON, **given) == ("", TOO_LARGE)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="no body"),
        pytest.param({"raw": b""}, id="empty"),
        pytest.param({"announced": 5}, id="not read"),
    ],
)
def test_nothing_is_said_of_what_nobody_read(shown, given):
    assert shown(kind=JSON, **given) == (None, {})


def test_files_of_a_form_are_named_and_not_sent(shown):
    value, notes = shown(form={"name": "ann", "token": "x"}, files=[("photo", object())])
    assert value == {"name": "ann", "token": "[Filtered]", "photo": ""}
    assert notes["photo"] == UNREADABLE


def test_body_keeps_what_was_seen_up_to_its_bound():
    body = Body(4)
    body.saw(b"ab")
    body.saw(bytearray(b"cd"))
    assert (body.bytes(), body.size) == (b"abcd", 4)
    body.saw(b"e")
    assert (body.bytes(), body.size) == (b"", 5)
    body.saw(b"f")
    assert (body.bytes(), body.size) == (b"", 6)


def test_body_that_is_read_again_is_kept_once():
    body = Body(10)
    body.saw(b"abc")
    body.forget()
    body.saw(b"abc")
    assert (body.bytes(), body.size) == (b"abc", 3)


@pytest.mark.parametrize(
    ("options", "bound"),
    [
        pytest.param({}, 10_000, id="medium is the default"),
        pytest.param({"max_request_body_size": "small"}, 1_000, id="small"),
        pytest.param({"max_request_body_size": "never"}, 0, id="never"),
        pytest.param({"max_request_body_size": "always", "max_event_bytes": 50_000}, 50_000, id="always"),
        pytest.param({"data_collection": {"http_bodies": False}}, 0, id="data_collection"),
    ],
)
def test_the_bound_comes_from_the_options(options, bound):
    with sentry_like.Client(**options) as client:
        assert bound_of(client.options) == bound
