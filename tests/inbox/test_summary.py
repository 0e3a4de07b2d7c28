from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.inbox import summary

FRAMES = [
    {"filename": "app.py", "lineno": 3, "function": "main", "in_app": True},
    {"filename": "lib.py", "lineno": 9, "function": "parse", "in_app": False},
]


@pytest.mark.parametrize(
    ("kind", "event", "title"),
    [
        ("event", {"exception": {"values": [{"type": "A"}, {"type": "B", "value": "b"}]}}, "B: b"),
        ("event", {"exception": [{"type": "A", "value": "a"}]}, "A: a"),
        ("event", {"exception": {"type": "A"}}, "A"),
        ("event", {"exception": {"values": [{"value": "only a value"}]}}, "only a value"),
        ("event", {"message": "hi"}, "hi"),
        ("event", {"message": {"message": "m %s", "formatted": "m 1"}}, "m 1"),
        ("event", {"logentry": {"message": "m %s", "formatted": "m 1"}}, "m 1"),
        ("event", {"logentry": {"message": "m"}}, "m"),
        ("event", {"logentry": "m"}, "m"),
        ("event", {"message": 5}, "5"),
        ("event", {}, "<no message>"),
        ("transaction", {"transaction": "/cart"}, "/cart"),
        ("transaction", {}, "<unnamed transaction>"),
        ("feedback", {"contexts": {"feedback": {"message": "nice"}}}, "nice"),
    ],
)
def test_the_title_is_what_the_event_is_about(kind, event, title):
    assert summary.title(kind, event) == title


@pytest.mark.parametrize(
    ("kind", "event", "level"),
    [
        ("event", {}, "error"),
        ("event", {"level": "warning"}, "warning"),
        ("event", {"level": "loud"}, "error"),
        ("event", {"level": ["error"]}, "error"),
        ("transaction", {}, "info"),
    ],
)
def test_the_level_is_one_of_five(kind, event, level):
    assert summary.level(kind, event) == level


def test_the_culprit_is_the_innermost_frame_of_the_application():
    event = {"exception": {"values": [{"type": "A", "stacktrace": {"frames": FRAMES}}]}}
    assert summary.culprit("event", event) == "app.py:3 in main"


def test_without_own_frames_the_culprit_is_the_innermost():
    event = {"exception": {"values": [{"type": "A", "stacktrace": {"frames": FRAMES[1:]}}]}}
    assert summary.culprit("event", event) == "lib.py:9 in parse"


def test_a_transaction_name_is_the_better_culprit():
    assert summary.culprit("event", {"transaction": "/cart", "stacktrace": {"frames": FRAMES}}) == "/cart"


def test_a_transaction_does_not_say_its_name_twice():
    assert summary.culprit("transaction", {"transaction": "/cart"}) == ""


def test_a_message_takes_the_stack_of_the_current_thread():
    threads = [
        {"current": True, "stacktrace": {"frames": FRAMES[:1]}},
        {"stacktrace": {"frames": FRAMES[1:]}},
    ]
    assert summary.culprit("event", {"threads": {"values": threads}}) == "app.py:3 in main"


@pytest.mark.parametrize("tags", [{"a": "b", "n": None}, [["a", "b"], ["lonely"], 5]], ids=["map", "pairs"])
def test_tags_are_read_in_both_forms(tags):
    assert summary.tags({"tags": tags}) == [("a", "b")]


def test_long_text_is_cut():
    assert len(summary.text("x" * 5000)) == summary.MAX_TEXT


WORDS = """
exception values stacktrace frames message logentry formatted type value level transaction tags user
contexts feedback threads current breadcrumbs release environment lineno filename function in_app vars
context_line
"""
KEYS = WORDS.split()
any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(KEYS), children, max_size=4)
    ),
    max_leaves=25,
)
any_event = st.dictionaries(st.sampled_from(KEYS), any_json, max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["event", "transaction", "feedback"]), any_event)
def test_any_event_has_a_summary_of_text(kind, event):
    said = summary.summarize(kind, event)
    assert said.title
    assert all(isinstance(one, str) for one in (said.level, said.culprit, said.release, said.search))
