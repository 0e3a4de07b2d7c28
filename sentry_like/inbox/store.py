"""What the inbox keeps: every envelope with all its items, in SQLite, with columns of the events for lists.

One connection under one lock: transactions are short (a few inserts, an indexed read), so web threads simply
take turns, and no reader ever sees half an envelope. In a file the journal is WAL: a `sqlite3` shell may look
while the inbox writes. Without a path the database is SQLite's own private temporary one: it spills to disk
when it grows, and the system removes it even when the process is killed.

Bounded: `add` drops the oldest beyond `max_events` events, as many envelopes without an event, or
`max_bytes`.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import TYPE_CHECKING

from sentry_like.inbox import summary
from sentry_like.inbox.ingest import parse_json
from sentry_like.inbox.settings import MAX_EVENTS
from sentry_like.protocol import jsontext

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from sentry_like.inbox.ingest import Delivery

MAX_BYTES = 1024 * 1024 * 1024

_APPLICATION_ID = int.from_bytes(b"SLIB", "big")
_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE envelopes (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    received REAL NOT NULL,
    project TEXT NOT NULL,
    key TEXT NOT NULL,
    headers TEXT NOT NULL,
    has_event INTEGER NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX envelopes_by_kind ON envelopes (has_event, n);
CREATE TABLE items (
    envelope INTEGER NOT NULL REFERENCES envelopes (n) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    type TEXT NOT NULL,
    headers TEXT NOT NULL,
    payload BLOB NOT NULL,
    UNIQUE (envelope, position)
);
CREATE TABLE events (
    envelope INTEGER PRIMARY KEY REFERENCES envelopes (n) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    type TEXT NOT NULL,
    level TEXT NOT NULL,
    title TEXT NOT NULL,
    culprit TEXT NOT NULL,
    release TEXT NOT NULL,
    environment TEXT NOT NULL,
    search TEXT NOT NULL
);
CREATE INDEX events_by_id ON events (event_id);
"""
_LISTED = "event_id, type, level, title, culprit, release, environment, project, received, n AS envelope"


class BadDatabase(ValueError):
    """The file given for the database cannot be used; the message says why."""


