"""The application in Starlette."""

from __future__ import annotations

import asyncio
import json
import time

from acts import PAUSE, USER, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

import sentry_like

begin("starlette")


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


async def pass_on(request, call_next):
    """A middleware that runs what is within in a task of its own."""
    return await call_next(request)


async def ok(request):
    log_five()
    return PlainTextResponse("ok")


async def tagged(request):
    who = request.path_params["who"]
    note(who)
    await asyncio.sleep(PAUSE)
    if request.query_params.get("fail") == "1":
        raise ValueError(who)
    return PlainTextResponse(who)


def sync_tagged(request):
    who = request.path_params["who"]
    note(who)
    time.sleep(PAUSE)
    if request.query_params.get("fail") == "1":
        raise ValueError(who)
    return PlainTextResponse(who)


async def error(request):
    raise ValueError("unhandled")


async def handled(request):
    raise Teapot("short and stout")


async def handled_502(request):
    raise BadGateway("no upstream")


async def abort(request):
    raise HTTPException(request.path_params["status"])


async def returned(request):
    return PlainTextResponse("returned", request.path_params["status"])


async def pieces():
    for piece in ("one,", "two,", "three"):
        yield piece


async def broken_pieces():
    yield "one,"
    raise ValueError("mid-body")


async def stream(request):
    return StreamingResponse(pieces(), media_type="text/plain")


async def stream_error(request):
    return StreamingResponse(broken_pieces(), media_type="text/plain")


async def body(request):
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


async def unread(request):
    raise ValueError("unread")


async def upload(request):
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
    return PlainTextResponse(str(length))


async def login(request):
    raise ValueError("logged in")


async def message(request):
    sentry_like.capture_message("from a handler")
    return PlainTextResponse("ok")


async def chained(request):
    try:
        raise ValueError("cause")
    except ValueError as cause:
        raise RuntimeError("outer") from cause


async def wait(request):
    await asyncio.sleep(WAIT)
    return PlainTextResponse("late")


async def versions_here(request):
    return JSONResponse(versions())


async def isolated(request):
    return PlainTextResponse(json.dumps(tags_now()))


async def flushed(request):
    await asyncio.get_running_loop().run_in_executor(None, flush)
    return PlainTextResponse("ok")


async def teapot(request, error):
    return PlainTextResponse("teapot", 418)


async def bad_gateway(request, error):
    return PlainTextResponse("bad gateway", 502)


app = Starlette(
    routes=[
        Route("/ok", ok),
        Route("/tagged/{who}", tagged),
        Route("/sync-tagged/{who}", sync_tagged),
        Route("/error", error),
        Route("/handled", handled),
        Route("/handled-502", handled_502),
        Route("/abort/{status:int}", abort),
        Route("/returned/{status:int}", returned),
        Route("/stream", stream),
        Route("/stream-error", stream_error),
        Route("/body", body, methods=["POST"]),
        Route("/unread", unread, methods=["POST"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/login", login),
        Route("/message", message),
        Route("/chained", chained),
        Route("/wait", wait),
        Route("/versions", versions_here),
        Route("/isolated", isolated),
        Route("/flush", flushed),
    ],
    middleware=[
        Middleware(BaseHTTPMiddleware, dispatch=pass_on),
        Middleware(AuthenticationMiddleware, backend=Backend()),
    ],
    exception_handlers={Teapot: teapot, BadGateway: bad_gateway},
)
