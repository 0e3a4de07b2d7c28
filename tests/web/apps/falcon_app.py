"""The application in Falcon: `app` for WSGI, `asgi_app` for ASGI."""

from __future__ import annotations

import asyncio
import json
import time

from acts import PAUSE, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions

import sentry_like

begin("falcon")

import falcon  # noqa: E402  # what an application imports by name from Falcon is ours only after `begin`
import falcon.asgi  # noqa: E402
from falcon import sync_to_async  # noqa: E402

ABORTING = {
    404: falcon.HTTPNotFound,
    500: falcon.HTTPInternalServerError,
    503: falcon.HTTPServiceUnavailable,
}


def kind_of(req):
    return req.content_type.partition(";")[0]


def finished(made, teapot, bad_gateway, resources):
    made.add_error_handler(Teapot, teapot)
    made.add_error_handler(BadGateway, bad_gateway)
    for path, resource in resources.items():
        made.add_route(path, resource())
    return made


# -- for WSGI


class Isolated:
    def on_get(self, req, resp):
        resp.text = json.dumps(tags_now())


class Versions:
    def on_get(self, req, resp):
        resp.text = json.dumps(versions())


class Flush:
    def on_get(self, req, resp):
        flush()
        resp.text = "ok"


class Ok:
    def on_get(self, req, resp):
        log_five()
        resp.text = "ok"


class Tagged:
    def on_get(self, req, resp, who):
        note(who)
        time.sleep(PAUSE)
        if req.get_param("fail") == "1":
            raise ValueError(who)
        resp.text = who


class Error:
    def on_get(self, req, resp):
        raise ValueError("unhandled")


class Handled:
    def on_get(self, req, resp):
        raise Teapot("short and stout")


class Handled502:
    def on_get(self, req, resp):
        raise BadGateway("no upstream")


class Abort:
    def on_get(self, req, resp, status):
        raise ABORTING[status]()


class Returned:
    def on_get(self, req, resp, status):
        resp.status = status
        resp.text = "returned"


class Stream:
    def on_get(self, req, resp):
        resp.stream = iter((b"one,", b"two,", b"three"))


class StreamError:
    def on_get(self, req, resp):
        resp.stream = self.chunks()

    def chunks(self):
        yield b"one,"
        raise ValueError("mid-body")


class Body:
    def on_post(self, req, resp):
        kind = kind_of(req)
        if kind.endswith(("/json", "+json")):
            json.load(req.stream)
        elif kind == "multipart/form-data":
            for part in req.get_media():
                part.stream.read()
        elif kind == "application/x-www-form-urlencoded":
            req.get_media()
        else:
            req.stream.read()
        raise ValueError("after the body")


class Unread:
    def on_post(self, req, resp):
        raise ValueError("unread")


class Upload:
    def on_post(self, req, resp):
        resp.text = str(sum(len(chunk) for chunk in iter(lambda: req.stream.read(65536), b"")))


class Message:
    def on_get(self, req, resp):
        sentry_like.capture_message("from a handler")
        resp.text = "ok"


class Chained:
    def on_get(self, req, resp):
        try:
            raise ValueError("cause")
        except ValueError as error:
            raise RuntimeError("outer") from error


class Wait:
    def on_get(self, req, resp):
        time.sleep(WAIT)
        resp.text = "late"


def teapot(req, resp, ex, params):
    resp.status, resp.text = 418, "teapot"


def bad_gateway(req, resp, ex, params):
    resp.status, resp.text = 502, "bad gateway"


app = finished(
    falcon.App(media_type=falcon.MEDIA_TEXT),
    teapot,
    bad_gateway,
    {
        "/isolated": Isolated,
        "/versions": Versions,
        "/flush": Flush,
        "/ok": Ok,
        "/tagged/{who}": Tagged,
        "/error": Error,
        "/handled": Handled,
        "/handled-502": Handled502,
        "/abort/{status:int}": Abort,
        "/returned/{status:int}": Returned,
        "/stream": Stream,
        "/stream-error": StreamError,
        "/body": Body,
        "/unread": Unread,
        "/upload": Upload,
        "/message": Message,
        "/chained": Chained,
        "/wait": Wait,
    },
)


