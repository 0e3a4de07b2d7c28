"""Requests to a Tornado application: which errors are told, how often, and as what. What all frameworks have
in common is in tests/web.
"""

from __future__ import annotations

import asyncio
import logging
import types
from concurrent.futures import ThreadPoolExecutor

import pytest
from tornado import gen, httpclient, httpserver, ioloop, iostream, netutil, version_info, web, websocket, wsgi

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.tornado import TornadoIntegration

PATIENCE = 5.0


@pytest.fixture
def watching(init):
    """A client that watches applications and loggers. Nothing removes duplicates, except under versions whose
    loop logs what it has handed on.
    """
    others = [LoggingIntegration(), *([DedupeIntegration()] if version_info < (6, 5) else [])]
    return lambda options=None, **settings: init(
        integrations=[TornadoIntegration(**settings), *others], **options or {}
    )


def handler_of(get=None, **methods):
    """A handler class; `get` is its method of that name."""
    methods = {"get": get, **methods} if get else methods
    return type("Handler", (web.RequestHandler,), {**methods, "__module__": __name__})


def fail(self, *args):
    raise ValueError("unhandled")


Failing = handler_of(fail)


def serve(app, visit):
    """What `visit(port)` answers, while an application (or a handler class, at `/here`) is served."""
    if isinstance(app, type):
        app = web.Application([("/here", app)])

    async def main():
        server = httpserver.HTTPServer(app)
        (socket,) = netutil.bind_sockets(0, "127.0.0.1")
        server.add_socket(socket)
        try:
            return await visit(socket.getsockname()[1])
        finally:
            server.stop()
            await server.close_all_connections()
            await asyncio.sleep(0)

    return asyncio.run(asyncio.wait_for(main(), PATIENCE))


def ask(app, path="/here", **request):
    """Status and text of one answer; `None` where the server has hung up."""

    async def visit(port):
        client = httpclient.AsyncHTTPClient(force_instance=True)
        try:
            answer = await client.fetch(
                f"http://127.0.0.1:{port}{path}", raise_error=False, follow_redirects=False, **request
            )
        except httpclient.HTTPError:
            return None
        finally:
            client.close()
        return answer.code, answer.body.decode()

    return serve(app, visit)


def only(events):
    (event,) = events
    return event


def told(event):
    """Type and text of what an event is about, and whether it was handled."""
    value = event["exception"]["values"][-1]
    return value["type"], value["value"], value["mechanism"]["handled"]


# -- which errors


@gen.coroutine
def fail_late(self):
    yield gen.sleep(0.001)
    raise ValueError("unhandled")


async def fail_awaiting(self):
    await asyncio.sleep(0.001)
    raise ValueError("unhandled")


async def fail_in_thread(self):
    def work():
        raise ValueError("unhandled")

    with ThreadPoolExecutor(1) as pool:
        await ioloop.IOLoop.current().run_in_executor(pool, work)


def fail_at_the_end(self):
    raise ValueError("unhandled")


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (Failing, 500),
        (handler_of(fail_late), 500),
        (handler_of(fail_awaiting), 500),
        (handler_of(fail_in_thread), 500),
        (handler_of(lambda self: None, prepare=fail), 500),
        (handler_of(lambda self: None, prepare=fail_late), 500),
        (handler_of(lambda self: self.write("fine"), on_finish=fail), 200),
        (handler_of(fail, log_exception=lambda *args: None), 500),
        (handler_of(fail, write_error=lambda self, status, **kwargs: self.finish("own page")), 500),
        (handler_of(fail, write_error=lambda self, status, **kwargs: 1 / 0), 500),
    ],
    ids=[
        *("plain", "coroutine", "async", "executor", "prepare", "late prepare", "on_finish"),
        *("log_exception", "write_error", "bad write_error"),
    ],
)
def test_an_error_is_told_once_wherever_it_comes_from(watching, events, handler, status):
    watching()
    assert ask(handler)[0] == status
    unhandled = [event for event in events if event.get("logger") != "tornado.application"]
    assert told(only(unhandled)) == ("ValueError", "unhandled", False)
    assert unhandled[0]["request"]["url"].endswith("/here")


