"""The application in Sanic."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

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
from sanic import Sanic, json, text
from sanic.exceptions import NotFound, ServerError, ServiceUnavailable

import sentry_like

begin("sanic")
app = Sanic("shop")
ERRORS = {404: NotFound, 500: ServerError, 503: ServiceUnavailable}


@asynccontextmanager
async def transaction():
    """As applications lay it around handlers; it stands in the stack of both versions alike."""
    yield


@app.exception(Teapot)
async def teapot(request, error):
    return text("teapot", 418)


@app.exception(BadGateway)
def bad_gateway(request, error):
    return text("bad gateway", 502)


@app.get("/flush")
async def flush_here(request):
    flush()
    return text("ok")


@app.get("/isolated")
async def isolated(request):
    tags = tags_now()
    return json(tags)


@app.get("/versions")
async def versions_here(request):
    return json(versions())


@app.get("/ok")
async def ok(request):
    log_five()
    return text("ok")


@app.get("/tagged/<who>")
async def tagged(request, who):
    note(who)
    await asyncio.sleep(PAUSE)
    if request.args.get("fail") == "1":
        raise ValueError(who)
    return text(who)


@app.get("/error")
@transaction()
async def error(request):
    raise ValueError("unhandled")


@app.get("/handled")
async def handled(request):
    raise Teapot("short and stout")


@app.get("/handled-502")
async def handled_502(request):
    raise BadGateway("no upstream")


@app.get("/abort/<status:int>")
async def aborted(request, status):
    raise ERRORS[status]("on purpose")


@app.get("/returned/<status:int>")
async def returned(request, status):
    return text("returned", status)


@app.get("/stream")
async def stream(request):
    response = await request.respond(content_type="text/plain")
    for chunk in ("one,", "two,", "three"):
        await response.send(chunk)
    await response.eof()


@app.get("/stream-error")
async def stream_error(request):
    response = await request.respond(content_type="text/plain")
    await response.send("one,")
    raise ValueError("mid-body")


@app.post("/body")
@transaction()
async def body(request):
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind.endswith("json"):
        request.json  # it is parsed when it is asked for
    elif kind == "multipart/form-data":
        [file.body for files in request.files.values() for file in files]
    elif kind == "application/x-www-form-urlencoded":
        dict(request.form)
    else:
        bytes(request.body)
    raise ValueError("after the body")


@app.post("/unread")
async def unread(request):
    raise ValueError("unread")


@app.post("/upload", stream=True)
async def upload(request):
    return text(str(sum([len(chunk) async for chunk in request.stream])))


@app.get("/message")
async def message(request):
    sentry_like.capture_message("from a handler")
    return text("ok")


@app.get("/chained")
async def chained(request):
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@app.get("/wait")
async def wait(request):
    await asyncio.sleep(WAIT)
    return text("late")
