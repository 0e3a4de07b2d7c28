"""The application in FastAPI: dependencies, an included router, a middleware that runs the rest in a task."""

from __future__ import annotations

import asyncio
import time

from acts import PAUSE, USER, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.middleware.authentication import AuthenticationMiddleware

import sentry_like

begin("fastapi")
app = FastAPI()
tagging = APIRouter()


class Customer(SimpleUser):
    """Who logs in by asking for `/login`."""

    def __init__(self):
        super().__init__(USER["username"])
        self.id, self.email = USER["id"], USER["email"]


class Backend(AuthenticationBackend):
    async def authenticate(self, conn):
        if conn.url.path != "/login":
            return None
        return AuthCredentials(["authenticated"]), Customer()


app.add_middleware(AuthenticationMiddleware, backend=Backend())


@app.middleware("http")
async def pass_on(request: Request, call_next):
    return await call_next(request)


@app.exception_handler(Teapot)
async def teapot(request: Request, error: Teapot):
    return PlainTextResponse("teapot", 418)


@app.exception_handler(BadGateway)
def bad_gateway(request: Request, error: BadGateway):
    return PlainTextResponse("bad gateway", 502)


@app.get("/ok", response_class=PlainTextResponse)
async def ok():
    log_five()
    return "ok"


@tagging.get("/{who}", response_class=PlainTextResponse)
async def tagged(who: str, fail: int = 0):
    note(who)
    await asyncio.sleep(PAUSE)
    if fail:
        raise ValueError(who)
    return who


def noted(who: str):
    """A dependency in a thread: what it sets is true for the endpoint, which is in another."""
    note(who)
    return who


@app.get("/sync-tagged/{who}", response_class=PlainTextResponse)
def sync_tagged(who: str = Depends(noted), fail: int = 0):
    time.sleep(PAUSE)
    if fail:
        raise ValueError(who)
    return who


@app.get("/error")
async def error():
    raise ValueError("unhandled")


@app.get("/handled")
async def handled():
    raise Teapot("short and stout")


@app.get("/handled-502")
def handled_502():
    raise BadGateway("no upstream")


@app.get("/abort/{status}")
async def abort(status: int):
    raise HTTPException(status)


@app.get("/returned/{status}")
async def returned(status: int):
    return PlainTextResponse("returned", status)


async def pieces():
    for piece in ("one,", "two,", "three"):
        yield piece


def broken_pieces():
    yield "one,"
    raise ValueError("mid-body")


@app.get("/stream")
async def stream():
    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/stream-error")
async def stream_error():
    return StreamingResponse(broken_pieces(), media_type="text/plain")


@app.post("/body")
async def body(request: Request):
    kind = request.headers["content-type"].partition(";")[0]
    if kind.endswith(("/json", "+json")):
        await request.json()
    elif kind == "multipart/form-data":
        form = await request.form()
        await form["picture"].read()
    elif kind == "application/x-www-form-urlencoded":
        await request.form()
    else:
        await request.body()
    raise ValueError("after the body")


@app.post("/unread")
async def unread():
    raise ValueError("unread")


@app.post("/upload", response_class=PlainTextResponse)
async def upload(request: Request):
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
    return str(length)


@app.get("/login")
async def login():
    raise ValueError("logged in")


@app.get("/message", response_class=PlainTextResponse)
async def message():
    sentry_like.capture_message("from a handler")
    return "ok"


@app.get("/chained")
async def chained():
    try:
        raise ValueError("cause")
    except ValueError as cause:
        raise RuntimeError("outer") from cause


@app.get("/wait", response_class=PlainTextResponse)
async def wait():
    await asyncio.sleep(WAIT)
    return "late"


@app.get("/versions")
async def versions_here():
    return JSONResponse(versions())


@app.get("/isolated")
async def isolated():
    return JSONResponse(tags_now())


@app.get("/flush", response_class=PlainTextResponse)
def flushed():
    flush()
    return "ok"


app.include_router(tagging, prefix="/tagged")
