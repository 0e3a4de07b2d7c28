"""Requests to an aiohttp server: which errors are told, how often, and as what. What all frameworks have in
common is in tests/web.
"""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer, TestClient, TestServer

import sentry_like
from sentry_like.integrations.aiohttp import AioHttpIntegration
from sentry_like.integrations.logging import LoggingIntegration

PATIENCE = 5.0


@pytest.fixture
def watching(init):
    """A client that watches servers and loggers. Nothing removes duplicates."""
    return lambda **settings: init(integrations=[AioHttpIntegration(**settings), LoggingIntegration()])


async def error(request):
    raise ValueError("unhandled")


async def fine(request):
    return web.Response(text="fine")


def app_of(handler=error, *, path="/here", middlewares=()):
    app = web.Application(middlewares=middlewares)
    app.router.add_route("*", path, handler)
    return app


def serve(app, visit, server_class=TestServer):
    """What `visit(client)` answers, while an application is served."""

    async def main():
        server = app if isinstance(app, RawTestServer) else server_class(app)
        async with TestClient(server) as client:
            return await visit(client)

    return asyncio.run(asyncio.wait_for(main(), PATIENCE))


class Uncancelling(TestServer):
    """As servers are outside of tests: handlers learn of a client that left when they write."""

    async def _make_runner(self, **kwargs):
        kwargs.pop("handler_cancellation", None)
        return await super()._make_runner(**kwargs)


def ask(app, path="/here", method="GET", **request):
    """Status and text of one answer; `None` where the server has hung up."""

    async def visit(client):
        try:
            async with client.request(method, path, **request) as answer:
                return answer.status, await answer.text()
        except aiohttp.ClientError:
            return None

    return serve(app, visit)


def only(events):
    (event,) = events
    return event


def told(event):
    """Type and text of what an event is about, and whether it was handled."""
    value = event["exception"]["values"][-1]
    return value["type"], value["value"], value["mechanism"]["handled"]


# -- which errors


def test_an_error_is_told_once_whoever_logs_it_and_removes_duplicates(watching, events):
    watching()
    assert ask(app_of())[0] == 500
    assert told(only(events)) == ("ValueError", "unhandled", False)


def test_a_timeout_that_nobody_handles_is_told(watching, events):
    async def slow(request):
        await asyncio.wait_for(asyncio.sleep(1), 0.01)

    watching()
    assert ask(app_of(slow))[0] == 504
    assert told(only(events))[0] == "TimeoutError"
    assert told(only(events))[2] is False


def test_a_cancelled_handler_is_no_error(watching, events):
    async def cancelled(request):
        raise asyncio.CancelledError

    watching()
    assert ask(app_of(cancelled)) is None
    assert list(events) == []


def test_a_connection_that_breaks_elsewhere_is_an_error(watching, events):
    async def query(request):
        raise ConnectionResetError("the database is gone")

    watching()
    assert ask(app_of(query))[0] == 500
    assert told(only(events)) == ("ConnectionResetError", "the database is gone", False)


def test_a_client_that_leaves_amid_its_answer_is_no_error(watching, events):
    ended = []

    async def endless(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b"x")
                await asyncio.sleep(0.001)
        except BaseException as error:
            ended.append(type(error).__mro__)
            raise

    async def visit(client):
        answer = await client.get("/here")
        await answer.content.read(10)
        answer.close()
        while not ended:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)

    watching()
    serve(app_of(endless), visit, Uncancelling)
    assert ConnectionResetError in ended[0]
    assert list(events) == []


@web.middleware
async def apologising(request, handler):
    try:
        return await handler(request)
    except Exception:
        return web.Response(text="sorry", status=500)


@pytest.mark.parametrize("middlewares", [[], [apologising]], ids=["unhandled", "answered"])
@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Length: 100", b"abc"),
        (b"Transfer-Encoding: chunked", b"no number\r\nabc\r\n"),
        (b"Content-Length: 3\r\nContent-Encoding: gzip", b"abc"),
    ],
    ids=["cut off", "malformed", "not compressed"],
)
def test_a_body_that_is_none_is_no_error(watching, events, middlewares, header, body):
    ended = []

    async def handler(request):
        try:
            await request.read()
        except BaseException as error:
            ended.append(type(error).__name__)
            raise

    async def visit(client):
        _, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"POST /here HTTP/1.1\r\nHost: here\r\n" + header + b"\r\n\r\n")
        await asyncio.sleep(0.02)  # the handler waits for the body
        writer.write(body)
        await asyncio.sleep(0.02)
        writer.close()
        await asyncio.sleep(0.05)

    watching()
    serve(app_of(handler, middlewares=middlewares), visit, Uncancelling)
    assert ended in (["ConnectionResetError"], ["RequestPayloadError"])
    assert list(events) == []


