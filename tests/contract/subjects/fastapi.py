"""Requests of FastAPI, which could not make out annotations that are put off."""

from subject import trouble
from subjects.starlette import Starlette, parts

from sentry_like.integrations.registry import REGISTRY


class FastApi(Starlette):
    """Work is a request that is answered, by each kind of endpoint; a failure one whose endpoint raises."""

    identifier = "fastapi"

    def prepare(self):
        from fastapi import Depends, FastAPI, Form, HTTPException, Request
        from fastapi.responses import StreamingResponse

        REGISTRY.pop("starlette")  # it would replace the same parts
        self.app = app = FastAPI()

        def found(request: Request):
            yield request.url.path

        @app.middleware("http")
        async def pass_on(request, call_next):
            return await call_next(request)

        @app.post("/echo")
        async def echo(a: int = Form(), path: str = Depends(found)):
            return [a, path]

        @app.post("/in_a_thread", status_code=201)
        def in_a_thread():
            return "unhurried"

        @app.post("/stream")
        def stream():
            return StreamingResponse(iter(["one,", "two"]))

        @app.post("/below/gone")
        async def gone():
            raise HTTPException(410)

        @app.post("/fail")
        def fail(request: Request):
            trouble(request.scope["cargo"])

        self.work()

    def targets(self):
        from fastapi import FastAPI

        return [(FastAPI, "__call__"), *parts()]


SUBJECT = FastApi()
