"""Categories are the server's own, and events and items are counted in the one that the server counts."""

from __future__ import annotations

import pytest

from sentry_like.protocol.categories import CATEGORIES, INTERNAL, of_event_type, of_item


def test_the_categories_are_those_of_the_server():
    consts = pytest.importorskip("sentry_relay.consts")
    names = {category.api_name() for category in consts.DataCategory}
    assert names - {"unknown"} == CATEGORIES


@pytest.mark.parametrize(
    "event_type", ["error", "default", "transaction", "feedback", "csp", "nel", "nonsense", ""]
)
def test_an_event_is_counted_as_the_server_counts_it(event_type):
    consts = pytest.importorskip("sentry_relay.consts")
    assert of_event_type(event_type) == consts.DataCategory.from_event_type(event_type).api_name()


@pytest.mark.parametrize("event_type", [None, 42, [], {}], ids=repr)
def test_an_event_without_a_readable_type_is_an_error(event_type):
    assert of_event_type(event_type) == "error"


ITEMS = {
    "event": "error",
    "transaction": "transaction",
    "attachment": "attachment",
    "session": "session",
    "sessions": "session",
    "client_report": INTERNAL,
    "feedback": "feedback",
    "user_report": "feedback",
    "check_in": "monitor",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "log": "log_item",
    "trace_metric": "trace_metric",
    "span": "span",
    "replay_event": "replay",
    "replay_recording": "replay",
    "something_new": "default",
    "": "default",
}


@pytest.mark.parametrize(("item_type", "category"), ITEMS.items())
def test_an_item_is_counted_by_its_type(item_type, category):
    assert of_item(item_type) == category
    assert category in CATEGORIES | {INTERNAL}


@pytest.mark.parametrize(
    ("payload", "category"),
    [
        ({"type": "csp"}, "security"),
        ({}, "error"),
        ({"type": []}, "error"),
        (b'{"type":"csp"}', "error"),
        (None, "error"),
    ],
    ids=repr,
)
def test_an_event_item_is_counted_by_its_payload(payload, category):
    assert of_item("event", payload) == category
