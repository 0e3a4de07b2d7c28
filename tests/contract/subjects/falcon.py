"""Requests of Falcon, through WSGI and ASGI."""

from __future__ import annotations

import asyncio
import io
import logging

from subject import Subject, trouble

PATHS = ("/echo", "/in_a_thread", "/gone", "/nowhere")
PLACES = ("falcon.util.sync", "falcon.util", "falcon", "falcon.asgi.app", "falcon.routing.compiled")


class Falcon(Subject):
    """Work is a request that is answered, by a responder of each kind; a failure one whose responder raises.
    A thread is served through WSGI, a task through ASGI.
    """

    identifier = "falcon"

    def prepare(self):
        import falcon
        import falcon.asgi

        logging.getLogger("falcon").disabled = True
        wrapped = falcon.wrap_sync_to_async(lambda: "wrapped")

        def echo(req, resp):
            resp.text = "echo"

        def gone(req, resp):
            raise falcon.HTTPGone

        def fail(req, resp):
            trouble(req.env["cargo"])

        async def asgi_echo(req, resp):
            resp.schedule_sync(lambda: None)
            resp.text = "echo"

        async def asgi_in_a_thread(req, resp):
            resp.text = await falcon.sync_to_async(lambda: "in a thread") + await wrapped()

        async def asgi_fail(req, resp):
            trouble(req.scope["cargo"])

        async def asgi_gone(req, resp):
            raise falcon.HTTPGone

        def add(app, **responders):
            for name, responder in responders.items():
                kind = type(name, (), {"on_get": staticmethod(responder)})
                app.add_route(f"/{name}", kind())
            return app

        self.app = add(falcon.App(), echo=echo, gone=gone, in_a_thread=echo, fail=fail)
        self.asgi_app = add(
            falcon.asgi.App(), echo=asgi_echo, gone=asgi_gone, in_a_thread=asgi_in_a_thread, fail=asgi_fail
        )
        self.work()
        asyncio.run(self.work_in_task())

    def targets(self):
        import sys

        from falcon.app import App
        from falcon.asgi.app import App as AsgiApp
        from falcon.asgi.response import Response

        jobs = [(Response, "schedule"), (Response, "schedule_sync")]
        threads = [
            (sys.modules[place], name)
            for place in PLACES
            for name in ("sync_to_async", "wrap_sync_to_async")
            if hasattr(sys.modules[place], name)
        ]
        both = [(kind, name) for kind in (App, AsgiApp) for name in ("__call__", "_handle_exception")]
        return [*both, (App, "_get_responder"), *jobs, *threads]

    def state(self):
        from sentry_like.integrations._common.logs import ignored

        return ignored.patterns

    def work(self):
        return [self.ask(path) for path in PATHS]

    def fail(self, cargo):
        return self.ask("/fail", cargo)

    async def work_in_task(self):
        return [await self.ask_asgi(path) for path in PATHS]

    async def fail_in_task(self, cargo):
        return await self.ask_asgi("/fail", cargo)

    def ask(self, path, cargo=None):
        """Status, headers and body that a server would get."""
        answer = []
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "cargo": cargo,
        }
        body = self.app(environ, lambda status, headers, exc_info=None: answer.extend((status, headers)))
        return [*answer, b"".join(body)]

    async def ask_asgi(self, path, cargo=None):
        """The messages that a server would get."""
        answer = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [],
            "server": ("shop.example", 80),
            "cargo": cargo,
        }

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message):
            answer.append(message)

        await self.asgi_app(scope, receive, send)
        return answer


SUBJECT = Falcon()
