from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import zlib

import brotli
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inbox_client import AUTH, EVENT_ID, KEY, envelope, raw_deflate

from sentry_like.inbox.encoding import MAX_COMPRESSED
from sentry_like.protocol.envelope import Envelope

BODY = envelope(("event", {"message": "hi"}), event_id=EVENT_ID)
OTHER_KEY = "f" * 32


@pytest.mark.parametrize("path", ["/api/1/envelope/", "/api/1/envelope"])
def test_an_envelope_is_answered_with_its_id_and_kept(inbox, path):
    answer = inbox.post(BODY, path)
    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert inbox.event(EVENT_ID)["payload"] == {"message": "hi"}


@pytest.mark.parametrize("path", ["/api/1/store/", "/api/1/store"])
def test_a_stored_event_is_answered_with_its_id_and_kept(inbox, path):
    event = {"event_id": EVENT_ID, "message": "hi"}
    answer = inbox.post(json.dumps(event).encode(), path)
    assert (answer.status, answer.json) == (200, {"id": EVENT_ID})
    assert inbox.event(EVENT_ID)["payload"] == event


def test_the_store_endpoint_understands_envelopes_too(inbox):
    answer = inbox.post(BODY, "/api/1/store/", Content_Type="application/x-sentry-envelope")
    assert answer.json == {"id": EVENT_ID}


def test_an_envelope_about_no_event_is_answered_without_an_id(inbox):
    answer = inbox.post(envelope(("session", {"status": "ok"})))
    assert (answer.status, answer.json) == (200, {})


def test_an_envelope_without_items_is_accepted(inbox):
    assert inbox.post(b"{}\n").status == 200


AUTHS = {
    "header": ({"X-Sentry-Auth": f"Sentry sentry_key={KEY}, sentry_version=7"}, "", {}, 200),
    "authorization": ({"Authorization": f"Sentry sentry_key={KEY}"}, "", {}, 200),
    "query": ({}, f"?sentry_key={KEY}&sentry_version=7", {}, 200),
    "dsn of the envelope": ({}, "", {"dsn": f"http://{KEY}@localhost/1"}, 200),
    "the same key everywhere": (AUTH, f"?sentry_key={KEY}", {"dsn": f"http://{KEY}@localhost/1"}, 200),
    "nothing": ({}, "", {}, 401),
    "somebody else's authorization": ({"Authorization": "Bearer x"}, "", {}, 401),
    "malformed header": ({"X-Sentry-Auth": "Sentry nonsense"}, "", {}, 401),
    "header and query differ": (AUTH, f"?sentry_key={OTHER_KEY}", {}, 401),
    "query names two": ({}, f"?sentry_key={KEY}&sentry_key={OTHER_KEY}", {}, 401),
    "header and envelope differ": (AUTH, "", {"dsn": f"http://{OTHER_KEY}@localhost/1"}, 401),
    "useless dsn": ({}, "", {"dsn": "nonsense"}, 401),
    "illegal key": ({}, "?sentry_key=a%20b", {}, 400),
    "unknown version": (AUTH, "?sentry_version=9", {}, 400),
}


@pytest.mark.parametrize(("headers", "query", "in_envelope", "status"), AUTHS.values(), ids=AUTHS)
def test_a_request_names_one_key_wherever_it_likes(inbox, headers, query, in_envelope, status):
    body = envelope(("event", {}), **in_envelope)
    answer = inbox.request("POST", f"/api/1/envelope/{query}", body, headers)
    assert answer.status == status
    assert answer.status == 200 or answer.json["detail"]
    assert inbox.get("/health").json["events"] == (1 if status == 200 else 0)


def test_an_inbox_for_one_key_refuses_another(start):
    inbox = start(key=OTHER_KEY)
    assert inbox.post(BODY).status == 403
    assert inbox.request("POST", f"/api/1/envelope/?sentry_key={OTHER_KEY}", BODY).status == 200


ENCODED = {
    "gzip": ("gzip", gzip.compress(BODY), 200),
    "deflate": ("deflate", zlib.compress(BODY), 200),
    "raw deflate": ("deflate", raw_deflate(BODY), 200),
    "br": ("br", brotli.compress(BODY), 200),
    "zstd": ("zstd", zstandard.compress(BODY), 200),
    "identity": ("identity", BODY, 200),
    "not gzip": ("gzip", BODY, 400),
    "half of gzip": ("gzip", gzip.compress(BODY)[:20], 400),
    "unknown": ("lzma", BODY, 415),
    "two": ("gzip, gzip", gzip.compress(gzip.compress(BODY)), 415),
    "bomb": ("gzip", gzip.compress(b"\0" * (201 * 1024 * 1024), 1), 413),
}


