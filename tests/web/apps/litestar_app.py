"""The application in Litestar."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

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
    tags_now,
    versions,
)
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import (
    InternalServerException,
    NotFoundException,
    ServiceUnavailableException,
)
from litestar.middleware import DefineMiddleware
from litestar.middleware.authentication import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.response import Stream

import sentry_like

begin("litestar")
ERRORS = {404: NotFoundException, 500: InternalServerException, 503: ServiceUnavailableException}


class Login(AbstractAuthenticationMiddleware):
    async def authenticate_request(self, connection):
        return AuthenticationResult(user=SimpleNamespace(**USER), auth=None)


def text(body: str, status: int = 200) -> Response:
    return Response(body, status_code=status, media_type="text/plain")


def teapot(request: Request, error: Exception) -> Response:
    return text("teapot", 418)


def bad_gateway(request: Request, error: Exception) -> Response:
    return text("bad gateway", 502)


@get("/flush")
async def flush_here() -> Response:
    flush()
    return text("ok")


@get("/isolated")
async def isolated() -> dict:
    return tags_now()


@get("/versions")
async def versions_here() -> dict:
    return versions()


@get("/ok")
async def ok() -> Response:
    log_five()
    return text("ok")


@get("/tagged/{who:str}")
async def tagged(who: str, fail: int = 0) -> Response:
    note(who)
    await asyncio.sleep(PAUSE)
    if fail:
        raise ValueError(who)
    return text(who)


@get("/sync-tagged/{who:str}", sync_to_thread=True)
def sync_tagged(who: str, fail: int = 0) -> Response:
    note(who)
    time.sleep(PAUSE)
    if fail:
        raise ValueError(who)
    return text(who)


@get("/error")
async def error() -> None:
    raise ValueError("unhandled")


@get("/handled")
async def handled() -> None:
    raise Teapot("short and stout")


@get("/handled-502")
async def handled_502() -> None:
    raise BadGateway("no upstream")


@get("/abort/{status:int}")
async def aborted(status: int) -> None:
    raise ERRORS[status]("on purpose")


@get("/returned/{status:int}")
async def returned(status: int) -> Response:
    return text("returned", status)


@get("/stream")
async def stream() -> Stream:
    async def chunks():
        for chunk in ("one,", "two,", "three"):
            yield chunk

    return Stream(chunks(), media_type="text/plain")


@get("/stream-error")
async def stream_error() -> Stream:
    async def chunks():
        yield "one,"
        raise ValueError("mid-body")

    return Stream(chunks(), media_type="text/plain")


@post("/body")
async def body(request: Request) -> None:
    kind = request.content_type[0]
    if kind.endswith("json"):
        await request.json()
    elif kind == "multipart/form-data":
        for value in (await request.form()).values():
            if not isinstance(value, str):
                await value.read()
    elif kind == "application/x-www-form-urlencoded":
        dict(await request.form())
    else:
        await request.body()
    raise ValueError("after the body")


@post("/unread")
async def unread() -> None:
    raise ValueError("unread")


@post("/upload", status_code=200)
async def upload(request: Request) -> Response:
    return text(str(sum([len(chunk) async for chunk in request.stream()])))


@get("/login", middleware=[DefineMiddleware(Login)])
async def login() -> None:
    raise ValueError("logged in")


@get("/message")
async def message() -> Response:
    sentry_like.capture_message("from a handler")
    return text("ok")


@get("/chained")
async def chained() -> None:
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@get("/wait")
async def wait() -> Response:
    await asyncio.sleep(WAIT)
    return text("late")


app = Litestar(
    [
        *(flush_here, isolated, versions_here, ok, tagged, sync_tagged, error, handled, handled_502, aborted),
        *(returned, stream, stream_error, body, unread, upload, login, message, chained, wait),
    ],
    exception_handlers={Teapot: teapot, BadGateway: bad_gateway},
    openapi_config=None,
)
