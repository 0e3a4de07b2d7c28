"""Requests of Starlette."""

from __future__ import annotations

import asyncio
import threading

from subject import Subject, trouble


class Starlette(Subject):
    """Work is a request that is answered, by an endpoint of each kind, behind a middleware with a task of its
    own; a failure one whose endpoint raises.
    """

    identifier = "starlette"

    def prepare(self):
        from starlette.applications import Starlette as App
        from starlette.exceptions import HTTPException
        from starlette.middleware import Middleware
        from starlette.middleware.base import BaseHTTPMiddleware
        from starlette.responses import PlainTextResponse, StreamingResponse
        from starlette.routing import Mount, Route

        async def echo(request):
            form = await request.form()
            return PlainTextResponse(form["a"], background=None)

        def in_a_thread(request):
            return PlainTextResponse("unhurried", 201)

        def stream(request):
            return StreamingResponse(iter(["one,", "two"]))

        async def gone(request):
            raise HTTPException(410)

        async def fail(request):
            trouble(request.scope["cargo"])

        async def pass_on(request, call_next):
            return await call_next(request)

        mounted = Mount("/below", routes=[Route("/gone", gone, methods=["POST"])])
        routes = [
            Route(f"/{view.__name__}", view, methods=["POST"]) for view in (echo, in_a_thread, stream, fail)
        ]
        self.app = App(
            routes=[*routes, mounted], middleware=[Middleware(BaseHTTPMiddleware, dispatch=pass_on)]
        )
        self.work()

    def targets(self):
        from starlette.applications import Starlette as App

        return [(App, "__call__"), *parts()]

    def work(self):
        return run(self.work_in_task())

    def fail(self, cargo):
        return run(self.fail_in_task(cargo))

    async def work_in_task(self):
        return [
            await self.ask(f"/{path}") for path in ("echo", "in_a_thread", "stream", "below/gone", "nowhere")
        ]

    async def fail_in_task(self, cargo):
        try:
            return await self.ask("/fail", cargo)
        except Exception as error:
            return type(error).__name__, str(error)

    async def ask(self, path, cargo=None):
        """The messages that a server would get."""
        answer = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"shop.example"), (b"content-type", b"application/x-www-form-urlencoded")],
            "client": ("127.0.0.1", 1),
            "server": ("shop.example", 80),
            "cargo": cargo,
        }
        messages = [{"type": "http.request", "body": b"a=12", "more_body": False}]

        async def receive():
            return messages.pop() if messages else await asyncio.Event().wait()

        async def send(message):
            answer.append(message)

        await self.app(scope, receive, send)
        return answer


def run(coroutine):
    """The result, once the threads that anyio has started for it are at their end."""
    try:
        return asyncio.run(coroutine)
    finally:
        for thread in threading.enumerate():
            if thread.name.startswith("AnyIO"):
                thread.join()


def parts():
    """What this integration and that for FastAPI replace both."""
    from anyio import to_thread
    from starlette import _exception_handler, requests, responses, routing
    from starlette.middleware.base import BaseHTTPMiddleware

    return [
        (to_thread, "run_sync"),
        (routing.Router, "__call__"),
        (routing.Mount, "handle"),
        (BaseHTTPMiddleware, "__call__"),
        (responses.StreamingResponse, "stream_response"),
        (requests.Request, "_get_form"),
        (_exception_handler, "is_async_callable"),
    ]


SUBJECT = Starlette()
