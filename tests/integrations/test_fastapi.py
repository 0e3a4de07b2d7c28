"""Requests of FastAPI in process: dependencies, validation, routers, and what it shares with Starlette."""

from typing import Annotated

import pytest
from asgi_calls import ask, live, post_files, post_form, talk
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Form,
    HTTPException,
    Request,
    UploadFile,
    WebSocket,
)
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.applications import Starlette
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Mount, Route, Router

import sentry_like
from sentry_like.integrations.fastapi import FastApiIntegration
from sentry_like.integrations.starlette import StarletteIntegration


@pytest.fixture
def listening(init):
    """A client with both integrations; `listening(**settings)` makes one with settings of FastAPI's."""

    def listen(options=None, **settings):
        return init(integrations=[FastApiIntegration(**settings), StarletteIntegration()], **(options or {}))

    listen()
    return listen


class Failure(Exception):
    """What goes wrong."""


def told(event):
    """`(class, mechanism, handled)` of the exception, or the message."""
    if "exception" not in event:
        return event["message"]
    value = event["exception"]["values"][-1]
    return value["type"], value["mechanism"]["type"], value["mechanism"]["handled"]


UNHANDLED = ("Failure", "fastapi", False)


def app_with(endpoint, path="/", **how):
    app = FastAPI()
    app.get(path, **how)(endpoint)

    @app.middleware("http")
    async def pass_on(request: Request, call_next):
        return await call_next(request)

    return app


async def of_starlette(request):
    raise Failure("it went wrong")


async def fail():
    raise Failure("it went wrong")


def fail_in_thread():
    raise Failure("it went wrong")


# -- names


def applications():
    """`{name: (application, path, name by url, name by endpoint)}`."""
    inner, outer, app = APIRouter(), APIRouter(prefix="/outer"), FastAPI()
    inner.get("/{item}")(fail)
    outer.include_router(inner, prefix="/inner/{shop}")
    app.include_router(outer, prefix="/v1")
    below, above = FastAPI(), FastAPI()
    below.include_router(inner, prefix="/items")
    above.mount("/v{n}", below)
    starlette = Starlette(routes=[Mount("/api", app=app)])
    mounting, with_mounts = APIRouter(), FastAPI()
    mounting.mount("/below", Router([Route("/a/{b}", of_starlette)]))
    mounting.add_route("/plain/{x}", of_starlette)
    with_mounts.include_router(mounting, prefix="/v1")
    with_mounts.add_route("/top/{x}", of_starlette)
    here, there = f"{__name__}.fail", f"{__name__}.of_starlette"
    return {
        "route": (app_with(fail, "/a/{b}"), "/a/1", "/a/{b}", here),
        "thread": (app_with(fail_in_thread, "/a"), "/a", "/a", f"{here}_in_thread"),
        "routers": (app, "/v1/outer/inner/7/8", "/v1/outer/inner/{shop}/{item}", here),
        "application below": (above, "/v1/items/7", "/v{n}/items/{item}", here),
        "mount in a router": (with_mounts, "/v1/below/a/1", "/v1/below/a/{b}", there),
        "route of Starlette in a router": (with_mounts, "/v1/plain/1", "/v1/plain/{x}", there),
        "route of Starlette": (with_mounts, "/top/1", "/top/{x}", there),
        "within Starlette": (
            starlette,
            "/api/v1/outer/inner/7/8",
            "/api/v1/outer/inner/{shop}/{item}",
            here,
        ),
    }


@pytest.mark.parametrize("kind", applications())
@pytest.mark.parametrize("style", ["url", "endpoint"])
def test_a_request_is_named_after_its_route(listening, events, kind, style):
    app, path, url, endpoint = applications()[kind]
    listening(transaction_style=style)
    assert ask(app, path).status_code == 500
    assert [told(event) for event in events] == [UNHANDLED]
    expected = (url, "route") if style == "url" else (endpoint, "component")
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == expected


@pytest.mark.parametrize("kind", applications())
def test_with_the_integration_for_starlette_alone_it_is_served_as_starlette(init, events, kind):
    init(integrations=[StarletteIntegration()])
    app, path, url, _ = applications()[kind]
    ask(app, path)
    assert [told(event) for event in events] == [("Failure", "starlette", False)]
    assert events[0]["transaction"] == url


def test_with_the_integration_for_fastapi_alone_starlette_is_left_alone(init, events):
    init(integrations=[FastApiIntegration()])
    assert ask(Starlette(routes=[Route("/", fail_in_thread)])).status_code == 500
    assert list(events) == []


# -- errors


async def http_503():
    raise HTTPException(503)


async def starlette_503():
    raise StarletteHTTPException(503)


async def http_404():
    raise HTTPException(404)


async def returned_503():
    return PlainTextResponse("busy", 503)


async def needs_a_number(number: int):
    return number


def wrong_answer() -> int:
    return "no number"  # type: ignore[return-value]  # that is the point


