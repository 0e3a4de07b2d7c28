from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import closing

import pytest
from inbox_client import EVENT_ID

from sentry_like.inbox.ingest import Delivery, Part
from sentry_like.inbox.store import BadDatabase, Store


def part(kind: str, content: object, **headers: object) -> Part:
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Part(kind, {"type": kind, **headers}, payload, None if isinstance(content, bytes) else content)


def delivery(
    *parts: Part, event_id: str | None = None, project: str = "1", received: float = 1000.0
) -> Delivery:
    return Delivery(project, "key", received, {"event_id": event_id}, parts, event_id)


def numbered(n: int, **event: object) -> Delivery:
    return delivery(part("event", {"message": f"event {n}", **event}), event_id=f"{n:032x}")


@pytest.fixture
def store():
    with closing(Store()) as store:
        yield store


def titles(store: Store, **query: object) -> list[str]:
    return [event["title"] for event in store.events(limit=100, **query)]


def test_events_are_listed_newest_first(store):
    for n in range(3):
        store.add(numbered(n))
    assert titles(store) == ["event 2", "event 1", "event 0"]


def test_a_list_has_no_more_than_its_limit(store):
    for n in range(3):
        store.add(numbered(n))
    assert [event["title"] for event in store.events(limit=1)] == ["event 2"]


def test_a_listed_event_says_what_a_reader_looks_for(store):
    event = {
        "message": "hi",
        "level": "warning",
        "release": "a@1",
        "environment": "test",
        "transaction": "/cart",
    }
    envelope = store.add(delivery(part("event", event), event_id=EVENT_ID, project="7"))
    assert store.events(limit=1) == [
        {
            "event_id": EVENT_ID,
            "type": "event",
            "level": "warning",
            "title": "hi",
            "culprit": "/cart",
            "release": "a@1",
            "environment": "test",
            "project": "7",
            "received": 1000.0,
            "envelope": envelope,
        }
    ]


def test_events_are_found_by_project_level_and_text(store):
    store.add(delivery(part("event", {"message": "one", "level": "info"}), event_id="1" * 32, project="1"))
    store.add(
        delivery(part("event", {"message": "two", "tags": {"Color": "Red"}}), event_id="2" * 32, project="2")
    )
    assert titles(store, project="1") == ["one"]
    assert titles(store, level="error") == ["two"]
    assert titles(store, query="color=RED") == ["two"]
    assert titles(store, query="two", project="1") == []


@pytest.mark.parametrize("query", ["%", "_", "\\", "'", "100%"])
def test_a_query_is_text_and_not_a_pattern(store, query):
    store.add(numbered(0))
    store.add(delivery(part("event", {"message": f"<{query}>"}), event_id="a" * 32))
    assert titles(store, query=query) == [f"<{query}>"]


def test_an_event_comes_back_whole_with_what_travelled_beside_it(store):
    event = {"message": "hi", "extra": {"deep": [1, {"x": None}]}}
    attachment = part("attachment", b"\x00\xff", filename="a.bin")
    store.add(delivery(part("event", event), attachment, event_id=EVENT_ID))
    found = store.event(EVENT_ID)
    assert found["payload"] == event
    assert found["headers"] == {"event_id": EVENT_ID}
    assert found["items"] == [
        {"type": "attachment", "headers": {"type": "attachment", "filename": "a.bin"}, "bytes": 2}
    ]


def test_an_unknown_event_is_none(store):
    assert store.event("f" * 32) is None


def test_an_event_that_came_twice_is_listed_twice_and_found_once(store):
    store.add(numbered(1))
    store.add(numbered(1, level="info"))
    assert len(store.events(limit=9)) == 2
    assert store.event(f"{1:032x}")["level"] == "info"


def test_an_envelope_comes_back_byte_by_byte(store):
    n = store.add(delivery(part("session", {"sid": "1"}), part("odd", b"\xff\n\x00", extra=5)))
    assert store.envelope(n) == (
        {"event_id": None},
        [({"type": "session"}, b'{"sid": "1"}'), ({"type": "odd", "extra": 5}, b"\xff\n\x00")],
    )
    assert store.envelope(n + 1) is None


def test_the_oldest_events_make_room():
    with closing(Store(max_events=2)) as store:
        first = store.add(numbered(0))
        for n in range(1, 4):
            store.add(numbered(n))
        assert titles(store) == ["event 3", "event 2"]
        assert store.envelope(first) is None


def test_envelopes_without_events_do_not_push_events_out():
    with closing(Store(max_events=2)) as store:
        store.add(numbered(0))
        for _ in range(5):
            store.add(delivery(part("session", {})))
        assert titles(store) == ["event 0"]
        assert store.counts()["envelopes"] == 3


def test_the_oldest_make_room_when_the_bytes_are_full():
    with closing(Store(max_bytes=250)) as store:
        for n in range(4):
            store.add(delivery(part("attachment", b"x" * 100), event_id=f"{n:032x}"))
        assert store.counts() == {"events": 0, "envelopes": 2, "bytes": 200}


def test_the_newest_is_kept_however_large_it_is():
    with closing(Store(max_bytes=10)) as store:
        n = store.add(delivery(part("attachment", b"x" * 100)))
        assert store.envelope(n) is not None


def test_clear_removes_everything_and_numbers_are_not_used_again(store):
    first = store.add(numbered(0))
    assert store.clear() == 1
    assert store.counts() == {"events": 0, "envelopes": 0, "bytes": 0}
    assert store.add(numbered(1)) > first


def test_a_file_keeps_events_for_the_next_start(tmp_path):
    for n in range(2):
        with closing(Store(tmp_path / "inbox.db")) as store:
            store.add(numbered(n))
    with closing(Store(tmp_path / "inbox.db")) as store:
        assert titles(store) == ["event 1", "event 0"]
        assert store.counts()["bytes"] > 0


def test_a_file_can_be_read_while_the_inbox_writes(tmp_path):
    with (
        closing(Store(tmp_path / "inbox.db")) as store,
        closing(sqlite3.connect(tmp_path / "inbox.db")) as other,
    ):
        assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.add(numbered(0))
        assert other.execute("SELECT title FROM events").fetchall() == [("event 0",)]


def test_a_database_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE precious (x)")
        other.commit()
    with pytest.raises(BadDatabase):
        Store(path)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("x" * 5000), lambda path: path.mkdir()], ids=["text", "directory"]
)
def test_a_path_that_is_no_database_is_refused(tmp_path, make):
    make(tmp_path / "inbox.db")
    with pytest.raises(BadDatabase):
        Store(tmp_path / "inbox.db")


def test_threads_take_turns(store):
    def add_some(start: int) -> None:
        for n in range(start, start + 25):
            store.add(numbered(n))
            store.events(limit=5)

    threads = [threading.Thread(target=add_some, args=(n * 25,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(titles(store)) == sorted(f"event {n}" for n in range(100))


def test_nothing_of_an_envelope_is_kept_when_a_part_of_it_cannot_be(store):
    store.add(numbered(0))
    with pytest.raises(sqlite3.Error):
        store.add(delivery(part("event", {}), event_id=None))
    assert store.counts()["envelopes"] == 1