def test_an_error_of_initialize_is_told_with_its_request(init, events):
    init(integrations=[TornadoIntegration()])
    assert ask(handler_of(initialize=fail)) is None
    event = only(events)
    assert told(event) == ("ValueError", "unhandled", False)
    assert event["request"]["url"].endswith("/here")
    assert event["transaction"] == f"{__name__}.Handler.get"


@pytest.mark.parametrize("status", [500, 503])
def test_an_http_error_of_5xx_is_told(watching, events, status):
    def get(self):
        raise web.HTTPError(status, "no %s", "database")

    watching()
    assert ask(handler_of(get))[0] == status
    assert told(only(events)) == ("HTTPError", f"HTTP {status}: {only_reason(status)} (no database)", True)


def only_reason(status):
    return {500: "Internal Server Error", 503: "Service Unavailable"}[status]


@pytest.mark.parametrize(
    "error",
    [web.HTTPError(404), web.HTTPError(403, "not %s", "you"), web.MissingArgumentError("id"), web.Finish()],
    ids=["404", "403", "missing argument", "finish"],
)
def test_other_http_errors_are_not_told(watching, events, error):
    def get(self):
        raise error

    watching()
    ask(handler_of(get))
    assert list(events) == []


def test_finish_with_a_status_is_told_by_it(watching, events):
    def get(self):
        self.set_status(503)
        raise web.Finish("later")

    watching()
    assert ask(handler_of(get)) == (503, "later")
    assert "exception" not in only(events)


def answer_own(self, status, **kwargs):
    error = kwargs["exc_info"][1]
    self.set_status(int(self.get_argument("status")))
    self.finish(f"own {type(error).__name__}")


def test_an_error_that_write_error_answers_is_told_by_the_status(watching, events):
    watching()
    assert ask(handler_of(fail, write_error=answer_own), "/here?status=422") == (422, "own ValueError")
    assert list(events) == []
    assert ask(handler_of(fail, write_error=answer_own), "/here?status=503") == (503, "own ValueError")
    assert told(only(events)) == ("ValueError", "unhandled", True)


def test_an_unhandled_error_is_told_whatever_the_codes(watching, events):
    watching(failed_request_status_codes=())
    ask(Failing)
    assert told(only(events)) == ("ValueError", "unhandled", False)


@pytest.mark.parametrize(("status", "count"), [(503, 1), (404, 0)])
def test_an_http_error_amid_the_answer_is_told_by_its_status(watching, events, status, count):
    async def get(self):
        self.write("one")
        await self.flush()
        raise web.HTTPError(status)

    watching()
    ask(handler_of(get))
    assert [told(event)[0] for event in events] == ["HTTPError"] * count


def test_a_client_that_left_is_no_error_and_another_closed_stream_is_one(watching, events):
    seen = []

    async def get(self):
        try:
            while "elsewhere" not in self.request.arguments:
                self.write("x" * 100_000)
                await self.flush()
        except BaseException as error:
            seen.append(type(error))
            raise
        raise iostream.StreamClosedError

    async def visit(port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /here HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.close()
        while not seen:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)

    watching()
    serve(handler_of(get), visit)
    assert seen == [iostream.StreamClosedError]
    assert list(events) == []
    ask(handler_of(get), "/here?elsewhere=1")
    assert told(only(events))[0] == "StreamClosedError"


def test_the_access_log_makes_no_event_and_is_heard_again_without_us(watching, init, events):
    client = watching()
    logging.getLogger("tornado.access").error("503 GET /")
    assert list(events) == []
    client.close(uninstall=True)
    init(integrations=[LoggingIntegration()])
    logging.getLogger("tornado.access").error("503 GET /")
    assert len(events) == 1


def test_what_the_application_logs_of_the_loop_is_told(watching, events):
    async def get(self):
        ioloop.IOLoop.current().add_callback(fail, self)
        await asyncio.sleep(0.01)

    watching()
    assert ask(handler_of(get))[0] == 200
    assert told(only(events))[:2] == ("ValueError", "unhandled")


