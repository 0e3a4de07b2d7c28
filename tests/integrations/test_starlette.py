"""Requests of Starlette in process: what is told of errors, by which name, and what is true for a request."""

from __future__ import annotations

import asyncio
import warnings
from functools import partial

import anyio
import pytest
from asgi_calls import ask, live, post_files, post_form, talk
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, SimpleUser
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException, WebSocketException
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Host, Mount, Route, Router, WebSocketRoute
from starlette.websockets import WebSocketDisconnect

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.flask import FlaskIntegration
from sentry_like.integrations.starlette import StarletteIntegration


@pytest.fixture
def listening(init):
    """A client with the integration; `listening(**settings)` makes one with settings."""

    def listen(*others, options=None, **settings):
        return init(integrations=[StarletteIntegration(**settings), *others], **(options or {}))

    listen()
    return listen


class Failure(Exception):
    """What goes wrong."""


async def fail(request):
    raise Failure("it went wrong")


def fail_in_thread(request):
    raise Failure("it went wrong")


async def fine(request):
    return PlainTextResponse("fine")


class Endpoint(HTTPEndpoint):
    async def get(self, request):
        raise Failure("it went wrong")


def told(event):
    """`(class, handled)` of the exception, or the message."""
    if "exception" not in event:
        return event["message"]
    value = event["exception"]["values"][-1]
    return value["type"], value["mechanism"]["handled"]


def around_it(dispatch):
    return Middleware(BaseHTTPMiddleware, dispatch=dispatch)


async def pass_on(request, call_next):
    return await call_next(request)


# -- names


def applications():
    """`{name: (application, path, name by url, name by endpoint)}`."""
    here = __name__
    api = Starlette(routes=[Route("/items/{item:int}", fail)])
    return {
        "function": (Starlette(routes=[Route("/a/{b}", fail)]), "/a/1", "/a/{b}", f"{here}.fail"),
        "thread": (Starlette(routes=[Route("/a", fail_in_thread)]), "/a", "/a", f"{here}.fail_in_thread"),
        "class": (Starlette(routes=[Route("/a", Endpoint)]), "/a", "/a", f"{here}.Endpoint"),
        "partial": (Starlette(routes=[Route("/a", partial(fail))]), "/a", "/a", f"{here}.fail"),
        "routes below": (
            Starlette(routes=[Mount("/v{n}", routes=[Route("/a", fine), Route("/b", fail)])]),
            "/v1/b",
            "/v{n}/b",
            f"{here}.fail",
        ),
        "same function twice": (
            Starlette(routes=[Mount("/v1", routes=[Route("/a", fail), Route("/b", fail)])]),
            "/v1/b",
            "/v1/b",
            f"{here}.fail",
        ),
        "router below": (
            Starlette(routes=[Mount("/v1", app=Router([Route("/b", fail)]))]),
            "/v1/b",
            "/v1/b",
            f"{here}.fail",
        ),
        "host": (
            Starlette(routes=[Host("{shop}server", app=Router([Route("/b/{c}", fail)]))]),
            "/b/1",
            "/b/{c}",
            f"{here}.fail",
        ),
        "application below": (
            Starlette(
                routes=[Mount("/v1", routes=[Mount("/api", app=api)])], middleware=[around_it(pass_on)]
            ),
            "/v1/api/items/7",
            "/v1/api/items/{item:int}",
            f"{here}.fail",
        ),
    }


@pytest.mark.parametrize("kind", applications())
@pytest.mark.parametrize("style", ["url", "endpoint"])
def test_a_request_is_named_after_its_route(listening, events, kind, style):
    app, path, url, endpoint = applications()[kind]
    listening(transaction_style=style)
    assert ask(app, path).status_code == 500
    assert len(events) == 1
    expected = (url, "route") if style == "url" else (endpoint, "component")
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == expected
    assert events[0]["request"]["url"] == f"http://testserver{path}"


