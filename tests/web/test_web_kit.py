"""The kit itself: every framework is described, and what it makes of answers and events is what they say."""

from __future__ import annotations

import pytest
from framework import BODIES, HERE, described
from sites import choices_for
from visitor import Answer
from web_snapshot import OTHERS, reduced

from sentry_like.integrations.registry import REGISTRY

FRAMEWORKS = described()
MIDDLEWARES = {"asgi", "wsgi"}
WEB = {
    *("aiohttp", "bottle", "django", "falcon", "fastapi", "flask", "litestar", "pyramid", "quart", "sanic"),
    *("starlette", "tornado"),
}


def test_every_web_framework_of_the_registry_is_described():
    assert set(FRAMEWORKS) == WEB | MIDDLEWARES
    assert set(REGISTRY) >= WEB


@pytest.mark.parametrize("framework", FRAMEWORKS.values(), ids=FRAMEWORKS)
def test_a_description_is_complete(framework):
    assert (HERE / "apps" / f"{framework.name}_app.py").exists()
    assert all("{port}" in " ".join(arguments) for arguments in framework.servers.values())
    assert all(len(reason.split()) > 3 for reason in framework.missing.values())
    assert set(framework.bodies) <= set(BODIES)
    if framework.name in WEB:
        assert framework.package == REGISTRY[framework.name].package
        assert framework.oldest


def test_the_oldest_version_runs_on_the_first_server_only():
    ids = [str(choice) for choice in choices_for("plain") if choice.framework.name == "flask"]
    assert ids == ["flask-gunicorn-newest", "flask-waitress-newest", "flask-gunicorn-oldest"]


@pytest.mark.parametrize(
    ("raw", "body", "is_whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", b"ok", False),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1\r\n!\r\n0\r\n\r\n",
            b"ok!",
            True,
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", b"ok", False),
        (b"HTTP/1.1 200 OK\r\n\r\nok", b"ok", False),
    ],
    ids=["length", "cut", "chunks", "cut chunks", "neither"],
)
def test_an_answer_is_whole_once_its_end_came(raw, body, is_whole):
    answer = Answer(raw)
    assert (answer.status, answer.body, answer.is_whole) == (200, body, is_whole)


def test_of_the_frames_of_others_only_that_they_are_there_is_kept():
    mine = {
        "in_app": True,
        "filename": "app.py",
        "function": "error",
        "module": "app",
        "context_line": "raise",
    }
    frames = [{"in_app": False}, {"in_app": False}, {**mine, "lineno": 7, "vars": {"b": "1", "a": "2"}}, {}]
    shown = {key: mine[key] for key in ("filename", "function", "module", "context_line")}
    assert reduced(frames) == [OTHERS, {**shown, "vars": ["a", "b"]}, OTHERS]
