from __future__ import annotations

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inbox_client import EVENT_ID, envelope

from sentry_like.inbox.ingest import MAX_JSON, parse_json, read_envelope, read_event
from sentry_like.inbox.refusal import Refused


def status_of(read, body: bytes) -> int:
    with pytest.raises(Refused) as refused:
        read(body)
    return refused.value.status


def test_an_envelope_becomes_headers_and_parts():
    body = envelope(("event", {"message": "hi"}), ("attachment", b"\x00\xff"), event_id=EVENT_ID)
    headers, (event, attachment), event_id = read_envelope(body)
    assert headers["event_id"] == event_id == EVENT_ID
    assert (event.type, event.value) == ("event", {"message": "hi"})
    assert (attachment.type, attachment.payload, attachment.value) == ("attachment", b"\x00\xff", None)


def test_unknown_items_are_kept():
    _, (part,), event_id = read_envelope(envelope(("from_the_future", b"not json")))
    assert (part.type, part.payload, event_id) == ("from_the_future", b"not json", None)


def test_the_envelopes_id_wins_over_the_events():
    body = envelope(("event", {"event_id": "a" * 32}), event_id=EVENT_ID.upper())
    assert read_envelope(body)[2] == EVENT_ID


def test_without_an_id_in_the_envelope_the_events_own_counts():
    assert read_envelope(envelope(("event", {"event_id": "A" * 32})))[2] == "a" * 32


@pytest.mark.parametrize("own", [None, "", "x", 5, ["a"]], ids=repr)
def test_an_event_without_a_usable_id_gets_one(own):
    event_id = read_envelope(envelope(("event", {"event_id": own})))[2]
    assert len(event_id) == 32
    assert int(event_id, 16)


MALFORMED = {
    "empty": b"",
    "no json": b"hello",
    "headers are a list": b"[]",
    "headers are not closed": b"{",
    "deep headers": b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "item without type": b'{}\n{"length":2}\n{}',
    "item header is no json": b"{}\nitem\n{}",
    "item header is a list": b"{}\n[]\n{}",
    "length beyond the end": b'{}\n{"type":"event","length":99}\n{}',
    "length too short": b'{}\n{"type":"event","length":1}\n{}',
    "negative length": b'{}\n{"type":"event","length":-1}\n{}',
    "length is text": b'{}\n{"type":"event","length":"2"}\n{}',
    "huge length": b'{}\n{"type":"event","length":' + b"9" * 30 + b"}\n{}",
    "event is no json": envelope(("event", b"{oops")),
    "event is a list": envelope(("event", b"[1]")),
    "event is empty": envelope(("event", b"")),
    "event with NaN": envelope(("event", b'{"extra":{"a":NaN}}')),
    "event with infinity": envelope(("event", b'{"extra":{"a":-Infinity}}')),
    "event with a number beyond a double": envelope(("event", b'{"a":1e400}')),
    "event with a lone surrogate": envelope(("event", b'{"message":"\\ud800"}')),
    "event with 5000 digits": envelope(("event", b'{"a":' + b"9" * 5000 + b"}")),
    "event that is too deep": envelope(("event", b'{"a":' + b"[" * 129 + b"]" * 129 + b"}")),
    "event that is far too deep": envelope(("event", b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}")),
    "session is no json": envelope(("session", b"status=ok")),
    "two events": envelope(("event", {}), ("event", {})),
    "event and transaction": envelope(("event", {}), ("transaction", {})),
    "event id is no id": envelope(("event", {}), event_id="nope"),
    "event id is a number": envelope(("event", {}), event_id=5),
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_envelope_is_refused(body):
    assert status_of(read_envelope, body) == 400


def test_an_event_above_a_mebibyte_is_too_large():
    assert status_of(read_envelope, envelope(("event", {"message": "x" * MAX_JSON}))) == 413


def test_an_attachment_may_be_larger_than_an_event():
    _, (part,), _ = read_envelope(envelope(("attachment", b"x" * (MAX_JSON + 1))))
    assert len(part.payload) == MAX_JSON + 1


def test_a_stored_event_is_one_part():
    headers, (part,), event_id = read_event(json.dumps({"event_id": EVENT_ID, "message": "hi"}).encode())
    assert headers == {"event_id": EVENT_ID}
    assert (part.type, part.value["message"], event_id) == ("event", "hi", EVENT_ID)


def test_a_stored_transaction_is_a_transaction():
    assert read_event(b'{"type":"transaction"}')[1][0].type == "transaction"


def test_a_stored_event_may_be_base64_of_zlib():
    packed = base64.b64encode(zlib.compress(b'{"message":"hi"}'))
    assert read_event(packed)[1][0].payload == b'{"message":"hi"}'


@pytest.mark.parametrize("body", [b"", b"hello!", b"aGVsbG8=", b"[]", b"null", b'"x"'])
def test_a_store_body_that_is_no_event_is_refused(body):
    assert status_of(read_event, body) == 400


def test_bytes_that_are_not_utf8_are_replaced():
    assert parse_json(b'{"a":"\xff"}', "event") == {"a": "�"}


def test_a_surrogate_pair_is_a_character():
    assert parse_json(b'"\\ud83d\\ude00"', "event") == "\U0001f600"


def test_as_deep_as_the_server_allows_is_accepted():
    assert parse_json(b"[" * 128 + b"]" * 128, "event")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(st.text(), json_values, max_size=5))
def test_every_json_object_is_an_event(value):
    _, (part,), _ = read_envelope(envelope(("event", value)))
    assert part.value == value