def test_static_files_are_served_and_missing_ones_are_no_errors(watching, events, tmp_path):
    (tmp_path / "there.txt").write_text("there")
    app = web.Application([("/static/(.*)", web.StaticFileHandler, {"path": str(tmp_path)})])
    watching()
    assert ask(app, "/static/there.txt") == (200, "there")
    assert ask(app, "/static/not-there.txt")[0] == 404
    assert list(events) == []


# -- bodies in pieces, WebSockets, applications of another kind


def streaming(data_received, post=lambda self: self.write("fine")):
    return web.stream_request_body(handler_of(data_received=data_received, post=post))


async def receive_failing(self, chunk):
    sentry_like.set_tag("received", str(len(chunk)))
    await asyncio.sleep(0)
    raise ValueError("unhandled")


@pytest.mark.parametrize("receive", [fail, receive_failing], ids=["plain", "async"])
def test_an_error_in_a_piece_of_the_body_is_told_with_its_request(init, events, receive):
    init(integrations=[TornadoIntegration()])
    ask(streaming(receive), method="POST", body="abc")
    event = only(events)
    assert told(event) == ("ValueError", "unhandled", False)
    assert event["request"]["url"].endswith("/here")


def test_a_body_in_pieces_is_shown_and_what_is_set_there_is_true_in_the_handler(watching, events):
    async def receive(self, chunk):
        await asyncio.sleep(0)
        sentry_like.set_tag("received", str(len(chunk)))

    watching()
    ask(streaming(receive, post=fail), method="POST", body='{"a": 1}', headers=JSON)
    event = only(events)
    assert event["tags"] == {"received": "8"}
    assert event["request"]["data"] == {"a": 1}


JSON = {"Content-Type": "application/json"}


class Socket(websocket.WebSocketHandler):
    def open(self):
        if self.get_argument("open", ""):
            raise ValueError("in open")
        sentry_like.set_tag("who", "socket")

    def on_message(self, message):
        if message == "plain":
            raise ValueError("in a message")
        return self.later(message)

    async def later(self, message):
        sentry_like.set_tag("said", message)
        await asyncio.sleep(0)
        if message == "late":
            raise ValueError("in a message")
        await self.write_message(message)


class SilentSocket(Socket):
    def log_exception(self, *args):
        """Writes nothing."""


def talk(handler, *messages, path="/here"):
    """The answers to messages, until the connection is closed."""

    async def visit(port):
        connection = await websocket.websocket_connect(f"ws://127.0.0.1:{port}{path}")
        answers = []
        for message in messages:
            await connection.write_message(message)
            answers.append(await connection.read_message())
        if not messages:
            answers.append(await connection.read_message())
        connection.close()
        await asyncio.sleep(0.02)
        return answers

    return serve(handler, visit)


@pytest.mark.parametrize("handler", [Socket, SilentSocket])
@pytest.mark.parametrize("message", ["plain", "late"])
def test_an_error_in_a_message_is_told_once(watching, events, handler, message):
    watching()
    assert talk(handler, "hello", message) == ["hello", None]
    event = only(events)
    assert told(event) == ("ValueError", "in a message", False)
    assert event["tags"] == {"who": "socket", "said": "late" if message == "late" else "hello"}


def test_an_error_in_open_is_told_once(watching, events):
    watching()
    assert talk(Socket, path="/here?open=fail") == [None]
    assert told(only(events)) == ("ValueError", "in open", False)


def test_a_websocket_that_is_closed_is_no_error(watching, events):
    watching()
    assert talk(Socket, "one", "two") == ["one", "two"]
    assert list(events) == []


