"""Envelopes are written with exact lengths; they are read strictly where it matters, tolerantly elsewhere."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sentry_like.protocol.envelope import MAX_HEADER_BYTES, BadEnvelope, Envelope, Item, read_items

ID = "9ec79c33ec9942ab8353589fcb2e04dc"


def test_an_event_is_written_as_the_protocol_shows_it():
    envelope = Envelope.of_event({"event_id": ID, "message": "hi"})
    envelope.add_attachment(b"hello", "a.txt", "text/plain", "event.attachment")
    assert envelope.serialize(sent_at="2026-01-02T03:04:05.678901Z") == (
        b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","sent_at":"2026-01-02T03:04:05.678901Z"}\n'
        b'{"type":"event","content_type":"application/json","length":62}\n'
        b'{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc","message":"hi"}\n'
        b'{"type":"attachment","filename":"a.txt","content_type":"text/plain","attachment_type":"event.attachment",'
        b'"length":5}\n'
        b"hello\n"
    )


def test_length_counts_bytes_not_characters():
    data = Envelope({}, [Item({"type": "event"}, {"message": "žluťoučký \U0001f40e"})]).serialize()
    _, headers, payload, _ = data.split(b"\n")
    assert json.loads(headers)["length"] == len(payload) > len(payload.decode())


def test_a_stale_length_is_corrected():
    data = Envelope({}, [Item({"type": "x", "length": 999}, b"abc")]).serialize()
    assert Envelope.parse(data).items[0].headers["length"] == 3


def test_writing_changes_nothing_and_can_be_repeated():
    event = {"event_id": ID, "message": "hi"}
    envelope = Envelope.of_event(event)
    first = envelope.serialize(sent_at="2026-01-02T03:04:05.678901Z")
    assert envelope.headers == {"event_id": ID}
    assert envelope.items[0].headers == {"type": "event", "content_type": "application/json"}
    assert envelope.items[0].payload is event
    assert event == {"event_id": ID, "message": "hi"}
    assert envelope.serialize(sent_at="2026-01-02T03:04:05.678901Z") == first
    assert b"sent_at" not in envelope.serialize()


def test_a_payload_is_encoded_once():
    item = Item({"type": "event"}, {"a": 1})
    assert item.encode() is item.encode()


def test_a_line_break_in_a_header_cannot_start_an_item():
    evil = 'a.txt"}\n{"type":"event","length":2}\n{}'
    envelope = Envelope({"release": "1\r\n{}"})
    envelope.add_attachment(b"x", evil)
    again = Envelope.parse(envelope.serialize())
    assert [item.headers["filename"] for item in again.items] == [evil]
    assert again.headers == {"release": "1\r\n{}"}


def test_an_envelope_of_values_that_are_not_json_is_still_one():
    envelope = Envelope(
        {"x": float("nan")}, [Item({"type": "event", "y": object()}, {"z": {1, 2}, "s": "\ud800"})]
    )
    again = Envelope.parse(envelope.serialize())
    assert again.headers == {"x": "nan"}
    assert again.items[0].value() == {"z": [1, 2], "s": "\ufffd"}


EVENTS = {
    "error": ({"event_id": ID}, "event", {"event_id": ID}, "error"),
    "type error": ({"event_id": ID, "type": "error"}, "event", {"event_id": ID}, "error"),
    "transaction": ({"event_id": ID, "type": "transaction"}, "transaction", {"event_id": ID}, "transaction"),
    "feedback": ({"event_id": ID, "type": "feedback"}, "feedback", {"event_id": ID}, "feedback"),
    "security": ({"event_id": ID, "type": "csp"}, "event", {"event_id": ID}, "security"),
    "id with dashes": (
        {"event_id": "9EC79C33-EC99-42AB-8353-589FCB2E04DC"},
        "event",
        {"event_id": ID},
        "error",
    ),
    "no id": ({}, "event", {}, "error"),
    "id that a hook broke": ({"event_id": 42, "type": ["transaction"]}, "event", {}, "error"),
}


@pytest.mark.parametrize(("event", "item_type", "headers", "category"), EVENTS.values(), ids=EVENTS)
def test_an_event_travels_in_the_item_of_its_type(event, item_type, headers, category):
    envelope = Envelope.of_event(event)
    assert envelope.headers == headers
    assert [(item.type, item.category) for item in envelope.items] == [(item_type, category)]


def test_the_event_and_the_transaction_are_found_again():
    event, transaction = {"event_id": ID}, {"event_id": ID, "type": "transaction"}
    assert Envelope.of_event(event).get_event() is event
    assert Envelope.of_event(event).get_transaction_event() is None
    assert Envelope.of_event(transaction).get_transaction_event() is transaction
    assert Envelope.parse(Envelope.of_event(event).serialize()).get_event() == event
    assert Envelope().get_event() is None


def test_an_event_payload_that_is_not_an_object_is_no_event():
    assert Envelope({}, [Item({"type": "event"}, b"[]")]).get_event() is None


def test_items_are_found_by_type_in_order():
    envelope = Envelope()
    for item_type, payload in (("a", b"1"), ("b", b"2"), ("a", b"3")):
        envelope.add(Item({"type": item_type}, payload))
    assert [item.encode() for item in envelope.items_of("a")] == [b"1", b"3"]
    assert envelope.items_of("c") == []


def test_an_attachment_has_the_protocols_defaults():
    envelope = Envelope()
    envelope.add_attachment(b"", "x")
    assert envelope.items[0].headers == {
        "type": "attachment",
        "filename": "x",
        "content_type": "application/octet-stream",
        "attachment_type": "event.attachment",
    }


@pytest.mark.parametrize("data", [bytearray(b"ab"), memoryview(b"ab")], ids=["bytearray", "memoryview"])
def test_other_kinds_of_bytes_are_sent_as_they_are(data):
    assert Item({"type": "attachment"}, data).encode() == b"ab"


PARSED = {
    "headers alone": (b"{}", {}, []),
    "headers and a line break": (b"{}\n", {}, []),
    "with length": (b'{}\n{"type":"x","length":3}\nabc', {}, [("x", b"abc")]),
    "with length and a trailing line break": (b'{}\n{"type":"x","length":3}\nabc\n', {}, [("x", b"abc")]),
    "line breaks within": (b'{}\n{"type":"x","length":5}\na\n\r\nb\n', {}, [("x", b"a\n\r\nb")]),
    "ends in a carriage return": (b'{}\n{"type":"x","length":2}\na\r\n', {}, [("x", b"a\r")]),
    "without length": (b'{}\n{"type":"x"}\nabc', {}, [("x", b"abc")]),
    "without length, carriage return kept": (b'{}\n{"type":"x"}\nabc\r\n', {}, [("x", b"abc\r")]),
    "length null": (b'{}\n{"type":"x","length":null}\nabc\n', {}, [("x", b"abc")]),
    "two without length": (b'{}\n{"type":"x"}\na\n{"type":"y"}\nb', {}, [("x", b"a"), ("y", b"b")]),
    "empty": (b'{}\n{"type":"x","length":0}\n\n', {}, [("x", b"")]),
    "empty at the end of input": (b'{}\n{"type":"x","length":0}\n', {}, [("x", b"")]),
    "empty without the line break before": (b'{}\n{"type":"x","length":0}', {}, [("x", b"")]),
    "empty without length": (b'{}\n{"type":"x"}\n', {}, [("x", b"")]),
    "empty before another": (
        b'{}\n{"type":"x","length":0}\n\n{"type":"y","length":0}',
        {},
        [("x", b""), ("y", b"")],
    ),
    "unknown header": (b'{"new":[1]}\n{"type":"x","length":1}\na', {"new": [1]}, [("x", b"a")]),
    "unknown type": (b'{}\n{"type":"not_yet","length":1}\na', {}, [("not_yet", b"a")]),
    "header twice": (b'{"a":1,"a":2}\n', {"a": 2}, []),
    "spaces and carriage return in headers": (
        b'{ "a": 1 }\r\n{ "type": "x", "length": 1 }\r\na',
        {"a": 1},
        [("x", b"a")],
    ),
    "payload that is not text": (b'{}\n{"type":"x","length":2}\n\xff\x00', {}, [("x", b"\xff\x00")]),
    "non-ascii headers": ('{"a":"é"}'.encode(), {"a": "é"}, []),
}


@pytest.mark.parametrize(("data", "headers", "items"), PARSED.values(), ids=PARSED)
def test_an_envelope_is_read(data, headers, items):
    envelope = Envelope.parse(data)
    assert envelope.headers == headers
    assert [(item.type, item.encode()) for item in envelope.items] == items
    assert envelope.weight == len(data)


BROKEN = {
    "nothing": (b"", "empty"),
    "line break alone": (b"\n", "envelope are not one line of JSON"),
    "headers not json": (b"hello\n", "envelope are not one line of JSON"),
    "headers not an object": (b"[]\n", "not a JSON object"),
    "headers not utf-8": (b'{"a":"\xff"}\n', "envelope are not one line of JSON"),
    "headers with nan": (b'{"a":NaN}\n', "envelope are not one line of JSON"),
    "headers nested too deeply": (b"[" * 100_000, "envelope are not one line of JSON"),
    "headers too long": (b'{"a":"' + b"a" * MAX_HEADER_BYTES + b'"}', "longer than"),
    "item headers too long": (b'{}\n{"type":"' + b"a" * MAX_HEADER_BYTES + b'"}', "item 1 are longer than"),
    "item headers not json": (b"{}\nhello\n", "item 1 are not one line of JSON"),
    "item headers not an object": (b"{}\n1\n", "item 1 are not a JSON object"),
    "blank line after the headers": (b"{}\n\n", "item 1 are not one line of JSON"),
    "two trailing line breaks": (b'{}\n{"type":"x","length":1}\na\n\n', "item 2 are not one line of JSON"),
    "no type": (b'{}\n{"length":1}\na', "item 1 has no type"),
    "type not a text": (b'{}\n{"type":1,"length":1}\na', "item 1 has no type"),
    "cut off": (b'{}\n{"type":"x","length":3}\nab', "item 1 ends after 2 of 3 bytes|has 3 bytes"),
    "cut off before the payload": (
        b'{}\n{"type":"event","length":30}',
        "item 1 ends after 0 of 30 bytes|has 30 bytes",
    ),
    "goes on": (b'{}\n{"type":"x","length":3}\nabcd', "item 1 goes on after its 3 bytes"),
    "carriage return after the payload": (b'{}\n{"type":"x","length":3}\nabc\r\n', "goes on"),
    "negative length": (b'{}\n{"type":"x","length":-1}\nabc', "not a number of bytes"),
    "length as text": (b'{}\n{"type":"x","length":"3"}\nabc', "not a number of bytes"),
    "length true": (b'{}\n{"type":"x","length":true}\nabc', "not a number of bytes"),
    "length with a fraction": (b'{}\n{"type":"x","length":3.0}\nabc', "not a number of bytes"),
    "huge length": (b'{}\n{"type":"x","length":99999999999999999999}\nabc', "at most"),
    "length of 5000 digits": (b'{}\n{"type":"x","length":' + b"9" * 5000 + b"}\nabc", "item 1"),
    "second item broken": (
        b'{}\n{"type":"x"}\na\n{"type":"y","length":2}\nb',
        "item 2 ends after 1 of 2 bytes",
    ),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_an_envelope_is_refused_with_the_place(data, message):
    with pytest.raises(BadEnvelope, match=message):
        Envelope.parse(data)


def test_a_payload_that_is_not_json_is_refused_when_read_as_a_value():
    envelope = Envelope.parse(b'{}\n{"type":"event"}\n{"a":NaN}')
    with pytest.raises(BadEnvelope, match="not JSON"):
        envelope.get_event()


class Pipe(io.RawIOBase):
    """A stream that gives at most three bytes at a time and remembers how many were asked for at once."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)
        self.largest_read = 0

    def read(self, size: int = -1, /) -> bytes:
        self.largest_read = max(self.largest_read, size)
        return self._data.read(min(size, 3))

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._data.readline(-1 if size is None else size)