def test_what_no_route_serves_is_named_after_its_path(listening, events):
    listening(failed_request_status_codes=[404])
    ask(Starlette(), "/nowhere")
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == ("/nowhere", "url")


def test_an_application_of_another_kind_is_named_after_its_mount(listening, events):
    async def broken(scope, receive, send):
        raise Failure("it went wrong")

    ask(Starlette(routes=[Mount("/other", app=broken)]), "/other/a/b")
    assert events[0]["transaction"] == "/other/{path}"


def test_a_copied_scope_still_tells_the_route(listening, events):
    def copying(app):
        return lambda scope, receive, send: app(dict(scope), receive, send)

    ask(Starlette(routes=[Route("/a/{b}", fail)], middleware=[Middleware(copying)]), "/a/1")
    assert events[0]["transaction"] == "/a/{b}"


# -- errors


async def teapot(request, error):
    return PlainTextResponse("teapot", 418)


def busy(request, error):
    return PlainTextResponse("busy", 503)


async def raise_503(request):
    raise HTTPException(503)


async def raise_404(request):
    raise HTTPException(404)


async def return_503(request):
    return PlainTextResponse("busy", 503)


ANSWERED = {
    "handler of its class, 418": (fail, {Failure: teapot}, 418, []),
    "handler of its class, 503": (fail, {Failure: busy}, 503, [("Failure", True)]),
    "handler in a thread": (fail_in_thread, {Failure: busy}, 503, [("Failure", True)]),
    "handler of a class above": (fail, {LookupError: teapot}, 500, [("Failure", False)]),
    "handler of everything": (fail, {Exception: busy}, 503, [("Failure", False)]),
    "handler of 500": (fail, {500: busy}, 503, [("Failure", False)]),
    "nobody": (fail, {}, 500, [("Failure", False)]),
    "HTTP exception 503": (raise_503, {}, 503, [("HTTPException", True)]),
    "HTTP exception 503, handler of the status": (raise_503, {503: busy}, 503, [("HTTPException", True)]),
    "HTTP exception 404, handler of the status": (raise_404, {404: busy}, 503, [("HTTPException", True)]),
    "HTTP exception 404": (raise_404, {}, 404, []),
    "returned 503": (return_503, {}, 503, ["GET / answered 503"]),
    "class": (Endpoint, {Failure: busy}, 503, [("Failure", True)]),
}


@pytest.mark.parametrize("within", [[], [around_it(pass_on)], [around_it(pass_on)] * 2], ids=[0, 1, 2])
@pytest.mark.parametrize("case", ANSWERED)
def test_an_error_is_told_once_as_it_ends(listening, events, case, within):
    endpoint, handlers, status, expected = ANSWERED[case]
    app = Starlette(routes=[Route("/", endpoint)], exception_handlers=handlers, middleware=within)
    assert ask(app).status_code == status
    assert [told(event) for event in events] == expected
    assert all(event["transaction"] == "/" for event in events)


def test_an_error_that_a_middleware_answers_is_told_as_handled(listening, events):
    async def catching(request, call_next):
        try:
            return await call_next(request)
        except Failure:
            return JSONResponse({"sorry": True}, int(request.query_params["status"]))

    app = Starlette(routes=[Route("/", fail)], middleware=[around_it(catching)])
    assert [ask(app, f"/?status={status}").status_code for status in (500, 400)] == [500, 400]
    assert [told(event) for event in events] == [("Failure", True)]


def test_an_error_of_a_middleware_is_told_once(listening, events):
    def breaking(app):
        async def broken(scope, receive, send):
            raise Failure("before the application")

        return broken

    async def broken_too(request, call_next):
        await call_next(request)
        raise Failure("after the application")

    for middleware in (Middleware(breaking), around_it(broken_too)):
        ask(Starlette(routes=[Route("/", fine)], middleware=[middleware]))
    assert [told(event) for event in events] == [("Failure", False)] * 2