def test_what_is_no_http_is_no_error(watching, events):
    async def visit(client):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"\x16\x03\x01 nothing\r\n\r\n")
        answer = await reader.read(12)
        writer.close()
        return answer

    watching()
    assert serve(app_of(), visit) == b"HTTP/1.0 400"
    assert list(events) == []


def test_a_returned_http_exception_is_told_by_its_status(watching, events):
    async def handler(request):
        return web.HTTPServiceUnavailable() if "fail" in request.query else web.HTTPNotFound()

    watching()
    with pytest.warns(DeprecationWarning, match="HTTPException"):
        assert ask(app_of(handler))[0] == 404
    assert list(events) == []
    with pytest.warns(DeprecationWarning, match="HTTPException"):
        assert ask(app_of(handler), "/here?fail=1")[0] == 503
    assert told(only(events)) == ("HTTPServiceUnavailable", "Service Unavailable", True)


def test_redirects_are_no_errors(watching, events):
    async def handler(request):
        raise web.HTTPFound("/elsewhere")

    watching(failed_request_status_codes=range(500, 600))
    assert ask(app_of(handler), allow_redirects=False)[0] == 302
    assert list(events) == []


def test_a_handler_that_answers_nothing_is_told_once(watching, events):
    async def forgetful(request):
        pass

    watching()
    ask(app_of(forgetful))
    assert "return" in str(only(events))
    assert only(events)["transaction"].endswith("forgetful")


def test_a_signal_that_fails_is_told_once(watching, events):
    async def signal(request, answer):
        raise ValueError("no headers for you")

    app = app_of(fine)
    app.on_response_prepare.append(signal)
    watching()
    assert ask(app) is None
    assert told(only(events)) == ("ValueError", "no headers for you", False)
    assert only(events)["request"]["url"].endswith("/here")


# -- middlewares


@web.middleware
async def answering(request, handler):
    """Turns errors into answers."""
    try:
        return await handler(request)
    except ValueError:
        return web.json_response({"error": "wrong"}, status=int(request.query["status"]))


def test_an_error_that_a_middleware_answers_is_told_by_the_status(watching, events):
    watching()
    assert ask(app_of(middlewares=[answering]), "/here?status=400")[0] == 400
    assert list(events) == []
    assert ask(app_of(middlewares=[answering]), "/here?status=503")[0] == 503
    assert told(only(events)) == ("ValueError", "unhandled", True)


def test_an_error_of_a_middleware_that_another_answers_is_told_by_the_status(watching, events):
    @web.middleware
    async def failing(request, handler):
        raise ValueError("in a middleware")

    watching()
    assert ask(app_of(fine, middlewares=[answering, failing]), "/here?status=503")[0] == 503
    assert told(only(events)) == ("ValueError", "in a middleware", True)


def test_an_error_that_a_middleware_makes_of_another_has_it_as_its_cause(watching, events):
    @web.middleware
    async def translating(request, handler):
        try:
            return await handler(request)
        except ValueError as error:
            raise web.HTTPBadGateway() from error

    watching()
    assert ask(app_of(middlewares=[translating]))[0] == 502
    values = only(events)["exception"]["values"]
    assert [value["type"] for value in values] == ["ValueError", "HTTPBadGateway"]


def test_an_error_that_a_middleware_survives_is_not_told(watching, events):
    @web.middleware
    async def trying_again(request, handler):
        try:
            return await handler(request)
        except ValueError:
            return await fine(request)

    watching()
    assert ask(app_of(middlewares=[trying_again])) == (200, "fine")
    assert list(events) == []


# -- units


def test_requests_on_one_connection_know_nothing_of_each_other(watching, events):
    async def handler(request):
        if "tag" in request.query:
            sentry_like.set_tag("who", "first")
            sentry_like.add_breadcrumb(message="first")
        sentry_like.capture_message("seen")
        return web.Response(text=str(id(request.transport)))

    async def visit(client):
        texts = []
        for path in ("/here?tag=1", "/here"):
            async with client.get(path) as answer:
                texts.append(await answer.text())
        return texts

    watching()
    first, second = serve(app_of(handler), visit)
    assert first == second, "one connection"
    assert [event.get("tags", {}).get("who") for event in events] == ["first", None]
    assert "breadcrumbs" not in events[1]


def test_a_request_to_a_sub_application_is_one_unit(watching, events):
    async def handler(request):
        sentry_like.set_tag("where", "inside")
        raise ValueError("inside")

    watching(transaction_style="method_and_path_pattern")
    outer = web.Application(middlewares=[answering])
    outer.add_subapp("/outer", app_of(handler, path="/items/{id}", middlewares=[answering]))
    assert ask(outer, "/outer/items/7?status=503")[0] == 503
    event = only(events)
    assert (event["transaction"], event["tags"]) == ("GET /outer/items/{id}", {"where": "inside"})


