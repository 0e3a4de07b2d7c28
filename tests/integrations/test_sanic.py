"""Requests to Sanic's own server, over a pair of sockets, and to Sanic as an ASGI application."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from functools import partial

import pytest
from asgi_calls import call, scope_of
from sanic import Blueprint, Sanic, json, text
from sanic.exceptions import NotFound, SanicException, ServerError, ServiceUnavailable, WebsocketClosed
from sanic.handlers import ErrorHandler
from sanic.log import error_logger
from sanic.response import ResponseStream
from sanic.server.protocols.http_protocol import HttpProtocol
from sanic.server.protocols.websocket_protocol import WebSocketProtocol

import sentry_like
from sentry_like.integrations.asgi import SentryAsgiMiddleware
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.sanic import SanicIntegration


class Failure(Exception):
    """What goes wrong."""


@pytest.fixture
def listening(init):
    """A client with the integration; `listening(**settings)` makes one with settings."""

    def listen(*others, options=None, **settings):
        return init(integrations=[SanicIntegration(**settings), *others], **(options or {}))

    listen()
    return listen


@pytest.fixture
def app():
    """An application that has not started yet."""
    app = Sanic("shop")
    app.config.TOUCHUP = app.config.ACCESS_LOG = False
    yield app
    Sanic.unregister_app(app)


@pytest.fixture
def fails(app):
    """The application with a handler that fails, at `/fail/7`."""

    @app.get("/fail/<number:int>")
    async def fail(request, number):
        sentry_like.set_tag("who", "handler")
        raise Failure("it went wrong")

    return app


def told(event):
    """`(class, handled)` of the exception, or the message."""
    if "exception" not in event:
        return event["message"]
    value = event["exception"]["values"][-1]
    return value["type"], value["mechanism"]["handled"]


def ask(app, *requests, protocol=HttpProtocol):
    """What the server writes to a client that sends these, one after another on one connection."""

    async def run():
        if not app.state.is_started:
            await app._startup()
        loop = asyncio.get_running_loop()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        await loop.connect_accepted_socket(partial(protocol, loop=loop, app=app, connections=set()), theirs)
        reader, writer = await asyncio.open_connection(sock=ours)
        for request in requests:
            writer.write(request)
            await asyncio.sleep(0.01)
        if not requests[-1].startswith(b"GET /talk"):
            answer = await reader.read()
        else:
            answer = await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.05)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        await asyncio.sleep(0.01)
        return answer

    return asyncio.run(run())


def get(path, connection="close", **headers):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: {connection}\r\n{lines}\r\n".encode()


def websocket(path):
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": 13}
    return get(path, "Upgrade", Upgrade="websocket", **key)


def status(answer):
    return int(answer.split()[1])


def ask_asgi(app, path, within=lambda app: app):
    """The same as `ask` behind an ASGI server."""
    asyncio.run(app._startup())
    app.asgi = True
    return call(within(app), scope_of("http", path, method="GET"), [{"type": "http.request", "body": b""}])


# -- names


@pytest.mark.parametrize("style", ["endpoint", "url"])
@pytest.mark.parametrize("server", ["own", "ASGI"])
def test_a_request_is_named_by_its_handler_or_its_pattern(listening, events, app, style, server):
    listening(transaction_style=style)
    board = Blueprint("board", url_prefix="/in")

    @board.get("/item/<number:int>")
    async def item(request, number):
        raise Failure("it went wrong")

    app.blueprint(board)
    ask(app, get("/in/item/7")) if server == "own" else ask_asgi(app, "/in/item/7")
    (event,) = events
    assert event["transaction"] == ("board.item" if style == "endpoint" else "/in/item/<number:int>")
    assert event["transaction_info"] == {"source": "component" if style == "endpoint" else "route"}


def test_a_request_that_no_handler_serves_is_named_by_its_path(listening, events, app):
    listening(failed_request_status_codes=[404])
    app.add_route(lambda request: text("fine"), "/", name="home")
    ask(app, get("/nowhere"))
    assert [(told(event), event["transaction"]) for event in events] == [(("NotFound", True), "/nowhere")]


# -- errors


class Quiet(SanicException):
    status_code = 502
    quiet = True


class Pages(ErrorHandler):
    """Answers what nobody handles by itself."""

    def default(self, request, exception):
        return text("mine", 503)


def answering(status):
    return lambda request, error: text("mine", status)


async def failing(request, error):
    raise RuntimeError("of the handler")


def failing_at_once(request, error):
    raise RuntimeError("of the handler")


async def refusing(request, error):
    raise ServiceUnavailable("of the handler")


ERRORS = {
    "nobody handles it": (Failure("x"), None, 500, [("Failure", False)]),
    "answered 418": (Failure("x"), answering(418), 418, []),
    "answered 502": (Failure("x"), answering(502), 502, [("Failure", True)]),
    "ServerError(500)": (ServerError("x"), None, 500, [("ServerError", True)]),
    "503": (ServiceUnavailable("x"), None, 503, [("ServiceUnavailable", True)]),
    "a quiet one of 502": (Quiet("x"), None, 502, [("Quiet", True)]),
    "404": (NotFound("x"), None, 404, []),
    "503, answered 200": (ServiceUnavailable("x"), answering(200), 200, []),
    "its handler fails": (Failure("x"), failing, 500, [("RuntimeError", False)]),
    "its handler fails at once": (Failure("x"), failing_at_once, 500, [("RuntimeError", False)]),
    "its handler raises 503": (Failure("x"), refusing, 503, [("ServiceUnavailable", True)]),
}


@pytest.mark.parametrize("server", ["own", "ASGI"])
@pytest.mark.parametrize("case", ERRORS)
def test_errors_are_told_if_nobody_handles_them_or_by_the_status(listening, events, app, case, server):
    listening(DedupeIntegration(), LoggingIntegration())
    error, handler, answered, expected = ERRORS[case]

    @app.get("/")
    async def home(request):
        raise error

    if handler is not None:
        app.exception(type(error))(handler)
    found = status(ask(app, get("/"))) if server == "own" else ask_asgi(app, "/").status_code
    assert found == answered
    assert [told(event) for event in events] == expected
    assert all(event["exception"]["values"][-1]["mechanism"]["type"] == "sanic" for event in events)


def test_an_error_handler_of_the_applications_own_handles(listening, events, fails):
    fails.error_handler = Pages()
    ask(fails, get("/fail/7"))
    assert [told(event) for event in events] == [("Failure", True)]


MIDDLEWARES = {"request": (500, ("Failure", False)), "response": (200, ("Failure", True))}


@pytest.mark.parametrize("attach", MIDDLEWARES)
def test_what_fails_in_a_middleware_is_told_though_sanic_only_logs_it_for_answers(
    listening, events, app, attach
):
    listening(LoggingIntegration(), DedupeIntegration())

    @app.middleware(attach)
    async def fail(*_):
        raise Failure("it went wrong")

    app.add_route(lambda request: text("fine"), "/", name="home")
    answered = status(ask(app, get("/")))
    assert [(answered, told(event)) for event in events] == [MIDDLEWARES[attach]]
    assert events[0]["transaction"] == "home"


def test_what_fails_in_a_signal_amid_a_request_is_told(listening, events, app):
    @app.signal("http.routing.after")
    async def fail(**_):
        raise Failure("it went wrong")

    app.add_route(lambda request: text("fine"), "/", name="home")
    assert status(ask(app, get("/"))) == 500
    assert [told(event) for event in events] == [("Failure", False)]


def test_an_answer_of_503_that_no_error_led_to_is_a_message(listening, events, app):
    @app.get("/")
    async def home(request):
        return json({}, 503)

    ask(app, get("/"))
    (event,) = events
    assert told(event) == "GET home answered 503"
    assert event["contexts"]["response"]["status_code"] == 503


STREAMED = {
    "it fails": (Failure("x"), 1),
    "it is given up with 503": (ServiceUnavailable("x"), 1),
}
STREAMED["it is given up with 404"] = (NotFound("x"), 0)


@pytest.mark.parametrize("old_style", [False, True])
@pytest.mark.parametrize("case", STREAMED)
@pytest.mark.parametrize("server", ["own", "ASGI"])
def test_what_fails_once_the_answer_has_begun_is_told_once(listening, events, app, case, server, old_style):
    listening(DedupeIntegration(), LoggingIntegration())
    error, expected = STREAMED[case]

    async def write(response):
        await response.write("one,")
        raise error

    @app.get("/")
    async def home(request):
        if old_style:
            return ResponseStream(write)
        response = await request.respond()
        await response.send("one,")
        raise error

    if server == "own":
        ask(app, get("/"))
    else:
        ask_asgi(app, "/")
    assert [told(event) for event in events] == [(type(error).__name__, False)] * expected
    assert all(event["contexts"]["response"]["status_code"] == 200 for event in events)


def test_a_handler_that_takes_too_long_is_told_with_its_stack(listening, events, app):
    app.config.RESPONSE_TIMEOUT = 0.05

    @app.get("/")
    async def home(request):
        sentry_like.set_tag("who", "slow")
        await asyncio.sleep(5)

    assert status(ask(app, get("/"))) == 503
    (event,) = events
    assert told(event) == ("ServiceUnavailable", True)
    assert event["tags"] == {"who": "slow"}
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert "home" in [frame["function"].rpartition(".")[2] for frame in frames]


def test_a_client_that_leaves_or_never_asks_is_no_error(listening, events, app):
    app.config.REQUEST_TIMEOUT = 0.05
    app.add_route(lambda request: text("fine"), "/", name="home")
    assert status(ask(app, b"GET / HT")) == 408
    assert status(ask(app, b"nonsense\r\n\r\n")) == 400
    assert list(events) == []


# -- one request, one hub


def test_requests_on_one_connection_know_nothing_of_each_other(listening, events, fails):
    fails.add_route(lambda request: text(str(tags_now())), "/tags", name="tags")
    answer = ask(fails, get("/fail/7", "keep-alive"), get("/tags"))
    assert answer.endswith(b"{}")
    assert events[0]["tags"] == {"who": "handler"}


def tags_now():
    return dict(sentry_like.Hub.current.scope.tags)


def test_a_request_of_a_middleware_around_is_one_request(listening, events, fails):
    ask_asgi(fails, "/fail/7", SentryAsgiMiddleware)
    assert [(told(event), event["transaction"]) for event in events] == [(("Failure", False), "fail")]


# -- what a request says of itself


def test_a_body_and_a_form_are_shown_as_sanic_has_read_them(listening, events, app):
    @app.post("/")
    async def home(request):
        dict(request.form)
        raise Failure("it went wrong")

    body = b"name=ann&color=red&color=blue"
    head = b"POST /?a=1 HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: 29\r\n"
    ask(app, head + b"Content-Type: application/x-www-form-urlencoded\r\n\r\n" + body)
    request = events[0]["request"]
    assert request["data"] == {"name": "ann", "color": ["red", "blue"]}
    assert (request["url"], request["query_string"]) == ("http://shop.example/", "a=1")


def test_a_body_that_the_handler_streams_is_not_read(listening, events, app):
    seen = []

    @app.post("/", stream=True)
    async def home(request):
        try:
            raise Failure("it went wrong")
        except Failure as error:
            sentry_like.capture_exception(error)
        seen.extend([chunk async for chunk in request.stream])
        return text("fine")

    head = b"POST / HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"
    ask(app, head, b"body")
    assert b"".join(seen) == b"body"
    assert "data" not in events[0]["request"]


# -- WebSockets, background tasks, listeners


def test_what_fails_in_a_websocket_is_told_in_the_hub_of_its_request(listening, events, app):
    @app.websocket("/talk")
    async def talk(request, socket):
        sentry_like.set_tag("who", "socket")
        raise Failure("it went wrong")

    answer = ask(app, websocket("/talk"), protocol=WebSocketProtocol)
    assert status(answer) == 101
    assert [(told(event), event["transaction"]) for event in events] == [(("Failure", False), "talk")]
    assert events[0]["tags"] == {"who": "socket"}


def test_a_websocket_that_its_client_has_closed_is_no_error(listening, events, app):
    @app.websocket("/talk")
    async def talk(request, socket):
        raise WebsocketClosed

    ask(app, websocket("/talk"), protocol=WebSocketProtocol)
    assert list(events) == []


@pytest.mark.parametrize("name", [None, "mine"])
def test_what_fails_in_a_background_task_is_told_at_once(listening, events, app, name):
    async def later():
        raise Failure("it went wrong")

    @app.get("/")
    async def home(request):
        task = app.add_task(later(), name=name)
        await asyncio.wait([task])
        assert isinstance(task.exception(), Failure)
        return text("fine")

    assert ask_asgi(app, "/").status_code == 200
    assert [(told(event), event["transaction"]) for event in events] == [(("Failure", False), "home")]


def test_what_fails_in_a_listener_is_told_and_passes(listening, events, app):
    @app.before_server_start
    async def fail(app):
        raise Failure("it went wrong")

    app.add_route(lambda request: text("fine"), "/", name="home")

    async def start():
        await app._startup()
        await app._server_event("init", "before", loop=asyncio.get_running_loop())

    with pytest.raises(Failure):
        asyncio.run(start())
    assert [told(event) for event in events] == [("Failure", False)]


# -- settings


def test_unsampled_statuses_are_kept_for_tracing():
    assert SanicIntegration().unsampled_statuses == {404}
    assert SanicIntegration(unsampled_statuses=None).unsampled_statuses == frozenset()


def test_sanics_own_compilation_of_its_methods_keeps_the_integration(listening, events, fails):
    """Sanic puts new functions in the place of those that were wrapped, when it starts."""
    originals = {name: vars(Sanic)[name] for name in Sanic.__touchup__}
    client = sentry_like.Hub.main.client
    fails.config.TOUCHUP = True
    try:
        ask(fails, get("/fail/7"))
        assert [told(event) for event in events] == [("Failure", False)]
        client.close(uninstall=True)
        assert vars(Sanic)["handle_request"].__code__.co_filename == "handle_request"
    finally:
        client.close(uninstall=True)
        for name, original in originals.items():
            setattr(Sanic, name, getattr(original, "__wrapped__", original))


@pytest.fixture(autouse=True)
def silence():
    """Sanic writes each error to the terminal."""
    handlers, error_logger.handlers = error_logger.handlers, []
    yield
    error_logger.handlers = handlers
