"""One request to a Tornado application, over a pair of sockets."""

from __future__ import annotations

import asyncio
import socket

from subject import Subject, trouble

from sentry_like.hub import Hub
from sentry_like.integrations._common.logs import ignored


class Tornado(Subject):
    """A request that is answered leaves nothing; one whose handler raises, an event."""

    identifier = "tornado"

    def prepare(self):
        import tornado.httpserver
        import tornado.iostream
        import tornado.web
        import tornado.websocket

        super().prepare()
        self._tornado = tornado

    def targets(self):
        web = self._tornado.web
        names = ("_execute", "_handle_request_exception", "log_exception", "send_error", "flush")
        methods = [(web.RequestHandler, name) for name in names]
        pieces = [(web._HandlerDelegate, name) for name in ("execute", "data_received")]
        protocol = self._tornado.websocket.WebSocketProtocol
        return [*methods, *pieces, (self._tornado.gen.Runner, "run"), (protocol, "_run_callback")]

    def state(self):
        return ignored.patterns

    def work(self):
        return asyncio.run(in_hub(Hub.current, self.work_in_task()))

    def fail(self, cargo):
        return asyncio.run(in_hub(Hub.current, self.fail_in_task(cargo)))

    async def work_in_task(self):
        return await self._ask(None)

    async def fail_in_task(self, cargo):
        return await self._ask(cargo)

    async def _ask(self, cargo):
        gen, web = self._tornado.gen, self._tornado.web

        @web.stream_request_body
        class Handler(web.RequestHandler):
            def data_received(self, chunk):
                self.size = len(chunk)

            @gen.coroutine
            def post(self):
                yield gen.sleep(0)
                if cargo is not None:
                    trouble(cargo)
                self.write(f"{self.size} bytes are well")

        app = web.Application([("/", Handler)], log_function=lambda handler: None)
        server = self._tornado.httpserver.HTTPServer(app)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        server.handle_stream(self._tornado.iostream.IOStream(theirs), "")
        reader, writer = await asyncio.open_connection(sock=ours)
        writer.write(b"POST / HTTP/1.1\r\nHost: server.example\r\nContent-Length: 4\r\n")
        writer.write(b"Connection: close\r\n\r\nbody")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        await server.close_all_connections()
        head, _, body = answer.partition(b"\r\n\r\n")
        return head.split(b"\r\n")[0], body


async def in_hub(hub, use):
    with hub:
        return await use


SUBJECT = Tornado()
