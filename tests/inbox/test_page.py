from __future__ import annotations

import html.parser

from sentry_like.inbox.page import page

ROW = {
    "event_id": "a" * 32,
    "title": "ValueError: x",
    "culprit": "app.py:3 in main",
    "level": "error",
    "release": "shop@1",
    "received": 1000.0,
}


class Tags(html.parser.HTMLParser):
    def __init__(self, document: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def __getitem__(self, name):
        return [attributes for tag, attributes in self.seen if tag == name]


def test_each_event_links_to_its_json():
    assert Tags(page([ROW, ROW], ""))["a"] == [{"href": f"/api/events/{'a' * 32}"}] * 2


def test_each_event_shows_title_place_level_time_and_release():
    document = Tags(page([ROW], ""))
    assert all(ROW[name] in document.text for name in ("title", "culprit", "level", "release"))
    assert document["time"] == [{"datetime": "1970-01-01T00:16:40Z"}]


def test_what_a_payload_says_is_escaped():
    evil = "</a><script>alert(1)</script>\"'{title}"
    document = Tags(page([{**ROW, "title": evil, "culprit": evil, "release": evil}], ""))
    assert not document["script"]
    assert document.text.count(evil) == 3


def test_an_empty_inbox_says_which_dsn_to_use():
    assert "http://k@127.0.0.1:1/1" in page([], "http://k@127.0.0.1:1/1")