def test_a_wsgi_application_within_tells_its_error_once(init, events):
    from sentry_like.integrations.wsgi import SentryWsgiMiddleware

    def application(environ, start_response):
        raise ValueError("unhandled")

    container = wsgi.WSGIContainer(SentryWsgiMiddleware(application))
    app = web.Application([(".*", web.FallbackHandler, {"fallback": container})])
    init(integrations=[TornadoIntegration(), LoggingIntegration(), DedupeIntegration()])

    async def visit(port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /here HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        await asyncio.sleep(0.05)
        writer.close()

    serve(app, visit)
    event = only(events)
    assert told(event) == ("ValueError", "unhandled", False)
    assert event["exception"]["values"][-1]["mechanism"]["type"] == "wsgi"


# -- units


@gen.coroutine
def note_late(self):
    yield gen.sleep(0.001)
    sentry_like.set_tag("who", self.get_argument("who"))
    sentry_like.add_breadcrumb(message=self.get_argument("who"))
    yield gen.sleep(0.002)
    with sentry_like.isolate():
        sentry_like.set_tag("inner", "yes")
        yield gen.sleep(0.001)
    raise ValueError("unhandled")


def test_what_a_coroutine_sets_after_a_yield_is_true_for_its_request(watching, events):
    async def visit(port):
        client = httpclient.AsyncHTTPClient(force_instance=True)
        await asyncio.gather(
            *(client.fetch(f"http://127.0.0.1:{port}/here?who={n}", raise_error=False) for n in range(6))
        )
        client.close()

    watching()
    serve(handler_of(note_late), visit)
    seen = sorted(
        (event["tags"]["who"], [crumb["message"] for crumb in event["breadcrumbs"]["values"]])
        for event in events
    )
    assert seen == [(str(n), [str(n)]) for n in range(6)]
    assert all("inner" not in event["tags"] for event in events)


def test_a_handler_that_executes_another_is_one_unit(watching, events):
    async def delegating(self):
        await Failing(self.application, self.request)._execute([])
        self._finished = True

    watching()
    assert ask(handler_of(delegating))[0] == 500
    assert told(only(events)) == ("ValueError", "unhandled", False)


# -- what is shown


def test_a_path_is_named_by_the_pattern_that_led_to_its_handler(watching, events):
    other = handler_of(lambda self: None)
    app = web.Application([("/items/([0-9]+)/x", other), ("/items/(?P<id>[^/]+)/y", Failing)])
    app.add_handlers("127.0.0.1", [("^/host/.*$", Failing)])
    watching(transaction_style="method_and_path_pattern")
    ask(app, "/items/7/y", headers={"X-Real-Ip": "1.1.1.1"})
    ask(app, "/host/7")
    assert [event["transaction"] for event in events] == ["GET /items/(?P<id>[^/]+)/y", "GET /host/.*"]
    assert {event["transaction_info"]["source"] for event in events} == {"route"}


def test_a_name_that_the_application_gives_stays(watching, events):
    def get(self):
        sentry_like.Hub.current.scope.set_transaction_name("mine")
        raise ValueError("named")

    watching()
    ask(handler_of(get))
    assert only(events)["transaction"] == "mine"


PERSONAL = {"send_default_pii": True}


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("ann", {"username": "ann"}),
        (b"ann", {"username": "ann"}),
        ({"id": 7, "name": "ann", "password": "x"}, {"id": "7", "username": "ann"}),
        (types.SimpleNamespace(id=7, email="ann@example.com"), {"id": "7", "email": "ann@example.com"}),
        (True, {}),
        (None, {}),
    ],
    ids=["text", "bytes", "dict", "object", "only a sign", "nobody"],
)
def test_the_user_that_the_application_has_looked_up_is_shown(watching, events, user, shown):
    def get(self):
        self.current_user  # it is looked up when it is asked for
        raise ValueError("logged in")

    watching(PERSONAL)
    ask(handler_of(get, get_current_user=lambda self: user))
    found = only(events)["user"]
    assert found.pop("ip_address") == "127.0.0.1"
    assert found == shown


def test_a_user_that_nobody_asked_for_is_not_looked_up(watching, events):
    asked = []
    watching(PERSONAL)
    ask(handler_of(fail, get_current_user=asked.append))
    assert only(events)["user"] == {"ip_address": "127.0.0.1"}
    assert asked == []


def test_fields_that_come_twice_are_both_shown(watching, events):
    watching()
    ask(
        handler_of(post=fail),
        method="POST",
        body="color=red&color=blue&size=1",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert only(events)["request"]["data"] == {"color": ["red", "blue"], "size": "1"}
