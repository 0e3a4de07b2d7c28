"""What is special to Falcon; what all frameworks have in common is seen on real servers, in tests/web."""

from __future__ import annotations

import asyncio
import threading

import falcon
import falcon.asgi
import falcon.testing
import pytest
from relay_server import eventually

import sentry_like
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.falcon import FalconIntegration
from sentry_like.integrations.logging import LoggingIntegration


@pytest.fixture
def on(init):
    """`on(**settings)`: a client with the integration."""

    def start(others=(), options=None, **settings):
        return init(integrations=[FalconIntegration(**settings), *others], **(options or {}))

    return start


@pytest.fixture(params=["wsgi", "asgi"])
def site(request):
    """An application of either kind."""
    return Site(falcon.App if request.param == "wsgi" else falcon.asgi.App)


@pytest.fixture
def asgi():
    return Site(falcon.asgi.App)


class Site:
    """An application whose functions are given as plain ones, and its visitor."""

    def __init__(self, kind):
        self.is_asgi = kind is falcon.asgi.App
        self.kind = kind
        self.app = kind()

    def fit(self, function):
        """The function as this kind of application takes it."""
        if not self.is_asgi or asyncio.iscoroutinefunction(function):
            return function

        async def fitting(*args, **kwargs):
            return function(*args, **kwargs)

        return fitting

    def add(self, path, **responders):
        methods = {name: staticmethod(self.fit(responder)) for name, responder in responders.items()}
        self.app.add_route(path, type("Resource", (), methods)())

    def handle(self, kind, handler):
        async def fitting(req, resp, ex, params):
            handler(req, resp, ex, params)

        self.app.add_error_handler(kind, fitting if self.is_asgi else handler)

    def add_middleware(self, name):
        """One whose method of that name fails."""
        self.app.add_middleware(type("Middleware", (), {name: self.fit(failing)})())

    def ask(self, path="/item/7"):
        return falcon.testing.TestClient(self.app).simulate_get(path)


def told(events):
    """`[(type of the exception, handled, transaction)]` of each event; of a message, its text."""
    found = []
    for event in events:
        if "exception" not in event:
            found.append(event["message"])
            continue
        error = event["exception"]["values"][-1]
        found.append((error["type"], error["mechanism"]["handled"], event.get("transaction")))
    return found


def failing(*_, **__):
    raise ValueError("wrong")


def raising(error):
    def responder(req, resp, number):
        raise error

    return responder


ITEM = "/item/{number}"

# -- errors


def test_what_falcons_own_handler_answers_is_unhandled_and_told_once(site, on, events):
    on([LoggingIntegration()])
    site.add(ITEM, on_get=failing)
    assert site.ask().status_code == 500
    assert told(events) == [("ValueError", False, ITEM)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (falcon.HTTPStatus(503), [("HTTPStatus", True, ITEM)]),
        (falcon.HTTPStatus("503 Service Unavailable"), [("HTTPStatus", True, ITEM)]),
        (falcon.HTTPServiceUnavailable(), [("HTTPServiceUnavailable", True, ITEM)]),
        (falcon.HTTPStatus(204), []),
        (falcon.HTTPConflict(), []),
    ],
    ids=["status 503", "status line 503", "error 503", "status 204", "error 409"],
)
def test_http_errors_and_statuses_are_told_from_500_on(site, on, events, error, expected):
    on()
    site.add(ITEM, on_get=raising(error))
    site.ask()
    assert told(events) == expected


def set_status(status):
    def handler(req, resp, ex, params):
        resp.status = status

    return handler


def raise_status(status):
    def handler(req, resp, ex, params):
        raise falcon.HTTPError(status)

    return handler


@pytest.mark.parametrize("kind", [ValueError, Exception])
@pytest.mark.parametrize("by", [set_status, raise_status])
@pytest.mark.parametrize(("status", "expected"), [(409, []), (502, [("ValueError", True, ITEM)])])
def test_what_a_handler_answers_is_told_by_its_status(site, on, events, kind, by, status, expected):
    on()
    site.add(ITEM, on_get=failing)
    site.handle(kind, by(status))
    assert site.ask().status_code == status
    assert told(events) == expected


def reraise(req, resp, ex, params):
    raise ex


def fail_too(req, resp, ex, params):
    raise RuntimeError("worse") from ex


@pytest.mark.parametrize("handler", [reraise, fail_too])
def test_what_a_handler_raises_leaves_the_application_and_is_told_once(site, on, events, handler):
    on()
    site.add(ITEM, on_get=failing)
    site.handle(ValueError, handler)
    with pytest.raises((ValueError, RuntimeError)) as caught:
        site.ask()
    assert told(events) == [(type(caught.value).__name__, False, ITEM)]


@pytest.mark.parametrize(
    ("name", "transaction"),
    [("process_request", "/item/7"), ("process_resource", ITEM), ("process_response", ITEM)],
)
def test_middlewares_that_fail_are_told(site, on, events, name, transaction):
    on()
    site.add(ITEM, on_get=lambda req, resp, number: None)
    site.add_middleware(name)
    assert site.ask().status_code == 500
    assert told(events) == [("ValueError", False, transaction)]


@pytest.mark.parametrize("hook", [falcon.before, falcon.after])
def test_hooks_that_fail_are_told(site, on, events, hook):
    on()

    @hook(site.fit(failing))
    def plain(self, req, resp, number):
        """Answers."""

    @hook(site.fit(failing))
    async def unhurried(self, req, resp, number):
        """Answers, too."""

    kind = type("Resource", (), {"on_get": unhurried if site.is_asgi else plain})
    site.app.add_route(ITEM, kind())
    assert site.ask().status_code == 500
    assert told(events) == [("ValueError", False, ITEM)]


