"""Requests to Sanic's own server, over a pair of sockets."""

from __future__ import annotations

import asyncio
import socket
from functools import partial

from subject import Subject, trouble

from sentry_like.hub import Hub
from sentry_like.integrations._common.logs import ignored


class Sanic(Subject):
    """Work is requests that are answered; a failure is one whose handler raises."""

    identifier = "sanic"

    def prepare(self):
        import sanic
        from sanic.server.protocols.http_protocol import HttpProtocol

        super().prepare()
        sanic.log.error_logger.disabled = True
        self._protocol = HttpProtocol
        self.cargo = None
        self.app = app = sanic.Sanic("shop")
        app.config.TOUCHUP = app.config.ACCESS_LOG = False

        @app.exception(KeyError)
        async def gone(request, error):
            return sanic.text("gone", 410)

        @app.get("/item/<number:int>")
        async def item(request, number):
            return sanic.text(str(number), 201)

        @app.get("/gone")
        def missing(request):
            raise KeyError("article")

        @app.get("/fail")
        async def fail(request):
            trouble(self.cargo)

        asyncio.run(app._startup())
        self.work()

    def targets(self):
        from sanic import Sanic
        from sanic.handlers import ErrorHandler
        from sanic.response import BaseHTTPResponse
        from sanic.touchup import TouchUp

        names = ("__call__", "handle_request", "handle_exception", "_websocket_handler", "_prep_task")
        methods = [(Sanic, name) for name in (*names, "_listener")]
        handlers = [(ErrorHandler, name) for name in ("_lookup", "log", "default")]
        return [*methods, *handlers, (BaseHTTPResponse, "send"), (TouchUp, "run")]

    def state(self):
        return ignored.patterns

    def work(self):
        return asyncio.run(in_hub(Hub.current, self.work_in_task()))

    def fail(self, cargo):
        return asyncio.run(in_hub(Hub.current, self.fail_in_task(cargo)))

    async def work_in_task(self):
        return [await self._ask(path) for path in ("/item/1", "/gone", "/nowhere")]

    async def fail_in_task(self, cargo):
        self.cargo = cargo
        try:
            return await self._ask("/fail")
        finally:
            self.cargo = None

    async def _ask(self, path):
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        make = partial(self._protocol, loop=loop, app=self.app, connections=set())
        await loop.connect_accepted_socket(make, theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer


async def in_hub(hub, use):
    with hub:
        return await use


SUBJECT = Sanic()
