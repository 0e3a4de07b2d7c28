"""Requests of Litestar in process: what is told of errors, by which name, and what is true for a request."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from asgi_calls import ask, call, live, post_files, post_form, scope_of, talk
from litestar import Controller, Litestar, Request, Response, Router, WebSocket, get, post, websocket
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency, Provide
from litestar.events import listener
from litestar.exceptions import HTTPException, ServiceUnavailableException, WebSocketException
from litestar.handlers import WebsocketListener, asgi
from litestar.logging import LoggingConfig
from litestar.response import Stream

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.litestar import LitestarIntegration
from sentry_like.integrations.logging import LoggingIntegration


class Failure(Exception):
    """What goes wrong."""


@pytest.fixture
def listening(init):
    """A client with the integration; `listening(**settings)` makes one with settings."""

    def listen(*others, options=None, **settings):
        return init(integrations=[LitestarIntegration(**settings), *others], **(options or {}))

    listen()
    return listen


@get("/fail")
async def fail() -> None:
    raise Failure("it went wrong")


@get("/fail-in-thread", sync_to_thread=True)
def fail_in_thread() -> None:
    sentry_like.set_tag("who", "thread")
    raise Failure("it went wrong")


@get("/busy")
async def busy() -> None:
    raise ServiceUnavailableException("later")


@get("/gone")
async def gone() -> None:
    raise HTTPException("gone", status_code=410)


def told(event):
    """`(class, handled)` of the exception, or the message."""
    if "exception" not in event:
        return event["message"]
    value = event["exception"]["values"][-1]
    return value["type"], value["mechanism"]["handled"]


def app(*handlers, **options):
    return Litestar(list(handlers), openapi_config=None, **options)


# -- names


class Shop(Controller):
    path = "/shop"

    @get("/item/{number:int}", name="named")
    async def item(self) -> None:
        raise Failure("it went wrong")


@asgi("/mounted", is_mount=True, copy_scope=True)
async def mounted(scope: Any, receive: Any, send: Any) -> None:
    raise Failure("it went wrong")


HERE = __name__
NAMES = {
    "function": ("/fail", f"{HERE}.fail", "/fail"),
    "method of a controller": ("/in/shop/item/7", f"{HERE}.Shop.item", "/in/shop/item/{number}"),
    "application that is mounted": ("/mounted/a/b", f"{HERE}.mounted", "/mounted"),
}


@pytest.mark.parametrize("style", ["endpoint", "url"])
@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarWarning")
def test_a_request_is_named_by_its_handler_or_by_the_template_of_its_path(listening, events, kind, style):
    listening(transaction_style=style)
    path, endpoint, template = NAMES[kind]
    ask(app(fail, Router("/in", route_handlers=[Shop]), mounted), path)
    (event,) = events
    assert event["transaction"] == (endpoint if style == "endpoint" else template)
    assert event["transaction_info"] == {"source": "component" if style == "endpoint" else "route"}


def test_a_request_that_no_handler_serves_is_named_by_its_path(listening, events):
    listening(failed_request_status_codes=[404])
    ask(app(fail), "/nowhere")
    assert [(told(event), event["transaction"]) for event in events] == [
        (("NotFoundException", True), "/nowhere")
    ]


# -- errors


def answering(status):
    def handler(request: Request, error: Exception) -> Response:
        return Response("mine", status_code=status)

    return handler


def failing(request: Request, error: Exception) -> Response:
    raise RuntimeError("of the handler")


ERRORS = {
    "nobody handles it": (fail, {}, [("Failure", False)]),
    "of a handler in a thread": (fail_in_thread, {}, [("Failure", False)]),
    "an HTTP exception of 503": (busy, {}, [("ServiceUnavailableException", True)]),
    "an HTTP exception of 410": (gone, {}, []),
    "answered 418 by a handler for its class": (fail, {Failure: answering(418)}, []),
    "answered 502 by a handler for its class": (fail, {Failure: answering(502)}, [("Failure", True)]),
    "answered 500 by a handler for the status": (fail, {500: answering(500)}, [("Failure", True)]),
    "an HTTP exception of 503, answered 200": (busy, {503: answering(200)}, []),
    "its handler fails": (fail, {Failure: failing}, [("RuntimeError", False)]),
}


@pytest.mark.parametrize("layer", ["application", "handler"])
@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_told_if_nobody_handles_them_or_by_the_status(listening, events, case, layer):
    handler, handlers, expected = ERRORS[case]
    if layer == "application":
        site = app(handler, exception_handlers=handlers)
    else:
        site = app(Router("/", route_handlers=[handler], exception_handlers=handlers))
    (path,) = handler.paths
    ask(site, path)
    assert [told(event) for event in events] == expected


def guard(connection, handler):
    raise Failure("of the guard")


async def hook(request: Request) -> None:
    raise Failure("of the hook")


async def broken_dependency() -> str:
    raise Failure("of the dependency")


@get("/")
async def fine() -> str:
    return "fine"


@get("/dependent", dependencies={"part": Provide(broken_dependency)})
async def dependent(part: NamedDependency[str]) -> str:
    return part


PLACES = {
    "guard": lambda: app(Router("/", route_handlers=[fine], guards=[guard])),
    "before_request": lambda: app(fine, before_request=hook),
    "after_request": lambda: app(fine, after_request=lambda response: guard(None, None)),
    "dependency": lambda: app(Router("/", route_handlers=[dependent])),
}


@pytest.mark.parametrize("place", PLACES)
def test_what_fails_around_a_handler_is_told_once(listening, events, place):
    ask(PLACES[place](), "/dependent" if place == "dependency" else "/")
    assert [told(event) for event in events] == [("Failure", False)]


def test_a_line_of_litestar_on_an_error_is_no_second_event(listening, events):
    listening(LoggingIntegration())
    site = app(fail, gone, logging_config=LoggingConfig(log_exceptions="always"))
    ask(site, "/fail")
    ask(site, "/gone")
    assert [told(event) for event in events] == [("Failure", False)]


def test_after_exception_hooks_see_their_error_and_add_to_the_event(listening, events):
    async def note(error: Exception, scope) -> None:
        sentry_like.set_tag("seen", type(error).__name__)

    ask(app(fail, after_exception=[note]), "/fail")
    assert events[0]["tags"] == {"seen": "Failure"}


@get("/stream-error")
async def stream_error() -> Stream:
    async def chunks():
        yield "one,"
        sentry_like.set_tag("who", "stream")
        raise Failure("it went wrong")

    return Stream(chunks())


async def fail_later() -> None:
    sentry_like.set_tag("who", "later")
    raise Failure("it went wrong")


@get("/later")
async def later() -> Response:
    return Response("now", background=BackgroundTask(fail_later))


@pytest.mark.parametrize(("path", "who"), [("/stream-error", "stream"), ("/later", "later")])
def test_what_fails_once_the_answer_has_begun_is_told_once_and_passes(listening, events, path, who):
    listening(DedupeIntegration())
    answer = ask(app(stream_error, later), path)
    assert "after response started" in str(answer.error)
    (event,) = events
    assert [value["type"] for value in event["exception"]["values"]] == ["Failure"]
    assert event["tags"] == {"who": who}
    assert event["contexts"]["response"]["status_code"] == 200


# -- one request, one hub


async def tagging_one() -> str:
    sentry_like.set_tag("one", 1)
    return "one"


def tagging_two() -> str:
    sentry_like.set_tag("two", 2)
    return "two"


TAGGING = {"one": Provide(tagging_one), "two": Provide(tagging_two, sync_to_thread=True)}


@get("/tagged", dependencies=TAGGING)
async def tagged(one: NamedDependency[str], two: NamedDependency[str]) -> None:
    raise Failure("it went wrong")


def test_what_dependencies_and_threads_set_is_true_for_the_whole_request(listening, events):
    site = app(tagged, fail_in_thread)
    ask(site, "/tagged")
    ask(site, "/fail-in-thread")
    assert [event["tags"] for event in events] == [{"one": "1", "two": "2"}, {"who": "thread"}]


# -- what a request says of itself


@post("/form")
async def form(request: Request) -> None:
    await request.form()
    raise Failure("it went wrong")


def test_a_form_that_was_parsed_is_shown_without_its_files(listening, events):
    site = app(form)
    post_form(site, "/form", {"name": "ann", "color": ["red", "blue"]})
    post_files(site, "/form", [("name", "ann")], {"portrait": "x"})
    plain, files = (event["request"]["data"] for event in events)
    assert plain == {"name": "ann", "color": ["red", "blue"]}
    assert files == {"name": "ann", "portrait": ""}


USERS = {
    "object": SimpleNamespace(id=7, email="ann@example.com", username="ann"),
    "dictionary": {"id": 7, "email": "ann@example.com", "username": "ann"},
}


@pytest.mark.parametrize("kind", USERS)
@pytest.mark.parametrize("personal", [True, False])
def test_the_user_is_who_the_application_has_put_into_the_scope(listening, events, kind, personal):
    listening(options={"send_default_pii": personal})

    @get("/me")
    async def me(request: Request) -> None:
        request.scope["user"] = USERS[kind]
        raise Failure("it went wrong")

    ask(app(me), "/me")
    found = events[0].get("user", {})
    wanted = {"id": 7, "email": "ann@example.com", "username": "ann"} if personal else {}
    assert {name: found[name] for name in wanted} == wanted
    assert personal or not found


# -- WebSockets, life span, events


@websocket("/talk")
async def failing_talk(socket: WebSocket) -> None:
    await socket.accept()
    raise Failure("it went wrong")


@websocket("/refuse")
async def refusing(socket: WebSocket) -> None:
    raise WebSocketException(detail="go away", code=4003)


class Listening(WebsocketListener):
    path = "/listen"

    async def on_receive(self, data: str) -> str:
        raise Failure("it went wrong")


@websocket(
    "/deny", guards=[lambda connection, handler: (_ for _ in ()).throw(HTTPException(status_code=403))]
)
async def denied(socket: WebSocket) -> None:
    await socket.accept()


@pytest.mark.parametrize(("path", "expected"), [("/talk", 1), ("/refuse", 0), ("/deny", 0)])
def test_what_fails_in_a_websocket_is_told_unless_it_is_closed_on_purpose(listening, events, path, expected):
    answer = talk(app(failing_talk, refusing, denied), path)
    assert "websocket.close" in answer.kinds
    assert [told(event) for event in events] == [("Failure", False)] * expected


def test_what_fails_in_a_websocket_listener_is_told_by_its_name(listening, events):
    connect = {"type": "websocket.connect"}
    receive = {"type": "websocket.receive", "text": "hello", "bytes": None}
    call(app(Listening), scope_of("websocket", "/listen", subprotocols=[]), [connect, receive])
    assert [(told(event), event["transaction"]) for event in events] == [
        (("Failure", False), f"{HERE}.Listening.on_receive")
    ]


async def fail_at_once() -> None:
    raise Failure("it went wrong")


@pytest.mark.parametrize("when", ["on_startup", "on_shutdown"])
def test_what_fails_at_startup_and_shutdown_is_told(listening, events, when):
    live(app(fine, **{when: [fail_at_once]}))
    (event,) = events
    assert "Failure" in [value["type"] for value in event["exception"]["values"]]  # or it is in a group


def test_what_fails_in_a_listener_to_an_event_is_told_by_its_line(listening, events):
    listening(LoggingIntegration())

    @listener("sold")
    async def sold() -> None:
        raise Failure("it went wrong")

    async def emit(application: Litestar) -> None:
        application.emit("sold")
        await asyncio.sleep(0.01)

    live(app(fine, listeners=[sold], on_startup=[emit]))
    assert [told(event) for event in events] == [("Failure", True)]


# -- whoever is around or inside


def test_a_request_of_an_application_around_this_one_is_one_request(listening, events):
    from sentry_like.integrations.asgi import SentryAsgiMiddleware

    ask(SentryAsgiMiddleware(app(busy)), "/busy")
    assert [(told(event), event["transaction"]) for event in events] == [
        (("ServiceUnavailableException", True), f"{HERE}.busy")
    ]


def test_a_body_whose_sender_hangs_up_is_no_error(listening, events):
    @post("/read")
    async def read(request: Request) -> None:
        await request.body()

    part = {"type": "http.request", "body": b"half", "more_body": True}
    call(app(read), scope_of("http", "/read", method="POST"), [part, {"type": "http.disconnect"}])
    assert list(events) == []
