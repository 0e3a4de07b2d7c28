"""Requests of Litestar."""

from __future__ import annotations

import asyncio

from subject import Subject, trouble


class Litestar(Subject):
    """Work is a request that is answered, by a handler of each kind; a failure one whose handler raises."""

    identifier = "litestar"

    def prepare(self):
        import litestar
        from litestar.background_tasks import BackgroundTask
        from litestar.di import NamedDependency, Provide
        from litestar.exceptions import HTTPException
        from litestar.response import Stream

        async def first():
            return "first"

        async def second():
            return "second"

        async def afterwards():
            return None

        @litestar.get("/item/{number:int}", sync_to_thread=True)
        def item(request: litestar.Request) -> litestar.Response:
            return litestar.Response(request.path_params["number"], background=BackgroundTask(afterwards))

        @litestar.get("/both", dependencies={"a": Provide(first), "b": Provide(second)})
        async def both(a: NamedDependency[str], b: NamedDependency[str]) -> Stream:
            return Stream(iter((a, b)))

        @litestar.get("/gone")
        async def gone() -> None:
            raise HTTPException("gone", status_code=410)

        @litestar.get("/fail")
        async def fail(request: litestar.Request) -> None:
            trouble(request.scope["cargo"])

        self.app = litestar.Litestar(
            [item, both, gone, fail],
            openapi_config=None,
            signature_namespace={"litestar": litestar, "Stream": Stream, "NamedDependency": NamedDependency},
        )
        self.work()

    def targets(self):
        from litestar import Litestar, concurrency
        from litestar._kwargs import kwargs_model
        from litestar.background_tasks import BackgroundTask
        from litestar.middleware._internal.exceptions.middleware import ExceptionHandlerMiddleware
        from litestar.response.streaming import ASGIStreamingResponse

        names = ("handle_exception_logging", "handle_request_exception", "handle_websocket_exception")
        methods = [(ExceptionHandlerMiddleware, name) for name in (*names, "default_http_exception_handler")]
        threads = [(concurrency, name) for name in ("_run_sync_asyncio", "_run_sync_trio")]
        tasks = [(kwargs_model, "resolve_dependency"), (BackgroundTask, "__call__")]
        return [(Litestar, "__call__"), *methods, *threads, *tasks, (ASGIStreamingResponse, "_stream")]

    def work(self):
        return asyncio.run(self.work_in_task())

    def fail(self, cargo):
        return asyncio.run(self.fail_in_task(cargo))

    async def work_in_task(self):
        return [await self.ask(path) for path in ("/item/1", "/both", "/gone", "/nowhere")]

    async def fail_in_task(self, cargo):
        return await self.ask("/fail", cargo)

    async def ask(self, path, cargo=None):
        """The messages that a server would get."""
        answer = []
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": [(b"host", b"shop.example")],
            "client": ("127.0.0.1", 1),
            "server": ("shop.example", 80),
            "cargo": cargo,
        }
        messages = [{"type": "http.request", "body": b"", "more_body": False}]

        complete = asyncio.Event()

        async def receive():
            if messages:
                return messages.pop()
            await complete.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            answer.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                complete.set()

        await self.app(scope, receive, send)
        return answer


SUBJECT = Litestar()