def test_a_stream_that_gives_bytes_in_pieces_is_read_whole():
    headers, items = read_items(
        Pipe(b'{"a":1}\n{"type":"x","length":10}\n0123456789\n{"type":"y"}\nz'), max_item_bytes=10
    )
    assert headers == {"a": 1}
    assert [(item.type, item.encode()) for item in items] == [("x", b"0123456789"), ("y", b"z")]


def test_items_are_read_one_at_a_time():
    stream = io.BytesIO(b'{}\n{"type":"x","length":1}\na\n' + b'{"type":"y","length":1000}\n' + b"b" * 1000)
    _, items = read_items(stream, max_item_bytes=1000)
    assert next(items).encode() == b"a"
    assert stream.tell() == 29


@pytest.mark.parametrize("item", [b'{"type":"x","length":11}\n01234567890', b'{"type":"x"}\n01234567890'])
def test_an_item_above_the_bound_is_refused_before_it_is_read(item):
    stream = Pipe(b"{}\n" + item)
    _, items = read_items(stream, max_item_bytes=10)
    with pytest.raises(BadEnvelope, match=r"item 1 has (11|more than 10) bytes"):
        next(items)
    assert stream.largest_read <= 10


@pytest.mark.parametrize("item", [b'{"type":"x","length":10}\n0123456789\n', b'{"type":"x"}\n0123456789\n'])
def test_an_item_of_exactly_the_bound_is_read(item):
    _, items = read_items(io.BytesIO(b"{}\n" + item), max_item_bytes=10)
    assert [one.encode() for one in items] == [b"0123456789"]


