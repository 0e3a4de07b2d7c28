"""One request of aiohttp's client to its server, both in this process, over a pair of sockets."""

from __future__ import annotations

import asyncio
import socket

from subject import Subject, trouble

from sentry_like.hub import Hub


class Aiohttp(Subject):
    """Work is a request that is answered: the client leaves a breadcrumb. A failure is one whose handler
    raises: an event of the server, and the client's breadcrumb of the answer.
    """

    identifier = "aiohttp"
    of_work = 1
    of_failure = 2

    def prepare(self):
        import aiohttp.web

        super().prepare()
        self._web = aiohttp.web

    def targets(self):
        from aiohttp import ClientRequest, ClientResponse
        from aiohttp.connector import BaseConnector
        from aiohttp.web_protocol import RequestHandler

        client = [(BaseConnector, "connect"), (ClientRequest, "send"), (ClientResponse, "start")]
        answers = [
            (self._web.StreamResponse, "_write_headers"),
            (self._web.Application, "_prepare_middleware"),
        ]
        answers.append((self._web.BaseRequest, "clone"))
        return [*client, *answers, (RequestHandler, "_handle_request"), (RequestHandler, "log_exception")]

    def work(self):
        return asyncio.run(in_hub(Hub.current, self.work_in_task()))

    def fail(self, cargo):
        return asyncio.run(in_hub(Hub.current, self.fail_in_task(cargo)))

    async def work_in_task(self):
        return await self._ask(None)

    async def fail_in_task(self, cargo):
        return await self._ask(cargo)

    async def _ask(self, cargo):
        from aiohttp import ClientSession

        async def handler(request):
            if cargo is not None:
                trouble(cargo)
            return self._web.Response(text="all is well")

        @self._web.middleware
        async def passing(request, handler):
            return await handler(request)

        app = self._web.Application(middlewares=[passing])
        app.router.add_get("/", handler)
        runner = self._web.AppRunner(app)
        await runner.setup()
        try:
            async with (
                ClientSession(connector=connector_to(runner.server)) as session,
                session.get("http://server.example/") as answer,
            ):
                return answer.status, await answer.text()
        finally:
            await runner.cleanup()


def connector_to(server):
    """A connector whose connections all lead to a server of this process."""
    from aiohttp import BaseConnector

    class Connector(BaseConnector):
        async def _create_connection(self, req, traces, timeout):
            loop = asyncio.get_running_loop()
            ours, theirs = socket.socketpair()
            await loop.connect_accepted_socket(server, theirs)
            _, protocol = await loop.create_connection(self._factory, sock=ours)
            return protocol

    return Connector()


async def in_hub(hub, use):
    with hub:
        return await use


SUBJECT = Aiohttp()
