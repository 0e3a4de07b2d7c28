"""The application without a framework: a coroutine function for ASGI, and the middleware around it."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qsl

from acts import PAUSE, WAIT, BadGateway, Teapot, begin, flush, log_five, note, settings, tags_now, versions

import sentry_like
from sentry_like.integrations.asgi import SentryAsgiMiddleware

begin("asgi")


async def application(scope, receive, send):
    """Answers what the routes answer; errors leave it, as there is no framework to handle them."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    tags = tags_now()
    _, route, *rest = scope["path"].split("/", 2)
    query = dict(parse_qsl(scope["query_string"].decode()))

    async def begin_answer(status, length=None):
        headers = [(b"content-type", b"text/plain")]
        if length is not None:
            headers.append((b"content-length", b"%d" % length))
        await send({"type": "http.response.start", "status": status, "headers": headers})

    async def answer(body, status=200):
        data = body.encode()
        await begin_answer(status, len(data))
        await send({"type": "http.response.body", "body": data})

    if route == "isolated":
        await answer(json.dumps(tags))
    elif route == "versions":
        await answer(json.dumps(versions()))
    elif route == "flush":
        flush()
        await answer("ok")
    elif route == "ok":
        log_five()
        await answer("ok")
    elif route == "tagged":
        (who,) = rest
        note(who)
        await asyncio.sleep(PAUSE)
        if query.get("fail") == "1":
            raise ValueError(who)
        await answer(who)
    elif route == "error":
        raise ValueError("unhandled")
    elif route == "handled":
        try:
            raise Teapot("short and stout")
        except Teapot:
            await answer("teapot", 418)
    elif route == "handled-502":
        try:
            raise BadGateway("no upstream")
        except BadGateway:
            await answer("bad gateway", 502)
    elif route == "returned":
        await answer("returned", int(rest[0]))
    elif route in ("stream", "stream-error"):
        await begin_answer(200)
        await send({"type": "http.response.body", "body": b"one,", "more_body": True})
        if route == "stream-error":
            raise ValueError("mid-body")
        await send({"type": "http.response.body", "body": b"two,", "more_body": True})
        await send({"type": "http.response.body", "body": b"three"})
    elif route == "body":
        body = await read(receive)
        if b"json" in dict(scope["headers"])[b"content-type"]:
            json.loads(body)
        raise ValueError("after the body")
    elif route == "unread":
        raise ValueError("unread")
    elif route == "upload":
        body = await read(receive)
        if body is not None:
            await answer(str(len(body)))
    elif route == "message":
        sentry_like.capture_message("from a handler")
        await answer("ok")
    elif route == "chained":
        try:
            raise ValueError("cause")
        except ValueError as error:
            raise RuntimeError("outer") from error
    elif route == "wait":
        await asyncio.sleep(WAIT)
        await answer("late")
    else:
        await answer("nowhere", 404)


async def read(receive):
    """The body, or `None` when the client has gone."""
    pieces = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


async def lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


app = SentryAsgiMiddleware(application, **settings())