def test_an_error_of_a_mounted_application_is_told_once(listening, events):
    def breaking(app):
        async def broken(scope, receive, send):
            raise Failure("of a middleware within")

        return broken

    inner = [Starlette(middleware=[Middleware(breaking)]), Starlette(routes=[Route("/", fail)])]
    for app in inner:
        ask(Starlette(routes=[Mount("/in", app=app)], middleware=[around_it(pass_on)]), "/in/")
    assert [told(event) for event in events] == [("Failure", False)] * 2


def test_errors_after_the_answer_are_told(listening, events):
    async def later():
        raise Failure("later")

    def later_in_thread():
        raise Failure("later, in a thread")

    for task in (later, later_in_thread):

        def answer(request, task=task):
            return PlainTextResponse("fine", background=BackgroundTask(task))

        assert ask(Starlette(routes=[Route("/", answer)])).status_code == 200
    assert [event["exception"]["values"][-1]["value"] for event in events] == ["later", "later, in a thread"]
    assert [told(event) for event in events] == [("Failure", False)] * 2


def test_of_an_error_in_a_task_group_the_error_itself_is_told(listening, events):
    async def endpoint(request):
        async with anyio.create_task_group() as group:
            group.start_soon(fail, request)

    listening(DedupeIntegration())
    for middleware in ([], [around_it(pass_on)]):
        ask(Starlette(routes=[Route("/", endpoint)], middleware=middleware))
    assert [told(event) for event in events] == [("Failure", False)] * 2


def test_an_error_that_comes_too_late_for_its_handler_is_told_once(listening, events):
    async def pieces():
        yield "one"
        raise Failure("too late")

    async def endpoint(request):
        return StreamingResponse(pieces())

    listening(DedupeIntegration())
    answer = ask(Starlette(routes=[Route("/", endpoint)], exception_handlers={Failure: busy}))
    assert str(answer.error) == "Caught handled exception, but response already started."
    assert [value["type"] for value in events[0]["exception"]["values"]] == ["Failure", "RuntimeError"]
    assert len(events) == 1


@pytest.mark.parametrize("is_on", [True, False], ids=["on", "off"])
def test_errors_leave_with_their_causes_and_contexts(init, is_on):
    init(integrations=[StarletteIntegration()] if is_on else [])
    error, cause, context = Failure("it went wrong"), ValueError("cause"), KeyError("context")

    async def chained(request):
        try:
            raise context
        except KeyError:
            raise error from cause

    assert ask(Starlette(routes=[Route("/", chained)])).error is error
    assert error.__cause__ is cause
    assert error.__context__ is context


def test_what_a_middleware_lays_over_an_error_is_not_told(listening, events):
    async def raising_again(request, call_next):
        try:
            await call_next(request)
        except Failure as error:
            caught = error
        try:
            raise KeyError("of the middleware's own")
        except KeyError:
            raise caught  # so did Starlette's own middleware once

    ask(Starlette(routes=[Route("/", fail)], middleware=[around_it(raising_again)]))
    assert [value["type"] for value in events[0]["exception"]["values"]] == ["Failure"]


@pytest.mark.parametrize("stage", ["startup", "shutdown"])
def test_an_error_of_the_lifespan_is_told_once(listening, events, stage):
    from contextlib import asynccontextmanager

    @asynccontextmanager
    async def lifespan(app):
        if stage == "startup":
            raise Failure(stage)
        yield
        raise Failure(stage)

    assert live(Starlette(lifespan=lifespan)).kinds[-1] == f"lifespan.{stage}.failed"
    assert [told(event) for event in events] == [("Failure", False)]
    assert events[0]["exception"]["values"][-1]["mechanism"]["type"] == "starlette"


# -- WebSockets