ANSWERED = {
    "nobody": (fail, {}, 500, [UNHANDLED]),
    "nobody, in a thread": (fail_in_thread, {}, 500, [UNHANDLED]),
    "handler of its class, 418": (fail, {Failure: 418}, 418, []),
    "handler of its class, 502": (fail, {Failure: 502}, 502, [("Failure", "fastapi", True)]),
    "handler of everything": (fail, {Exception: 502}, 502, [UNHANDLED]),
    "HTTP exception": (http_503, {}, 503, [("HTTPException", "fastapi", True)]),
    "HTTP exception, handler of the status": (
        http_503,
        {503: 502},
        502,
        [("HTTPException", "fastapi", True)],
    ),
    "HTTP exception of Starlette": (starlette_503, {}, 503, [("HTTPException", "fastapi", True)]),
    "HTTP exception 404": (http_404, {}, 404, []),
    "returned": (returned_503, {}, 503, ["GET / answered 503"]),
    "invalid request": (needs_a_number, {}, 422, []),
    "invalid answer": (wrong_answer, {}, 500, [("ResponseValidationError", "fastapi", False)]),
}


@pytest.mark.parametrize("case", ANSWERED)
def test_an_error_is_told_once_as_it_ends(listening, events, case):
    endpoint, handlers, status, expected = ANSWERED[case]
    app = app_with(endpoint)
    for error, code in handlers.items():

        async def answer(request: Request, error: Exception, code=code):
            return PlainTextResponse("sorry", code)

        app.add_exception_handler(error, answer)
    assert ask(app).status_code == status
    assert [told(event) for event in events] == expected


def simple():
    raise Failure("simple")


async def asynchronous():
    raise Failure("asynchronous")


def before_yield():
    raise Failure("before_yield")
    yield


def after_yield():
    yield
    raise Failure("after_yield")


async def after_yield_async():
    yield
    raise Failure("after_yield_async")


def cleaning_up():
    try:
        yield
    finally:
        sentry_like.set_tag("cleaned", "up")


@pytest.mark.parametrize("dependency", [simple, asynchronous, before_yield, after_yield, after_yield_async])
def test_an_error_of_a_dependency_is_told_once(listening, events, dependency):
    async def endpoint():
        return "fine"

    app = app_with(endpoint, dependencies=[Depends(cleaning_up), Depends(dependency)])
    ask(app)
    assert [told(event) for event in events] == [UNHANDLED]
    assert events[0]["exception"]["values"][-1]["value"] == dependency.__name__
    assert events[0]["transaction"] == "/"


def test_errors_after_the_answer_are_told_once(listening, events):
    def later():
        raise Failure("later")

    async def endpoint(tasks: BackgroundTasks):
        tasks.add_task(later)
        return "fine"

    assert ask(app_with(endpoint)).status_code == 200
    assert [told(event) for event in events] == [UNHANDLED]


def test_an_error_amid_the_answer_is_told_once(listening, events):
    def pieces():
        sentry_like.set_tag("piece", "one")
        yield "one"
        raise Failure("amid the answer")

    def endpoint():
        return StreamingResponse(pieces())

    assert ask(app_with(endpoint)).text == "one"
    assert [told(event) for event in events] == [UNHANDLED]
    assert events[0]["tags"] == {"piece": "one"}


def test_an_error_of_a_web_socket_is_told_once(listening, events):
    app = FastAPI()

    @app.websocket("/talk/{room}")
    async def converse(socket: WebSocket, room: int):
        await socket.accept()
        raise Failure(room)

    talk(app, "/talk/7")
    talk(app, "/talk/no-number")
    assert [told(event) for event in events] == [UNHANDLED]
    assert events[0]["transaction"] == "/talk/{room}"


def test_an_error_at_startup_is_told_once_and_as_that_of_fastapi(listening, events):
    async def lifespan(app):
        raise Failure("at startup")
        yield

    from contextlib import asynccontextmanager

    assert live(FastAPI(lifespan=asynccontextmanager(lifespan))).kinds == ["lifespan.startup.failed"]
    assert [told(event) for event in events] == [UNHANDLED]


# -- what is true for a request


def test_what_dependencies_set_is_true_for_the_request(listening, events):
    def in_thread():
        sentry_like.set_tag("thread", 1)
        sentry_like.set_user({"id": "7"})
        yield
        sentry_like.set_tag("after-yield", 1)

    async def in_task():
        sentry_like.set_tag("task", 1)
        sentry_like.add_breadcrumb(message="in a dependency")

    def endpoint(one: Annotated[None, Depends(in_thread)], other: Annotated[None, Depends(in_task)]):
        sentry_like.set_tag("endpoint", 1)
        raise Failure("it went wrong")

    ask(app_with(endpoint))
    assert set(events[0]["tags"]) >= {"thread", "task", "endpoint"}
    assert events[0]["user"] == {"id": "7"}
    assert [crumb["message"] for crumb in events[0]["breadcrumbs"]["values"]] == ["in a dependency"]


def test_a_form_with_its_files_is_described(listening, events):
    app = FastAPI()

    @app.post("/")
    async def upload(name: Annotated[str, Form()], picture: UploadFile):
        await picture.read()
        raise Failure("it went wrong")

    @app.post("/fields")
    async def fields(name: Annotated[str, Form()], password: Annotated[str, Form()]):
        raise Failure("it went wrong")

    post_files(app, "/", [("name", "ann")], {"picture": "PNG"})
    post_form(app, "/fields", {"name": "ann", "password": "hunter2"})
    assert [event["request"]["data"] for event in events] == [
        {"name": "ann", "picture": ""},
        {"name": "ann", "password": "[Filtered]"},
    ]