def test_broken_headers_are_refused_before_any_item():
    with pytest.raises(BadEnvelope):
        read_items(io.BytesIO(b"nonsense"), max_item_bytes=10)


texts = st.text(max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
clean = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
clean_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | clean,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(clean, inner, max_size=3),
    max_leaves=8,
)
header_sets = st.dictionaries(clean, clean_values, max_size=3)
raw = st.binary(max_size=40) | st.text('\n\r{}"é', max_size=20).map(str.encode)
items = st.tuples(clean, header_sets, raw | st.dictionaries(clean, clean_values, max_size=3))


@given(header_sets, st.lists(items, max_size=4), st.none() | st.just("2026-01-02T03:04:05.678901Z"))
def test_an_envelope_survives_the_round_trip(headers, given_items, sent_at):
    envelope = Envelope(
        headers, [Item({**more, "type": kind}, payload) for kind, more, payload in given_items]
    )
    data = envelope.serialize(sent_at)
    again = Envelope.parse(data)
    assert again.headers == (headers if sent_at is None else {**headers, "sent_at": sent_at})
    assert len(again.items) == len(given_items)
    for item, (kind, more, payload) in zip(again.items, given_items, strict=True):
        assert item.headers == {**more, "type": kind, "length": len(item.payload)}
        assert (item.payload if isinstance(payload, bytes) else item.value()) == payload
    assert again.serialize() == data


