"""A client report says what was lost, each pair once, and nothing that the server would count twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentry_like.protocol.categories import CATEGORIES, REASONS
from sentry_like.protocol.client_report import payload

WHEN = "2026-01-02T03:04:05.678901Z"


def test_a_report_lists_reason_category_and_quantity():
    assert payload([("queue_overflow", "error", 23), ("before_send", "transaction", 1)], WHEN) == {
        "timestamp": WHEN,
        "discarded_events": [
            {"reason": "queue_overflow", "category": "error", "quantity": 23},
            {"reason": "before_send", "category": "transaction", "quantity": 1},
        ],
    }


def test_equal_pairs_are_added_up():
    report = payload(
        [("sample_rate", "error", 2), ("sample_rate", "span", 1), ("sample_rate", "error", 3)], WHEN
    )
    assert [event["quantity"] for event in report["discarded_events"]] == [5, 1]


def test_lost_reports_are_not_reported():
    assert payload([("network_error", "internal", 1)], WHEN)["discarded_events"] == []


def test_nothing_lost_is_not_listed():
    assert payload([("network_error", "error", 0)], WHEN)["discarded_events"] == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(REASONS)), st.sampled_from(sorted(CATEGORIES)), st.integers(1, 10**6)
        )
    )
)
def test_no_quantity_is_lost(discarded):
    events = payload(iter(discarded), WHEN)["discarded_events"]
    assert sum(event["quantity"] for event in events) == sum(quantity for _, _, quantity in discarded)
    assert len({(event["reason"], event["category"]) for event in events}) == len(events)
