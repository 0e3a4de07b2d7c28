from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentry_like.inbox.ingest import Delivery, Part
from sentry_like.inbox.refusal import Refused
from sentry_like.inbox.render import Renderer
from sentry_like.inbox.summary import LEVELS

EVENT = {
    "level": "error",
    "exception": {
        "values": [
            {
                "type": "ValueError",
                "value": "bad quantity",
                "stacktrace": {
                    "frames": [
                        {
                            "filename": "shop/invoice.py",
                            "lineno": 42,
                            "function": "total",
                            "context_line": "        return price * int(quantity)",
                            "in_app": True,
                            "vars": {"price": "3", "quantity": "'two'", "__name__": "'shop'"},
                        }
                    ]
                },
            }
        ]
    },
    "tags": {"order": "7"},
    "user": {"id": "1"},
    "release": "shop@1",
    "environment": "test",
    "breadcrumbs": {"values": [{"category": "query", "message": f"SELECT {n}"} for n in range(5)]},
}
SHOWN = """\
00:16:40 ERROR  ValueError: bad quantity  (shop/invoice.py:42 in total)
         > return price * int(quantity)
           price=3, quantity='two'
         release=shop@1 environment=test user.id=1 order=7
         5 breadcrumbs, the last 3:
           query: SELECT 2
           query: SELECT 3
           query: SELECT 4
"""


def show(*parts: Part, colour: bool = False, **settings: object) -> str:
    delivery = Delivery("1", "key", 1000.0, {}, parts, None)
    return Renderer(colour=colour, local_time=time.gmtime, **settings).delivery(delivery)  # type: ignore[arg-type]


def part(kind: str, value: object = None, payload: bytes = b"", **headers: object) -> Part:
    return Part(kind, {"type": kind, **headers}, payload, value)


def test_an_event_is_readable_at_a_glance():
    assert show(part("event", EVENT)) == SHOWN


def test_colour_adds_nothing_but_colour():
    coloured = show(part("event", EVENT), colour=True)
    assert coloured != SHOWN
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == SHOWN


@pytest.mark.parametrize(
    ("item", "line"),
    [
        (
            part("session", {"status": "crashed", "errors": 2, "attrs": {"release": "a@1"}}),
            "session  crashed a@1 2 errors",
        ),
        (part("sessions", {"aggregates": [{"exited": 4, "crashed": 1}]}), "sessions  4 exited, 1 crashed"),
        (
            part(
                "client_report",
                {"discarded_events": [{"reason": "sample_rate", "category": "error", "quantity": 3}]},
            ),
            "client_report  lost by the client: 3 error (sample_rate)",
        ),
        (
            part("attachment", payload=b"12345", filename="a.txt", content_type="text/plain"),
            "attachment  a.txt  text/plain  5 bytes",
        ),
        (part("check_in", {"monitor_slug": "nightly", "status": "ok"}), "check_in  nightly  ok"),
        (part("log", {"items": [{"body": "one"}, {"body": "two"}]}), "log  entries: 2; the last: two"),
        (part("profile", payload=b"123"), "profile  3 bytes"),
        (part("odd\x1b", payload=b"123"), "odd\\x1b  3 bytes"),
    ],
    ids=lambda value: value.type if isinstance(value, Part) else "",
)
def test_any_other_item_is_one_line(item, line):
    assert show(item) == f"00:16:40 {line}\n"


def test_a_transaction_is_a_headline_with_its_number_of_spans():
    shown = show(part("transaction", {"transaction": "/cart", "spans": [{}, {}]}))
    assert shown == "00:16:40 transaction  /cart\n         spans: 2\n"


def test_an_envelope_without_items_does_not_pass_silently():
    assert show() == "00:16:40 envelope  without items\n"


def test_a_refusal_is_one_line_with_its_reasons():
    refused = Refused(400, "the envelope cannot be read", "line 2\x1b[2J")
    line = Renderer(local_time=time.gmtime).refusal(1000.0, refused)
    assert line == "00:16:40 refused 400  the envelope cannot be read: line 2\\x1b[2J\n"


def test_lines_keep_to_the_width_of_the_terminal():
    event = {**EVENT, "tags": {"t": "x" * 500}}
    lines = show(part("event", event), width=60).splitlines()
    assert max(map(len, lines[1:])) <= 60
    assert len(lines[0]) <= 60


NASTY = st.text(alphabet=st.sampled_from("a\x1b[]\x07\x9b\n\r\t\u202e\u2028\ud800\x00 m0;="), max_size=8)
WORDS = """
exception values stacktrace frames message logentry type value level transaction tags user threads
breadcrumbs release environment lineno filename function in_app vars context_line category data
discarded_events reason aggregates exited status attrs errors items body monitor_slug spans
"""
KEYS = WORDS.split()
nasty_json = st.recursive(
    st.none() | st.integers() | NASTY,
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | NASTY, children, max_size=4)
    ),
    max_leaves=25,
)
KINDS = [
    "event",
    "transaction",
    "feedback",
    "session",
    "sessions",
    "client_report",
    "attachment",
    "check_in",
    "log",
]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(KINDS) | NASTY,
    st.dictionaries(st.sampled_from(KEYS) | NASTY, nasty_json, max_size=6),
    st.dictionaries(st.sampled_from(["filename", "content_type"]), nasty_json),
    st.booleans(),
)
def test_no_control_character_of_a_payload_reaches_the_terminal(kind, value, headers, colour):
    shown = show(Part(kind, headers, b"", value), colour=colour)
    codes = r"\x1b\[(0|2|1(;3[1-6])?)m"
    for line in re.sub(codes, "", shown).split("\n"):
        assert line.isprintable()
    assert colour or "\x1b" not in shown


@pytest.mark.parametrize("level", LEVELS)
def test_every_level_has_a_label_and_a_colour(level):
    shown = show(part("event", {"level": level, "message": "hi"}), colour=True)
    assert f"m{level.upper()}\x1b[0m" in shown