@given(st.lists(items, min_size=1, max_size=2), st.data())
def test_a_cut_envelope_is_refused_or_has_whole_items_only(given_items, data):
    envelope = Envelope({}, [Item({"type": kind}, payload) for kind, _, payload in given_items])
    whole = envelope.serialize()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    try:
        again = Envelope.parse(cut)
    except BadEnvelope:
        return
    expected = [item.encode() for item in envelope.items]
    assert [item.encode() for item in again.items] == expected[: len(again.items)]


pieces = st.sampled_from(
    [b"{}", b'{"type":"x"}', b'{"type":"x","length":', b"3}", b"0}", b"\n", b"\r", b"abc", b"\xff", b"[1]"]
)


@given(st.binary(max_size=60) | st.lists(pieces, max_size=10).map(b"".join), st.integers(0, 8))
@example(b'{"a":"\\ud800"}\n{"type":"\\ud800","length":0}', 8)
def test_whatever_is_read_is_an_envelope_or_raises_bad_envelope(data, bound):
    try:
        _, found = read_items(io.BytesIO(data), max_item_bytes=bound)
        assert all(len(item.encode()) <= bound for item in found)
    except BadEnvelope:
        return


@given(st.dictionaries(texts, values, max_size=4))
def test_any_event_can_be_read_again_by_a_strict_parser(event):
    (item,) = Envelope.parse(Envelope.of_event(event).serialize()).items
    json.loads(item.payload.decode("utf-8"), parse_constant=pytest.fail)