@pytest.mark.parametrize(
    ("raised", "count"),
    [(Failure("it went wrong"), 1), (WebSocketDisconnect(1001), 0), (WebSocketException(1008), 0)],
    ids=["error", "disconnect", "refusal"],
)
def test_of_web_sockets_only_errors_are_told(listening, events, raised, count):
    async def converse(socket):
        await socket.accept()
        sentry_like.set_tag("who", "ann")
        raise raised

    app = Starlette(routes=[WebSocketRoute("/talk/{room}", converse)])
    assert "websocket.accept" in talk(app, "/talk/7").kinds
    assert len(events) == count
    for event in events:
        assert (event["transaction"], event["tags"]) == ("/talk/{room}", {"who": "ann"})


# -- what is true for a request


def test_what_is_set_anywhere_is_true_for_the_request(listening, events):
    def tagged(request):
        sentry_like.set_tag("thread", 1)
        return StreamingResponse(pieces(), background=BackgroundTask(in_background))

    async def pieces():
        sentry_like.set_tag("stream", 1)
        yield "piece"

    def in_background():
        sentry_like.set_tag("background", 1)
        raise Failure("in the end")

    async def tagging(name, request, call_next):
        sentry_like.set_tag(name, 1)
        response = await call_next(request)
        sentry_like.set_tag(f"after-{name}", 1)
        return response

    middleware = [around_it(partial(tagging, name)) for name in ("outer", "inner")]
    ask(Starlette(routes=[Route("/", tagged)], middleware=middleware))
    assert set(events[0]["tags"]) == {
        *("outer", "inner", "after-outer", "after-inner"),
        *("thread", "stream", "background"),
    }


def test_a_middleware_sees_what_was_set_within(listening, events):
    def tagged(request):
        sentry_like.set_tag("who", "ann")
        return PlainTextResponse("fine")

    async def telling(request, call_next):
        response = await call_next(request)
        sentry_like.capture_message("answered")
        return response

    ask(Starlette(routes=[Route("/", tagged)], middleware=[around_it(telling), around_it(pass_on)]))
    assert events[0]["tags"] == {"who": "ann"}


def test_isolation_that_the_application_chose_stays(listening, events):
    def isolating(app):
        async def isolated(scope, receive, send):
            with sentry_like.isolate():
                await app(scope, receive, send)

        return isolated

    async def tagged(request):
        sentry_like.set_tag("within", 1)
        sentry_like.capture_message("within")
        return PlainTextResponse("fine")

    async def telling(request, call_next):
        response = await call_next(request)
        sentry_like.capture_message("without")
        return response

    middleware = [around_it(telling), Middleware(isolating), around_it(pass_on)]
    ask(Starlette(routes=[Route("/", tagged)], middleware=middleware))
    assert [event.get("tags") for event in events] == [{"within": "1"}, None]


def test_a_request_leaves_nothing_behind(listening, events):
    async def tagged(request):
        sentry_like.set_tag("who", "ann")
        return PlainTextResponse("fine")

    app = Starlette(routes=[Route("/", tagged), Route("/fail", fail)])
    ask(app)
    ask(app, "/fail")
    sentry_like.capture_message("afterwards")
    assert [event.get("tags") for event in events] == [None, None]
    assert "request" not in events[1]


# -- the body


def test_nothing_is_received_before_the_application_asks(listening, events):
    """FEATURES 7, row 21: an upload that is streamed arrives chunk by chunk."""
    happened = []

    async def upload(request):
        happened.append("begun")
        async for chunk in request.stream():
            if chunk:
                happened.append(chunk)
        raise Failure("at the end")

    chunks = [b"one", b"two", b"three"]

    async def receive():
        chunk = chunks.pop(0)
        happened.append(f"sent {chunk.decode()}")
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message):
        """The answer goes nowhere."""

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    app = Starlette(routes=[Route("/", upload, methods=["POST"])])
    with pytest.raises(Failure):
        asyncio.run(app(scope, receive, send))
    assert happened == ["begun", "sent one", b"one", "sent two", b"two", "sent three", b"three"]
    assert len(events) == 1