@pytest.mark.parametrize(("encoding", "body", "status"), ENCODED.values(), ids=ENCODED)
def test_a_body_is_decoded_as_its_content_encoding_says(inbox, encoding, body, status):
    answer = inbox.post(body, Content_Encoding=encoding)
    assert answer.status == status
    assert answer.status == 200 or answer.json["detail"]


def test_a_chunked_body_is_read(inbox):
    answer = inbox.post(iter([BODY[:10], BODY[10:]]))
    assert answer.json == {"id": EVENT_ID}


def test_a_compressed_body_above_the_limit_is_too_large_also_in_chunks(inbox):
    chunk = b"x" * 1024 * 1024
    chunks = [chunk] * (MAX_COMPRESSED // len(chunk)) + [b"x"]
    for body in (b"".join(chunks), iter(chunks)):
        answer = inbox.post(body)
        assert answer.status == 413
        assert "bytes" in answer.json["causes"][0]


def test_an_event_above_a_mebibyte_is_too_large(inbox):
    answer = inbox.post(envelope(("event", {"message": "x" * 1024 * 1024})))
    assert answer.status == 413
    assert answer.json["detail"] == "the event is too large"


BAD_REQUESTS = {
    "empty envelope": ("/api/1/envelope/", b""),
    "envelope is no envelope": ("/api/1/envelope/", b"hello"),
    "event is no JSON": ("/api/1/envelope/", envelope(("event", b"{"))),
    "stored event is no JSON": ("/api/1/store/", b"{"),
    "empty store": ("/api/1/store/", b""),
    "project is no number": ("/api/shop/envelope/", BODY),
    "project is another digit": ("/api/%D9%A1/envelope/", BODY),
}


@pytest.mark.parametrize(("path", "body"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_a_malformed_request_is_answered_with_the_reason(inbox, path, body):
    answer = inbox.post(body, path)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["detail"]
    assert isinstance(answer.json["causes"], list)
    assert inbox.get("/health").json["envelopes"] == 0
    assert "refused 400" in inbox.printed[-1]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/1/envelope/", 405), ("POST", "/api/events", 405), ("GET", "/nowhere", 404)],
)
def test_other_paths_and_methods_are_answered_in_json_too(inbox, method, path, status):
    answer = inbox.request(method, path)
    assert (answer.status, list(answer.json)) == (status, ["detail", "causes"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.one_of(
        st.binary(max_size=200),
        st.builds(
            lambda kind, payload: envelope((kind, payload)), st.text(max_size=5), st.binary(max_size=50)
        ),
        st.builds(
            lambda kind, value: envelope((kind, value)),
            st.sampled_from(
                ["event", "transaction", "session", "sessions", "client_report", "log", "feedback"]
            ),
            st.recursive(
                st.none() | st.integers() | st.text(max_size=5),
                lambda s: st.lists(s) | st.dictionaries(st.text(max_size=3), s),
            ),
        ),
        st.builds(
            lambda line, rest: line + b"\n" + rest,
            st.sampled_from([b"{}", b'{"dsn":5}']),
            st.binary(max_size=50),
        ),
    ),
    endpoint=st.sampled_from(["envelope", "store"]),
    encoding=st.sampled_from(["", "", "gzip", "deflate", "br", "zstd"]),
)
def test_no_bytes_whatever_make_the_server_fail(running, body, endpoint, encoding):
    answer = running.post(body, f"/api/1/{endpoint}/", Content_Encoding=encoding)
    assert answer.status in (200, 400, 401, 413)
    json.loads(answer.body)
    assert running.get("/api/events").status == 200


def test_a_client_that_hangs_up_in_the_middle_does_no_harm(inbox):
    with socket.create_connection(("127.0.0.1", inbox.port)) as connection:
        connection.sendall(
            b"POST /api/1/envelope/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{}\n"
        )
    assert inbox.post(BODY).status == 200


def test_an_accepted_event_is_printed(inbox):
    inbox.post(BODY)
    assert "ERROR  hi" in inbox.printed[-1]


def test_events_are_listed_newest_first_and_filtered(inbox):
    for n, level in enumerate(["info", "error", "warning"]):
        inbox.post(
            envelope(("event", {"message": f"event {n}", "level": level})), f"/api/{n % 2 + 1}/envelope/"
        )

    def listed(query: str = "") -> list[str]:
        return [event["title"] for event in inbox.get(f"/api/events{query}").json["events"]]

    assert listed() == ["event 2", "event 1", "event 0"]
    assert listed("?limit=2") == ["event 2", "event 1"]
    assert listed("?project=2") == ["event 1"]
    assert listed("?level=info") == ["event 0"]
    assert listed("?query=EVENT%202") == ["event 2"]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "", "1e3", "9" * 5000, "%F9"])
def test_a_limit_is_a_positive_number(inbox, limit):
    assert inbox.get(f"/api/events?limit={limit}").status == 400


def test_an_event_comes_with_its_headers_and_what_is_known_of_its_attachments(inbox):
    payload = b"\xff\x00 no text"
    inbox.post(
        envelope(("event", {"message": "hi"}), ("attachment", payload), event_id=EVENT_ID, sent_at="now")
    )
    event = inbox.event(EVENT_ID.upper())
    assert event["headers"] == {"event_id": EVENT_ID, "sent_at": "now"}
    (attachment,) = event["items"]
    assert (attachment["type"], attachment["bytes"]) == ("attachment", len(payload))


@pytest.mark.parametrize(
    "path",
    [f"/api/events/{'f' * 32}", "/api/events/nonsense", "/api/envelopes/x", f"/api/envelopes/{'9' * 5000}"],
)
def test_what_is_not_there_is_not_found(inbox, path):
    answer = inbox.get(path)
    assert (answer.status, list(answer.json)) == (404, ["detail", "causes"])


def test_an_envelope_can_be_had_back_and_sent_again(inbox):
    inbox.post(envelope(("event", {"message": "hi"}), ("odd", b"\n\xff"), event_id=EVENT_ID))
    n = inbox.event(EVENT_ID)["envelope"]
    again = inbox.get(f"/api/envelopes/{n}")
    assert again.headers["content-type"] == "application/x-sentry-envelope"
    assert [item.encode() for item in Envelope.parse(again.body).items] == [b'{"message": "hi"}', b"\n\xff"]
    assert inbox.post(again.body).json == {"id": EVENT_ID}


def test_delete_empties_the_inbox(inbox):
    inbox.post(BODY)
    answer = inbox.request("DELETE", "/api/events")
    assert (answer.status, answer.json) == (200, {"deleted": 1})
    assert inbox.get("/api/events").json == {"events": []}


def test_health_says_how_much_there_is(inbox):
    inbox.post(BODY)
    health = inbox.get("/health").json
    assert (health["status"], health["events"], health["envelopes"]) == ("ok", 1, 1)


def test_the_page_lists_events_and_runs_nothing(inbox):
    inbox.post(envelope(("event", {"message": "<script>alert(1)</script>"}), event_id=EVENT_ID))
    answer = inbox.get("/")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert b"&lt;script&gt;" in answer.body
    assert b"<script" not in answer.body


@pytest.mark.parametrize(
    "path", ["/", "/health", "/api/events", f"/api/events/{EVENT_ID}", "/api/envelopes/1"]
)
def test_a_web_page_elsewhere_cannot_read_a_local_inbox_under_its_own_name(inbox, path):
    assert inbox.get(path, Host="evil.example:8970").status == 403
    assert inbox.get(path, Host="127.0.0.1.evil.example").status == 403


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8970", "[::1]:8970", "app.localhost"]
)
def test_every_name_of_this_machine_may_read(inbox, host):
    assert inbox.get("/health", Host=host).status == 200


def test_an_inbox_for_the_network_answers_under_any_name(start):
    assert start(loopback_only=False).get("/health", Host="build-server").status == 200


class _FullDisk:
    def add(self, delivery: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    def close(self) -> None: ...


def test_a_database_that_fails_is_said_to_fail(start):
    answer = start(store=_FullDisk()).post(BODY)
    assert (answer.status, answer.json["causes"]) == (503, ["database or disk is full"])


def test_an_event_as_deep_as_is_accepted_comes_back_whole(inbox):
    payload = b'{"extra":' + b"[" * 127 + b"]" * 127 + b"}"
    inbox.post(envelope(("event", payload), event_id=EVENT_ID))
    assert inbox.event(EVENT_ID)["payload"] == json.loads(payload)
