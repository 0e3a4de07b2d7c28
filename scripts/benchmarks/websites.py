"""The same small site in five frameworks: `GET /basket/17` logs five records and answers 200.

Each function makes the application and answers a call that serves one request, in this process: a WSGI call
that closes its response, or an ASGI call in a task of its own, as servers make one for each request.
"""

from __future__ import annotations

import io
import logging

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    Call = Callable[[], object]

RECORDS = 5
PATH = "/basket/17"
ANSWER = b"17 articles"
HEADERS = {"host": "shop.example", "user-agent": "Mozilla/5.0", "accept": "text/html", "cookie": "lang=en"}
logger = logging.getLogger("shop")


def view() -> str:
    """What the site does, whatever the framework."""
    for number in range(RECORDS):
        logger.info("article %s added, %d in the basket", "tea", number)
    return ANSWER.decode()


def bare_wsgi(side: ModuleType) -> Call:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = view().encode()
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    return calling_wsgi(side.wrap_wsgi(app))


def flask(side: ModuleType) -> Call:
    from flask import Flask

    app = Flask("shop")
    app.add_url_rule("/basket/<int:number>", view_func=lambda number: view(), endpoint="basket")
    return calling_wsgi(app)


def django(side: ModuleType) -> Call:
    import django
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpResponse
    from django.urls import path

    routes = type("routes", (), {})
    routes.urlpatterns = [path("basket/<int:number>", lambda request, number: HttpResponse(view()))]  # type: ignore[attr-defined]  # made here
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=routes,
        LOGGING_CONFIG=None,
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
        ],
    )
    django.setup()
    return calling_wsgi(get_wsgi_application())


def starlette(side: ModuleType) -> Call:
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def basket(request: Any) -> Any:
        return PlainTextResponse(view())

    return calling_asgi(Starlette(routes=[Route("/basket/{number:int}", basket)]))


def fastapi(side: ModuleType) -> Call:
    from fastapi import FastAPI
    from fastapi.responses import PlainTextResponse

    app = FastAPI()

    @app.get("/basket/{number}", response_class=PlainTextResponse)
    async def basket(number: int) -> str:
        return view()

    return calling_asgi(app)


SITES = {"wsgi": bare_wsgi, "flask": flask, "django": django, "starlette": starlette, "fastapi": fastapi}


def make(name: str, side: ModuleType) -> Call:
    """The call that serves one request of a site, whose logger is at INFO and whose records go nowhere."""
    logging.getLogger().handlers = [logging.NullHandler()]
    logger.setLevel(logging.INFO)
    call = SITES[name](side)
    assert call() == ANSWER
    return call


def calling_wsgi(app: Any) -> Call:
    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        assert status == "200 OK", status

    def call() -> bytes:
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": PATH,
            "QUERY_STRING": "",
            "SERVER_NAME": "shop.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in HEADERS.items()},
        }
        response = app(environ, start_response)
        body = b"".join(response)
        close = getattr(response, "close", None)
        if close is not None:
            close()
        return body

    return call


def calling_asgi(app: Any) -> Call:
    import asyncio

    loop = asyncio.new_event_loop()
    headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def serve() -> bytes:
        sent = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": PATH,
            "raw_path": PATH.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(headers),
            "client": ("127.0.0.1", 4711),
            "server": ("shop.example", 80),
            "state": {},
        }
        await app(scope, receive, send)
        assert sent[0]["status"] == 200, sent[0]
        return b"".join(message.get("body", b"") for message in sent[1:])

    return lambda: loop.run_until_complete(serve())
