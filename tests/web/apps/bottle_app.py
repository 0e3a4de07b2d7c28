"""The application in Bottle."""

from __future__ import annotations

import json
import time

from acts import PAUSE, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions
from bottle import Bottle, HTTPResponse, abort, request, response

import sentry_like

begin("bottle")
app = Bottle()


@app.hook("before_request")
def plain_text():
    response.content_type = "text/plain"


@app.error(500)
def handle(error):
    """Bottle's one place for exceptions: what led to the 500."""
    if isinstance(error.exception, Teapot):
        response.status = 418
        return "teapot"
    if isinstance(error.exception, BadGateway):
        response.status = 502
        return "bad gateway"
    return "server error"


@app.get("/isolated")
def isolated():
    tags = tags_now()
    return json.dumps(tags)


@app.get("/versions")
def versions_here():
    return json.dumps(versions())


@app.get("/flush")
def flushed():
    flush()
    return "ok"


@app.get("/ok")
def ok():
    log_five()
    return "ok"


@app.get("/tagged/<who>")
def tagged(who):
    note(who)
    time.sleep(PAUSE)
    if request.query.fail == "1":
        raise ValueError(who)
    return who


@app.get("/error")
def error():
    raise ValueError("unhandled")


@app.get("/handled")
def handled():
    raise Teapot("short and stout")


@app.get("/handled-502")
def handled_502():
    raise BadGateway("no upstream")


@app.get("/abort/<status:int>")
def aborted(status):
    abort(status)


@app.get("/returned/<status:int>")
def returned(status):
    return HTTPResponse("returned", status)


@app.get("/stream")
def stream():
    yield from ("one,", "two,", "three")


@app.get("/stream-error")
def stream_error():
    yield "one,"
    raise ValueError("mid-body")


@app.post("/body")
def body():
    kind = request.content_type.partition(";")[0]
    if kind.endswith(("/json", "+json")):
        json.load(request.body)
    elif kind == "multipart/form-data":
        for file in request.files.values():
            file.file.read()
    elif kind == "application/x-www-form-urlencoded":
        dict(request.forms)
    else:
        request.body.read()
    raise ValueError("after the body")


@app.post("/unread")
def unread():
    raise ValueError("unread")


@app.post("/upload")
def upload():
    stream = request.body  # to ask for it again would be to begin anew
    return str(sum(len(chunk) for chunk in iter(lambda: stream.read(65536), b"")))


@app.get("/message")
def message():
    sentry_like.capture_message("from a handler")
    return "ok"


@app.get("/chained")
def chained():
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@app.get("/wait")
def wait():
    time.sleep(WAIT)
    return "late"