# -- for ASGI: the same names, as events tell them


class Isolated:
    async def on_get(self, req, resp):
        resp.text = json.dumps(tags_now())


class Versions:
    async def on_get(self, req, resp):
        resp.text = json.dumps(versions())


class Flush:
    async def on_get(self, req, resp):
        await sync_to_async(flush)
        resp.text = "ok"


class Ok:
    async def on_get(self, req, resp):
        log_five()
        resp.text = "ok"


class Tagged:
    async def on_get(self, req, resp, who):
        note(who)
        await asyncio.sleep(PAUSE)
        if req.get_param("fail") == "1":
            raise ValueError(who)
        resp.text = who


class SyncTagged:
    async def on_get(self, req, resp, who):
        await sync_to_async(self.work, req, who)
        resp.text = who

    def work(self, req, who):
        note(who)
        time.sleep(PAUSE)
        if req.get_param("fail") == "1":
            raise ValueError(who)


class Error:
    async def on_get(self, req, resp):
        raise ValueError("unhandled")


class Handled:
    async def on_get(self, req, resp):
        raise Teapot("short and stout")


class Handled502:
    async def on_get(self, req, resp):
        raise BadGateway("no upstream")


class Abort:
    async def on_get(self, req, resp, status):
        raise ABORTING[status]()


class Returned:
    async def on_get(self, req, resp, status):
        resp.status = status
        resp.text = "returned"


class Stream:
    async def on_get(self, req, resp):
        resp.stream = self.chunks()

    async def chunks(self):
        for chunk in (b"one,", b"two,", b"three"):
            yield chunk


class StreamError:
    async def on_get(self, req, resp):
        resp.stream = self.chunks()

    async def chunks(self):
        yield b"one,"
        raise ValueError("mid-body")


class Body:
    async def on_post(self, req, resp):
        kind = kind_of(req)
        if kind.endswith(("/json", "+json")):
            json.loads(await req.stream.read())
        elif kind == "multipart/form-data":
            async for part in await req.get_media():
                await part.stream.read()
        elif kind == "application/x-www-form-urlencoded":
            await req.get_media()
        else:
            await req.stream.read()
        raise ValueError("after the body")


class Unread:
    async def on_post(self, req, resp):
        raise ValueError("unread")


class Upload:
    async def on_post(self, req, resp):
        length = 0
        async for chunk in req.stream:
            length += len(chunk)
        resp.text = str(length)


class Message:
    async def on_get(self, req, resp):
        sentry_like.capture_message("from a handler")
        resp.text = "ok"


class Chained:
    async def on_get(self, req, resp):
        try:
            raise ValueError("cause")
        except ValueError as error:
            raise RuntimeError("outer") from error


class Wait:
    async def on_get(self, req, resp):
        await asyncio.sleep(WAIT)
        resp.text = "late"


async def teapot(req, resp, ex, params):
    resp.status, resp.text = 418, "teapot"


async def bad_gateway(req, resp, ex, params):
    resp.status, resp.text = 502, "bad gateway"


asgi_app = finished(
    falcon.asgi.App(media_type=falcon.MEDIA_TEXT),
    teapot,
    bad_gateway,
    {
        "/isolated": Isolated,
        "/versions": Versions,
        "/flush": Flush,
        "/ok": Ok,
        "/tagged/{who}": Tagged,
        "/sync-tagged/{who}": SyncTagged,
        "/error": Error,
        "/handled": Handled,
        "/handled-502": Handled502,
        "/abort/{status:int}": Abort,
        "/returned/{status:int}": Returned,
        "/stream": Stream,
        "/stream-error": StreamError,
        "/body": Body,
        "/unread": Unread,
        "/upload": Upload,
        "/message": Message,
        "/chained": Chained,
        "/wait": Wait,
    },
)
