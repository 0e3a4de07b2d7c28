"""The application in Tornado."""

from __future__ import annotations

import asyncio
import json
import sys

from acts import PAUSE, USER, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions

import sentry_like

begin("tornado")

from tornado import gen, web  # noqa: E402  # after the client, as most applications do it


class Base(web.RequestHandler):
    def write_error(self, status_code, **kwargs):
        error = kwargs["exc_info"][1]
        if isinstance(error, Teapot):
            self.set_status(418)
            self.finish("teapot")
        elif isinstance(error, BadGateway):
            self.set_status(502)
            self.finish("bad gateway")
        else:
            super().write_error(status_code, **kwargs)


class Ok(Base):
    def get(self):
        log_five()
        self.write("ok")


class Tagged(Base):
    async def get(self, who):
        note(who)
        await asyncio.sleep(PAUSE)
        if self.get_query_argument("fail", "") == "1":
            raise ValueError(who)
        self.write(who)


class SyncTagged(Base):
    """A coroutine of the time before `async def`: after each `yield` it goes on in a callback of the loop."""

    @gen.coroutine
    def get(self, who):
        yield gen.sleep(PAUSE)
        note(who)
        yield gen.sleep(PAUSE)
        if self.get_query_argument("fail", "") == "1":
            raise ValueError(who)
        self.write(who)


class Error(Base):
    def get(self):
        raise ValueError("unhandled")


class Handled(Base):
    def get(self):
        raise Teapot("short and stout")


class Handled502(Base):
    def get(self):
        raise BadGateway("no upstream")


class Abort(Base):
    def get(self, status):
        raise web.HTTPError(int(status))


class Returned(Base):
    def get(self, status):
        self.set_status(int(status))
        self.write("returned")


class Stream(Base):
    async def get(self):
        for chunk in ("one,", "two,", "three"):
            self.write(chunk)
            await self.flush()


class StreamError(Base):
    async def get(self):
        self.write("one,")
        await self.flush()
        raise ValueError("mid-body")


class Body(Base):
    def post(self):
        kind = self.request.headers.get("Content-Type", "")
        if "json" in kind:
            json.loads(self.request.body)
        elif "form" in kind:
            self.get_body_argument("name")
        raise ValueError("after the body")


@web.stream_request_body
class Upload(Base):
    def prepare(self):
        self.size = 0

    def data_received(self, chunk):
        self.size += len(chunk)

    def post(self):
        self.write(str(self.size))


class Login(Base):
    def get_current_user(self):
        return USER

    @web.authenticated
    def get(self):
        raise ValueError("logged in")


class Message(Base):
    def get(self):
        sentry_like.capture_message("from a handler")
        self.write("ok")


class Chained(Base):
    def get(self):
        try:
            raise ValueError("cause")
        except ValueError as error:
            raise RuntimeError("outer") from error


class Wait(Base):
    async def get(self):
        await asyncio.sleep(WAIT)
        self.write("late")


class Versions(Base):
    def get(self):
        self.write(versions())


class Isolated(Base):
    def get(self):
        self.write(tags_now())


class Flush(Base):
    def get(self):
        flush()
        self.write("ok")


app = web.Application(
    [
        ("/ok", Ok),
        ("/tagged/([^/]+)", Tagged),
        ("/sync-tagged/([^/]+)", SyncTagged),
        ("/error", Error),
        ("/handled", Handled),
        ("/handled-502", Handled502),
        ("/abort/([0-9]+)", Abort),
        ("/returned/([0-9]+)", Returned),
        ("/stream", Stream),
        ("/stream-error", StreamError),
        ("/body", Body),
        ("/upload", Upload),
        ("/login", Login),
        ("/message", Message),
        ("/chained", Chained),
        ("/wait", Wait),
        ("/versions", Versions),
        ("/isolated", Isolated),
        ("/flush", Flush),
    ]
)


async def serve(port):
    app.listen(port, "127.0.0.1")
    await asyncio.Event().wait()


def main():
    asyncio.run(serve(int(sys.argv[1])))