def test_a_form_is_told_once_it_is_parsed(listening, events):
    async def parse(request):
        async with request.form():
            raise Failure("after it")

    async def unread(request):
        raise Failure("without it")

    app = Starlette(
        routes=[Route("/parse", parse, methods=["POST"]), Route("/unread", unread, methods=["POST"])],
        middleware=[around_it(pass_on)],
    )
    fields = [("name", "ann"), ("name", "bob"), ("password", "hunter2")]
    post_files(app, "/parse", fields, {"picture": "PNG"})
    post_form(app, "/parse", fields)
    post_form(app, "/unread", fields)
    assert [event["request"].get("data") for event in events] == [
        {"name": ["ann", "bob"], "password": "[Filtered]", "picture": ""},
        {"name": ["ann", "bob"], "password": "[Filtered]"},
        None,
    ]


# -- the user


class Customer(SimpleUser):
    id, email = 7, "ann@example.com"


USERS = {
    "simple": (SimpleUser("ann"), {"username": "ann"}),
    "more": (Customer("ann"), {"id": 7, "email": "ann@example.com", "username": "ann"}),
}


@pytest.mark.parametrize("kind", USERS)
@pytest.mark.parametrize("is_personal", [True, False], ids=["personal", "not"])
def test_who_is_logged_in_is_told_where_personal_data_is(listening, events, kind, is_personal):
    user, expected = USERS[kind]

    class Backend(AuthenticationBackend):
        async def authenticate(self, conn):
            return AuthCredentials(), user

    listening(options={"send_default_pii": is_personal})
    middleware = [Middleware(AuthenticationMiddleware, backend=Backend())]
    ask(Starlette(routes=[Route("/", fail)], middleware=middleware))
    found = events[0].get("user") or {}
    found.pop("ip_address", None)
    assert found == (expected if is_personal else {})


# -- frameworks within


def test_an_error_of_flask_within_is_told_once(listening, events):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated
        from starlette.middleware.wsgi import WSGIMiddleware
    from flask import Flask

    flask = Flask("inner")

    @flask.get("/fail")
    def fail_in_flask():
        raise Failure("in Flask")

    listening(FlaskIntegration())
    app = Starlette(routes=[Mount("/flask", app=WSGIMiddleware(flask))], middleware=[around_it(pass_on)])
    assert ask(app, "/flask/fail").status_code == 500
    assert [told(event) for event in events] == [("Failure", False)]
    assert events[0]["transaction"] == "fail_in_flask"


def test_it_refines_what_the_middleware_for_asgi_began(listening, events):
    from sentry_like.integrations.asgi import SentryAsgiMiddleware

    ask(SentryAsgiMiddleware(Starlette(routes=[Route("/a/{b}", fail)])), "/a/1")
    assert [told(event) for event in events] == [("Failure", False)]
    assert events[0]["transaction"] == "/a/{b}"
    assert events[0]["exception"]["values"][-1]["mechanism"]["type"] == "starlette"


def test_the_traceback_that_a_server_logs_of_a_failed_start_is_no_second_event(init, events):
    import logging

    from sentry_like.integrations.logging import LoggingIntegration

    init(integrations=[StarletteIntegration(), LoggingIntegration()])

    def lifespan(app):
        raise Failure("at startup")

    async def start():
        async def receive():
            return {"type": "lifespan.startup"}

        async def send(message):
            logging.getLogger("server").error(message["message"])

        await Starlette(lifespan=lifespan)({"type": "lifespan", "state": {}}, receive, send)

    with pytest.raises(Failure):
        asyncio.run(start())
    assert [told(event) for event in events] == [("Failure", False)]


def test_an_integration_that_comes_after_the_application_serves_it_too(init, events):
    app = Starlette(
        routes=[Route("/", fail_in_thread)],
        exception_handlers={Failure: busy},
        middleware=[around_it(pass_on)],
    )
    assert ask(app).status_code == 503
    init(integrations=[StarletteIntegration()])
    assert ask(app).status_code == 503
    assert [told(event) for event in events] == [("Failure", True)]
