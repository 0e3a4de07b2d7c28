"""The application in Quart."""

from __future__ import annotations

import asyncio
import time

from acts import (
    PAUSE,
    WAIT,
    BadGateway,
    Teapot,
    begin,
    flush,
    log_five,
    note,
    tags_now,
    versions,
)
from quart import Quart, abort, jsonify, request

import sentry_like

begin("quart")
app = Quart(__name__)


def text(body, status=200):
    return body, status, {"Content-Type": "text/plain"}


@app.errorhandler(Teapot)
async def teapot(error):
    return text("teapot", 418)


@app.errorhandler(BadGateway)
async def bad_gateway(error):
    return text("bad gateway", 502)


@app.get("/flush")
def flush_here():
    flush()
    return text("ok")


@app.get("/isolated")
async def isolated():
    tags = tags_now()
    return jsonify(tags)


@app.get("/versions")
async def versions_here():
    return jsonify(versions())


@app.get("/ok")
async def ok():
    log_five()
    return text("ok")


@app.get("/tagged/<who>")
async def tagged(who):
    note(who)
    await asyncio.sleep(PAUSE)
    if request.args.get("fail") == "1":
        raise ValueError(who)
    return text(who)


@app.get("/sync-tagged/<who>")
def sync_tagged(who):
    note(who)
    time.sleep(PAUSE)
    if request.args.get("fail") == "1":
        raise ValueError(who)
    return text(who)


@app.get("/error")
async def error():
    raise ValueError("unhandled")


@app.get("/handled")
async def handled():
    raise Teapot("short and stout")


@app.get("/handled-502")
async def handled_502():
    raise BadGateway("no upstream")


@app.get("/abort/<int:status>")
async def aborted(status):
    abort(status)


@app.get("/returned/<int:status>")
async def returned(status):
    return text("returned", status)


@app.get("/stream")
async def stream():
    async def chunks():
        for chunk in ("one,", "two,", "three"):
            yield chunk

    return text(chunks())


@app.get("/stream-error")
async def stream_error():
    async def chunks():
        yield "one,"
        raise ValueError("mid-body")

    return text(chunks())


@app.post("/body")
async def body():
    if request.is_json:
        await request.get_json()
    elif request.mimetype == "multipart/form-data":
        for file in (await request.files).values():
            file.read()
    elif request.mimetype == "application/x-www-form-urlencoded":
        (await request.form).to_dict()
    else:
        await request.get_data()
    raise ValueError("after the body")


@app.post("/unread")
async def unread():
    raise ValueError("unread")


@app.post("/upload")
async def upload():
    return text(str(sum([len(chunk) async for chunk in request.body])))


@app.get("/message")
async def message():
    sentry_like.capture_message("from a handler")
    return text("ok")


@app.get("/chained")
async def chained():
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@app.get("/wait")
async def wait():
    await asyncio.sleep(WAIT)
    return text("late")