def test_a_websocket_is_one_unit_until_it_is_closed(watching, events):
    async def handler(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        sentry_like.set_tag("who", "socket")
        async for message in socket:
            if message.data == "fail":
                raise ValueError("in a message")
            await socket.send_str(message.data)
        return socket

    async def visit(client):
        socket = await client.ws_connect("/here")
        await socket.send_str("hello")
        answer = await socket.receive_str()
        await socket.send_str("fail")
        await socket.receive()
        leaving = await client.ws_connect("/here")
        await leaving.close()
        return answer

    watching()
    assert serve(app_of(handler), visit) == "hello"
    event = only(events)
    assert told(event) == ("ValueError", "in a message", False)
    assert event["tags"] == {"who": "socket"}
    assert event["contexts"]["response"]["status_code"] == 101


def test_a_low_level_server_is_watched_too(watching, events):
    watching()
    assert ask(RawTestServer(error), "/anywhere")[0] == 500
    event = only(events)
    assert told(event) == ("ValueError", "unhandled", False)
    assert (event["transaction"], event["transaction_info"]) == ("/anywhere", {"source": "url"})


def test_a_server_that_ran_before_the_client_was_there_is_watched(init, events):
    async def visit(client):
        init(integrations=[AioHttpIntegration()])
        async with client.get("/here") as answer:
            return answer.status

    assert serve(app_of(), visit) == 500
    assert told(only(events))[0] == "ValueError"


# -- what is shown


class View(web.View):
    async def get(self):
        raise ValueError("in a view")


class Handler:
    async def __call__(self, request):
        raise ValueError("in an object")


@pytest.mark.parametrize(
    ("handler", "name"),
    [
        (error, "error"),
        (View, "View"),
        (functools.partial(error), "error"),
        (Handler().__call__, "Handler.__call__"),
    ],
    ids=["function", "view", "partial", "method"],
)
def test_requests_are_named_after_their_handler(watching, events, handler, name):
    watching()
    assert ask(app_of(handler))[0] == 500
    assert only(events)["transaction"] == f"{__name__}.{name}"
    assert only(events)["transaction_info"] == {"source": "component"}


def test_a_name_that_the_application_gives_stays(watching, events):
    async def handler(request):
        sentry_like.Hub.current.scope.set_transaction_name("mine")
        raise ValueError("named")

    watching()
    ask(app_of(handler))
    assert only(events)["transaction"] == "mine"


def test_a_request_that_names_no_host_is_shown_with_the_socket(watching, events):
    async def visit(client):
        reader, writer = await asyncio.open_connection(client.host, client.port)
        writer.write(b"GET /here HTTP/1.0\r\n\r\n")
        await reader.read()
        writer.close()
        return f"http://{client.host}:{client.port}/here"

    watching()
    assert serve(app_of(), visit) == only(events)["request"]["url"]


def test_behind_a_proxy_the_request_is_what_the_handler_was_given(init, events):
    @web.middleware
    async def believing(request, handler):
        forwarded = {"scheme": "https", "host": "shop.example", "remote": "10.1.2.3"}
        return await handler(request.clone(**forwarded))

    async def handler(request):
        await request.json()
        raise ValueError("after the body")

    init(integrations=[AioHttpIntegration()], send_default_pii=True)
    ask(app_of(handler, middlewares=[believing]), method="POST", json={"name": "ann"})
    request = only(events)["request"]
    assert request["url"] == "https://shop.example/here"
    assert request["env"]["REMOTE_ADDR"] == "10.1.2.3"
    assert request["data"] == {"name": "ann"}


def test_fields_that_come_twice_are_both_shown_and_files_by_name(watching, events):
    async def handler(request):
        (await request.post())["picture"].file.close()  # older versions leave it open
        raise ValueError("after the form")

    form = aiohttp.FormData()
    form.add_field("color", "red")
    form.add_field("color", "blue")
    form.add_field("picture", b"\x89PNG", filename="a.png")
    watching()
    ask(app_of(handler), method="POST", data=form)
    assert only(events)["request"]["data"] == {"color": ["red", "blue"], "picture": ""}


def test_an_application_that_is_but_a_client_loads_no_server():
    start = "import sentry_like; sentry_like.init('http://key@127.0.0.1:1/1')"
    look = "import aiohttp, sys; print('aiohttp.web' in sys.modules)"
    outputs = [
        subprocess.run([sys.executable, "-c", program], timeout=30, capture_output=True, check=True).stdout
        for program in (look, f"{start}; {look}")
    ]
    assert outputs[0] == outputs[1]
