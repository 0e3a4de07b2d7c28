"""The application without a framework: a function for WSGI, and the middleware around it."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qsl

from acts import (
    PAUSE,
    USER,
    WAIT,
    BadGateway,
    Teapot,
    begin,
    flush,
    log_five,
    note,
    settings,
    tags_now,
    versions,
)

import sentry_like
from sentry_like.integrations.wsgi import SentryWsgiMiddleware

begin("wsgi")
REASONS = {
    200: "OK",
    404: "Not Found",
    418: "I'm a teapot",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "No",
}


def application(environ, start_response):
    """Answers what the routes answer; errors leave it, as there is no framework to handle them."""
    tags = tags_now()
    _, route, *rest = environ["PATH_INFO"].split("/", 2)
    query = dict(parse_qsl(environ["QUERY_STRING"]))

    def answer(body, status=200):
        data = body.encode()
        headers = [("Content-Type", "text/plain"), ("Content-Length", str(len(data)))]
        start_response(f"{status} {REASONS[status]}", headers)
        return [data]

    if route == "isolated":
        return answer(json.dumps(tags))
    if route == "versions":
        return answer(json.dumps(versions()))
    if route == "flush":
        flush()
        return answer("ok")
    if route == "ok":
        log_five()
        return answer("ok")
    if route == "tagged":
        (who,) = rest
        note(who)
        time.sleep(PAUSE)
        if query.get("fail") == "1":
            raise ValueError(who)
        return answer(who)
    if route == "error":
        raise ValueError("unhandled")
    if route == "handled":
        try:
            raise Teapot("short and stout")
        except Teapot:
            return answer("teapot", 418)
    if route == "handled-502":
        try:
            raise BadGateway("no upstream")
        except BadGateway:
            return answer("bad gateway", 502)
    if route == "returned":
        return answer("returned", int(rest[0]))
    if route == "stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (chunk for chunk in (b"one,", b"two,", b"three"))
    if route == "stream-error":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return breaking()
    if route == "body":
        body = read(environ)
        if "json" in environ["CONTENT_TYPE"]:
            json.loads(body)
        raise ValueError("after the body")
    if route == "unread":
        raise ValueError("unread")
    if route == "upload":
        return answer(str(len(read(environ))))
    if route == "login":
        environ["REMOTE_USER"] = USER["username"]
        raise ValueError("logged in")
    if route == "message":
        sentry_like.capture_message("from a handler")
        return answer("ok")
    if route == "chained":
        try:
            raise ValueError("cause")
        except ValueError as error:
            raise RuntimeError("outer") from error
    if route == "wait":
        time.sleep(WAIT)
        return answer("late")
    return answer("nowhere", 404)


def breaking():
    yield b"one,"
    raise ValueError("mid-body")


def read(environ):
    """The body: as many bytes as were announced, or, without a length, all there are."""
    if environ.get("CONTENT_LENGTH"):
        return environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    if environ.get("wsgi.input_terminated") or environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
        return environ["wsgi.input"].read()
    return b""


app = SentryWsgiMiddleware(application, **settings())