class Store:
    """Every accepted envelope. Any thread may call any method.

    Raises: BadDatabase for a path that cannot be opened or holds something else.
    """

    def __init__(
        self, path: Path | None = None, *, max_events: int = MAX_EVENTS, max_bytes: int = MAX_BYTES
    ) -> None:
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._database = _open(path)
        self._bytes: int = self._one("SELECT coalesce(sum(bytes), 0) FROM envelopes")

    def add(self, delivery: Delivery) -> int:
        """The number of the new envelope; the oldest beyond the bounds are dropped."""
        size = sum(len(part.payload) for part in delivery.parts)
        with self._lock, self._database:
            envelope = self._insert(delivery, size)
            self._bytes += size
            self._drop_oldest(has_event=delivery.event is not None)
            return envelope

    def _insert(self, delivery: Delivery, size: int) -> int:
        event = delivery.event
        cursor = self._database.execute(
            "INSERT INTO envelopes (received, project, key, headers, has_event, bytes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                delivery.received,
                delivery.project,
                delivery.key,
                _json(delivery.headers),
                event is not None,
                size,
            ),
        )
        envelope = cursor.lastrowid or 0
        self._database.executemany(
            "INSERT INTO items (envelope, position, type, headers, payload) VALUES (?, ?, ?, ?, ?)",
            [
                (envelope, position, _clean(part.type), _json(part.headers), part.payload)
                for position, part in enumerate(delivery.parts)
            ],
        )
        if event is not None:
            said = summary.summarize(event.type, event.value)
            columns = (
                said.type,
                said.level,
                said.title,
                said.culprit,
                said.release,
                said.environment,
                said.search,
            )
            self._database.execute(
                "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (envelope, delivery.event_id, *map(_clean, columns)),
            )
        return envelope

    def _drop_oldest(self, *, has_event: bool) -> None:
        surplus = self._one(
            "SELECT n FROM envelopes WHERE has_event = ? ORDER BY n DESC LIMIT 1 OFFSET ?",
            has_event,
            self._max_events,
        )
        if surplus is not None:
            self._drop("has_event = ? AND n <= ?", has_event, surplus)
        while self._bytes > self._max_bytes:
            oldest, newest = self._rows("SELECT min(n), max(n) FROM envelopes")[0]
            if oldest == newest:
                return
            self._drop("n = ?", oldest)

    def _drop(self, which: str, *values: Any) -> None:
        self._bytes -= self._one(f"SELECT coalesce(sum(bytes), 0) FROM envelopes WHERE {which}", *values)
        self._database.execute(f"DELETE FROM envelopes WHERE {which}", values)

    def clear(self) -> int:
        """Removes everything; returns how many events there were."""
        with self._lock, self._database:
            events = self._one("SELECT count(*) FROM events")
            self._database.execute("DELETE FROM envelopes")
            self._bytes = 0
            return int(events)

    def events(
        self, *, limit: int, project: str | None = None, level: str | None = None, query: str | None = None
    ) -> list[dict[str, Any]]:
        """The newest events that fit, newest first; `query` is looked for in titles, places, releases, tags,
        users."""
        tests = {
            "project = ?": project,
            "level = ?": level,
            "instr(search, ?) > 0": _clean(query.casefold()) if query else None,
        }
        wanted = {test: value for test, value in tests.items() if value is not None}
        where = " AND ".join(wanted) or "TRUE"
        with self._lock:
            rows = self._rows(
                f"SELECT {_LISTED} FROM events JOIN envelopes ON n = envelope"
                f" WHERE {where} ORDER BY n DESC LIMIT ?",
                *wanted.values(),
                limit,
            )
        return [dict(row) for row in rows]

    def event(self, event_id: str) -> dict[str, Any] | None:
        """The newest event of that id: what a list says of it, its `payload`, the envelope's `headers`, and
        of the other items in its envelope (attachments) their `type`, `headers` and `bytes`; None when there
        is none."""
        with self._lock:
            rows = self._rows(
                f"SELECT {_LISTED}, headers FROM events JOIN envelopes ON n = envelope"
                " WHERE event_id = ? ORDER BY n DESC LIMIT 1",
                event_id,
            )
            if not rows:
                return None
            found = dict(rows[0])
            items = self._rows(
                "SELECT type, headers, length(payload) AS bytes, iif(type = ?, payload, NULL) AS payload"
                " FROM items WHERE envelope = ? ORDER BY position",
                found["type"],
                found["envelope"],
            )
        found["headers"] = jsontext.decode(found["headers"])
        found["payload"] = next(
            parse_json(item["payload"], "event") for item in items if item["payload"] is not None
        )
        found["items"] = [
            {"type": item["type"], "headers": jsontext.decode(item["headers"]), "bytes": item["bytes"]}
            for item in items
            if item["payload"] is None
        ]
        return found

    def envelope(self, n: int) -> tuple[dict[str, Any], list[tuple[dict[str, Any], bytes]]] | None:
        """The headers of envelope `n` and its items, each `(headers, payload)`; None when it is not (any
        more) there."""
        with self._lock:
            headers = self._one("SELECT headers FROM envelopes WHERE n = ?", n)
            rows = self._rows("SELECT headers, payload FROM items WHERE envelope = ? ORDER BY position", n)
        if headers is None:
            return None
        return jsontext.decode(headers), [(jsontext.decode(row["headers"]), row["payload"]) for row in rows]

    def counts(self) -> dict[str, int]:
        """How much there is now: `{"events": n, "envelopes": n, "bytes": n}`."""
        with self._lock:
            return {
                "events": self._one("SELECT count(*) FROM events"),
                "envelopes": self._one("SELECT count(*) FROM envelopes"),
                "bytes": self._bytes,
            }

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return self._database.execute(statement, values).fetchall()

    def _one(self, statement: str, *values: Any) -> Any:
        row = self._database.execute(statement, values).fetchone()
        return row[0] if row else None


def _open(path: Path | None) -> sqlite3.Connection:
    try:
        database = sqlite3.connect(path or "", timeout=5.0, check_same_thread=False)
    except sqlite3.Error as error:
        raise BadDatabase(f"{path}: {error}") from error
    try:
        _prepare(database)
    except sqlite3.Error as error:
        database.close()
        raise BadDatabase(f"{path}: {error}") from error
    database.row_factory = sqlite3.Row
    return database


def _prepare(database: sqlite3.Connection) -> None:
    """Makes the tables in an empty database; leaves anything but an inbox of this version alone."""
    (tables,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = database.execute("PRAGMA application_id").fetchone()
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if tables and (application, version) != (_APPLICATION_ID, _SCHEMA_VERSION):
        raise sqlite3.DatabaseError("this is not a database of this version of the inbox")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute("PRAGMA foreign_keys = ON")
    if not tables:
        database.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID};"
            f" PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
        )


def _json(value: Any) -> str:
    return jsontext.encode(value).decode()


def _clean(text: str) -> str:
    """SQLite wants text that has an encoding."""
    return text.encode("utf-8", "replace").decode()
