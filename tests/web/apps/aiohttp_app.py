"""The application in aiohttp."""

from __future__ import annotations

import asyncio

from acts import PAUSE, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions

import sentry_like

begin("aiohttp")

from aiohttp import web  # noqa: E402  # after the client, as most applications do it

routes = web.RouteTableDef()


@routes.get("/ok")
async def ok(request):
    log_five()
    return web.Response(text="ok")


@routes.get("/tagged/{who}")
async def tagged(request):
    who = request.match_info["who"]
    note(who)
    await asyncio.sleep(PAUSE)
    if request.query.get("fail") == "1":
        raise ValueError(who)
    return web.Response(text=who)


@routes.get("/error")
async def error(request):
    raise ValueError("unhandled")


@routes.get("/handled")
async def handled(request):
    raise Teapot("short and stout")


@routes.get("/handled-502")
async def handled_502(request):
    raise BadGateway("no upstream")


@routes.get("/abort/{status}")
async def abort(request):
    kinds = {404: web.HTTPNotFound, 500: web.HTTPInternalServerError, 503: web.HTTPServiceUnavailable}
    raise kinds[int(request.match_info["status"])]


@routes.get("/returned/{status}")
async def returned(request):
    return web.Response(text="returned", status=int(request.match_info["status"]))


@routes.get("/stream")
async def stream(request):
    answer = await begun(request)
    for chunk in (b"one,", b"two,", b"three"):
        await answer.write(chunk)
    return answer


@routes.get("/stream-error")
async def stream_error(request):
    answer = await begun(request)
    await answer.write(b"one,")
    raise ValueError("mid-body")


async def begun(request):
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    return answer


@routes.post("/body")
async def body(request):
    kind = request.content_type
    if kind.endswith("json"):
        await request.json()
    elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.post()
        if "picture" in form:
            form["picture"].file.read()
    else:
        await request.read()
    raise ValueError("after the body")


@routes.post("/unread")
async def unread(request):
    raise ValueError("unread")


@routes.post("/upload")
async def upload(request):
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    return web.Response(text=str(size))


@routes.get("/message")
async def message(request):
    sentry_like.capture_message("from a handler")
    return web.Response(text="ok")


@routes.get("/chained")
async def chained(request):
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


@routes.get("/wait")
async def wait(request):
    await asyncio.sleep(WAIT)
    return web.Response(text="late")


@routes.get("/versions")
async def show_versions(request):
    return web.json_response(versions())


@routes.get("/isolated")
async def isolated(request):
    return web.json_response(tags_now())


@routes.get("/flush")
async def flushed(request):
    flush()
    return web.Response(text="ok")


@web.middleware
async def answer_errors(request, handler):
    try:
        return await handler(request)
    except Teapot:
        return web.Response(text="teapot", status=418)
    except BadGateway:
        return web.Response(text="bad gateway", status=502)


def make_app(argv=None):
    app = web.Application(middlewares=[answer_errors])
    app.add_routes(routes)
    return app


app = make_app()