def test_media_that_cannot_be_rendered_are_told(site, on, events):
    on()

    def responder(req, resp, number):
        resp.media = object()

    site.add(ITEM, on_get=responder)
    assert site.ask().status_code == 500
    assert told(events) == [("TypeError", False, ITEM)]


# -- names


@pytest.mark.parametrize(
    ("style", "name", "source"), [("uri_template", ITEM, "route"), ("path", "/item/7", "url")]
)
def test_a_request_is_named_by_its_template_or_its_path(site, on, events, style, name, source):
    on(transaction_style=style)
    site.add(ITEM, on_get=failing)
    site.ask()
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == (name, source)


def test_the_name_that_the_application_gave_stays(site, on, events):
    on()

    def responder(req, resp, number):
        sentry_like.Hub.current.scope.transaction = "mine"
        failing()

    site.add(ITEM, on_get=responder)
    site.ask()
    assert events[0]["transaction"] == "mine"


def test_what_a_sink_takes_is_named_by_its_path(site, on, events):
    on()
    site.app.add_sink(site.fit(failing), "/sunk")
    site.ask("/sunk/deep")
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == ("/sunk/deep", "url")


# -- ASGI


def tagging(who):
    sentry_like.set_tag("who", who)
    assert threading.current_thread() is not threading.main_thread()


def test_what_a_thread_sets_while_the_request_waits_is_true_for_the_request(asgi, on, events):
    on()
    wrapped = falcon.util.wrap_sync_to_async(tagging)

    async def responder(req, resp, number):
        await falcon.sync_to_async(tagging, "ann")
        failing()

    async def other(req, resp, number):
        await wrapped(number)
        failing()

    asgi.add(ITEM, on_get=responder)
    asgi.add("/other/{number}", on_get=other)
    asgi.ask()
    asgi.ask("/other/bob")
    asgi.ask("/other/eve")
    assert [event["tags"] for event in events] == [{"who": "ann"}, {"who": "bob"}, {"who": "eve"}]


def test_jobs_for_after_the_answer_are_told_once_with_what_the_request_has_set(asgi, on, events):
    on([LoggingIntegration(), DedupeIntegration()])
    done = threading.Event()

    async def job():
        failing()

    def job_in_a_thread():
        done.set()
        raise KeyError("wrong")

    async def responder(req, resp, number):
        sentry_like.set_tag("number", number)
        resp.schedule(job)
        resp.schedule_sync(job_in_a_thread)

    asgi.add(ITEM, on_get=responder)
    assert asgi.ask().status_code == 200
    assert done.wait(10)
    assert eventually(lambda: len(events) == 2)
    assert sorted(one[0] for one in told(events)) == ["KeyError", "ValueError"]
    assert [event["tags"] for event in events] == [{"number": "7"}] * 2
    assert [event["exception"]["values"][-1]["mechanism"]["handled"] for event in events] == [False] * 2


def test_what_is_no_coroutine_function_falcon_refuses_as_ever(asgi, on, events):
    on()

    async def responder(req, resp, number):
        resp.schedule(lambda: None)

    asgi.add(ITEM, on_get=responder)
    assert asgi.ask().status_code == 500
    assert told(events) == [("TypeError", False, ITEM)]


@pytest.mark.parametrize("attribute", ["stream", "sse"])
def test_an_answer_that_breaks_off_is_told(asgi, on, events, attribute):
    on()

    async def pieces():
        yield b"one" if attribute == "stream" else falcon.asgi.SSEvent(text="one")
        failing()

    async def responder(req, resp, number):
        setattr(resp, attribute, pieces())

    asgi.add(ITEM, on_get=responder)
    with pytest.raises(ValueError, match="wrong"):
        asgi.ask()
    assert told(events) == [("ValueError", False, ITEM)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("wrong"), [("ValueError", False, ITEM)]),
        (falcon.HTTPServiceUnavailable(), [("HTTPServiceUnavailable", True, ITEM)]),
        (falcon.HTTPStatus(503), [("HTTPStatus", True, ITEM)]),
        (falcon.HTTPNotFound(), []),
        (falcon.WebSocketDisconnected(), []),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
@pytest.mark.parametrize("is_open", [False, True], ids=["before", "open"])
def test_websockets_that_fail_are_told(asgi, on, events, error, expected, is_open):
    on([LoggingIntegration()])

    async def responder(req, ws, number):
        if is_open:
            await ws.accept()
        raise error

    asgi.add(ITEM, on_websocket=responder)

    async def visit():
        async with falcon.testing.ASGIConductor(asgi.app) as conductor:
            try:
                async with conductor.simulate_ws("/item/7"):
                    await asyncio.sleep(0)
            except falcon.WebSocketDisconnected:
                pass

    asyncio.run(visit())
    assert told(events) == expected


@pytest.mark.parametrize("name", ["process_startup", "process_shutdown"])
def test_middlewares_that_fail_at_startup_and_shutdown_are_told(asgi, on, events, name):
    on()
    asgi.add_middleware(name)
    sent = []

    async def run():
        asked = iter(({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}))

        async def receive():
            return next(asked)

        async def send(message):
            sent.append(message["type"])

        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        await asgi.app(scope, receive, send)

    asyncio.run(run())
    assert sent[-1] == f"lifespan.{name.removeprefix('process_')}.failed"
    assert told(events) == [("ValueError", False, None)]
