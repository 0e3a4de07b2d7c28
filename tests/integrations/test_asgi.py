"""Any ASGI application behind the middleware: messages pass as they are and when they are asked for, errors
are told and raised on as they are, and nothing of a request outlives it.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import gc
import json
import traceback
import weakref
from inspect import iscoroutinefunction

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.asgi import SentryAsgiMiddleware

START = {"type": "http.response.start", "status": 200, "headers": []}
END = {"type": "http.response.body", "body": b"ok"}


def scope_of(path="/shop", kind="http", **more):
    headers = [(b"host", b"shop.example"), (b"content-type", b"application/json")]
    scope = {"type": kind, "path": path, "headers": headers, "query_string": b"", "scheme": "http"}
    if kind == "http":
        scope["method"] = "POST"
    return scope | more


class Client:
    """A server's channels: what it has to give, and what it was sent."""

    def __init__(self, *messages):
        self.messages = list(messages)
        self.asked = 0
        self.sent = []

    async def receive(self):
        self.asked += 1
        return self.messages.pop(0)

    async def send(self, message):
        self.sent.append(message)


def body_of(*chunks):
    more = [True] * (len(chunks) - 1) + [False]
    return [
        {"type": "http.request", "body": chunk, "more_body": is_more}
        for chunk, is_more in zip(chunks, more, strict=True)
    ]


def serve(app, scope=None, client=None, **options):
    scope, client = scope or scope_of(), client or Client(*body_of(b""))
    asyncio.run(SentryAsgiMiddleware(app, **options)(scope, client.receive, client.send))
    return client


def work_now():
    return Hub.current.scope.work


def error_of(event):
    return event["exception"]["values"][-1]


async def raising(scope, receive, send):
    raise ValueError("unhandled")


async def answering(scope, receive, send):
    await send(START)
    await send(END)


async def reading(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    raise ValueError("after the body")


# -- messages are the application's and the server's


def test_messages_pass_as_the_same_objects_in_their_order(init):
    init()
    given = body_of(b"one", b"two")
    seen = []

    async def app(scope, receive, send):
        seen.extend([await receive(), await receive()])
        await answering(scope, receive, send)

    client = serve(app, client=Client(*given))
    assert [id(message) for message in seen] == [id(message) for message in given]
    assert [id(message) for message in client.sent] == [id(START), id(END)]


def test_nothing_is_received_before_the_application_asks(init, events):
    init()
    client = Client(*body_of(b'{"name": "ann"}'))
    with pytest.raises(ValueError):
        serve(raising, client=client)
    assert client.asked == 0
    assert "data" not in events[0]["request"]


def test_of_a_streamed_body_only_what_the_application_asked_for_is_received(init):
    init()
    client = Client(*body_of(b"one", b"two", b"three"))
    asked = []

    async def app(scope, receive, send):
        await receive()
        asked.append(client.asked)
        await answering(scope, receive, send)

    serve(app, client=client)
    assert asked == [1]
    assert client.asked == 1


def test_the_scope_is_the_same_object(init):
    init()
    seen = []

    async def app(scope, receive, send):
        seen.append(scope)
        await answering(scope, receive, send)

    scope = scope_of()
    before = dict(scope)
    serve(app, scope)
    assert seen[0] is scope
    assert scope == before


def test_without_a_client_everything_is_the_application_s():
    seen = []

    async def app(*given):
        seen.extend(given)

    scope, client = scope_of(), Client()
    receive, send = client.receive, client.send
    asyncio.run(SentryAsgiMiddleware(app)(scope, receive, send))
    assert [one is other for one, other in zip(seen, (scope, receive, send), strict=True)] == [True] * 3


def test_the_result_is_the_application_s(init):
    init()

    async def app(scope, receive, send):
        return "result"

    client = Client()
    middleware = SentryAsgiMiddleware(app)
    assert asyncio.run(middleware(scope_of(), client.receive, client.send)) == "result"


# -- ASGI 2 and 3


class Callable3:
    async def __call__(self, scope, receive, send):
        raise ValueError("unhandled")


class Plain3:
    """An application whose function only hands a coroutine on."""

    def __call__(self, scope, receive, send):
        return raising(scope, receive, send)


class Class2:
    """An application of ASGI 2: instantiated for each scope."""

    def __init__(self, scope):
        self.scope = scope

    async def __call__(self, receive, send):
        raise ValueError("unhandled")


def function2(scope):
    async def instance(receive, send):
        raise ValueError("unhandled")

    return instance


SINGLE = {
    "function": raising,
    "instance": Callable3(),
    "hands a coroutine on": Plain3(),
    "partial": functools.partial(raising),
    "bound method": Callable3().__call__,
    "middleware": SentryAsgiMiddleware(raising),
}
DOUBLE = {"class": Class2, "function": function2, "partial": functools.partial(function2)}


@pytest.mark.parametrize("app", SINGLE.values(), ids=SINGLE)
def test_around_asgi_3_it_is_asgi_3(init, events, app):
    init()
    middleware = SentryAsgiMiddleware(app)
    assert iscoroutinefunction(middleware.__call__)  # so servers tell
    with pytest.raises(ValueError):
        asyncio.run(middleware(scope_of(), Client().receive, Client().send))
    assert len(events) == 1


@pytest.mark.parametrize("app", DOUBLE.values(), ids=DOUBLE)
def test_around_asgi_2_it_is_asgi_2(init, events, app):
    init()
    middleware = SentryAsgiMiddleware(app)
    assert isinstance(middleware, SentryAsgiMiddleware)
    assert not iscoroutinefunction(middleware.__call__)
    with pytest.raises(ValueError):
        asyncio.run(middleware(scope_of())(Client().receive, Client().send))
    assert [event["request"]["url"] for event in events] == ["http://shop.example/shop"]


def test_it_may_be_copied(init, events):
    init()
    middleware = copy.copy(SentryAsgiMiddleware(raising))
    with pytest.raises(ValueError):
        asyncio.run(middleware(scope_of(), Client().receive, Client().send))
    assert len(events) == 1


# -- errors


def test_an_error_is_told_once_and_raised_on(init, events):
    init()
    with pytest.raises(ValueError, match="unhandled"):
        serve(raising)
    (event,) = events
    assert error_of(event)["mechanism"] == {"type": "asgi", "handled": False}
    assert event["request"]["url"] == "http://shop.example/shop"
    assert event["transaction"] == "/shop"


def test_the_mechanism_may_have_another_name(init, events):
    init()
    with pytest.raises(ValueError):
        serve(raising, mechanism_type="channels")
    assert error_of(events[0])["mechanism"]["type"] == "channels"


def test_a_chain_of_exceptions_is_raised_on_whole(init, events):
    """Clients that raise `from None` take the causes away (FEATURES 7.1, item 6)."""
    init()

    async def app(scope, receive, send):
        try:
            try:
                raise KeyError("first")
            except KeyError:
                raise ValueError("second")
        except ValueError as error:
            raise RuntimeError("third") from error

    with pytest.raises(RuntimeError) as caught:
        serve(app)
    error = caught.value
    assert isinstance(error.__cause__, ValueError)
    assert isinstance(error.__cause__.__context__, KeyError)
    assert error.__suppress_context__ is True  # by the `from` of the application
    assert error.__cause__.__suppress_context__ is False
    printed = "".join(traceback.format_exception(error))
    assert all(word in printed for word in ("first", "second", "third", "direct cause", "another exception"))
    assert [value["value"] for value in events[0]["exception"]["values"]] == ["'first'", "second", "third"]


def test_the_context_in_which_an_error_is_raised_on_is_not_changed(init):
    init()

    with pytest.raises(ValueError) as caught:
        serve(raising)
    error = caught.value
    assert (error.__cause__, error.__context__, error.__suppress_context__) == (None, None, False)


def test_an_error_amid_the_answer_is_told_once(init, events):
    init()

    async def app(scope, receive, send):
        await send(START)
        await send({**END, "more_body": True})
        raise ValueError("mid-body")

    with pytest.raises(ValueError):
        serve(app)
    assert [error_of(event)["value"] for event in events] == ["mid-body"]


def test_a_cancelled_request_is_no_error(init, events):
    init()

    async def app(scope, receive, send):
        await asyncio.sleep(60)

    async def main():
        client = Client()
        task = asyncio.ensure_future(SentryAsgiMiddleware(app)(scope_of(), client.receive, client.send))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not len(events)


class ClientDisconnect(Exception):
    """As frameworks call it."""


@pytest.mark.parametrize(
    "error", [ClientDisconnect("gone"), ConnectionResetError("gone")], ids=["class", "send"]
)
def test_a_client_that_is_gone_is_no_error(init, events, error):
    init()

    class Gone(Client):
        async def send(self, message):
            raise error

    with pytest.raises(type(error)):
        serve(answering, client=Gone())
    assert not len(events)


def test_a_connection_of_the_application_s_own_that_breaks_is_an_error(init, events):
    init()

    async def app(scope, receive, send):
        raise ConnectionResetError("database")

    with pytest.raises(ConnectionResetError):
        serve(app)
    assert len(events) == 1


def test_what_follows_from_a_client_that_is_gone_is_no_error(init, events):
    init()

    class Gone(Client):
        async def send(self, message):
            raise OSError("gone")

    async def app(scope, receive, send):
        try:
            await send(START)
        except OSError as error:
            raise RuntimeError("cannot answer") from error

    with pytest.raises(RuntimeError):
        serve(app, client=Gone())
    assert not len(events)


@pytest.mark.parametrize(("codes", "count"), [(None, 1), ([], 0), ([404], 0)], ids=["default", "none", "404"])
def test_failed_codes_say_which_answers_are_told(init, events, codes, count):
    init()

    async def app(scope, receive, send):
        await send({**START, "status": 503})
        await send(END)

    serve(app, **({} if codes is None else {"failed_request_status_codes": codes}))
    assert len(events) == count


@pytest.mark.parametrize("style", ["endpint", "handler_name"])
def test_an_unknown_style_is_refused(style):
    with pytest.raises(ValueError, match="transaction_style"):
        SentryAsgiMiddleware(raising, transaction_style=style)


# -- WebSockets and lifespan


def test_errors_of_websockets_are_told(init, events):
    init()

    async def app(scope, receive, send):
        await send({"type": "websocket.accept"})
        raise ValueError("amid the conversation")

    with pytest.raises(ValueError):
        serve(app, scope_of(kind="websocket", scheme="ws"))
    (event,) = events
    assert error_of(event)["value"] == "amid the conversation"
    assert event["request"]["url"] == "ws://shop.example/shop"


@pytest.mark.parametrize("kind", ["startup", "shutdown"])
def test_errors_of_the_lifespan_are_told_and_raised_on(init, events, kind):
    init()

    async def app(scope, receive, send):
        message = await receive()
        if message["type"] == f"lifespan.{kind}":
            raise ValueError(kind)

    with pytest.raises(ValueError, match=kind):
        serve(app, {"type": "lifespan"}, Client({"type": f"lifespan.{kind}"}))
    (event,) = events
    assert error_of(event)["mechanism"] == {"type": "asgi", "handled": False}
    assert "request" not in event


def test_what_the_startup_sets_holds_for_all_requests(init, events):
    init()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            sentry_like.set_tag("region", "eu")
        else:
            raise ValueError("unhandled")

    async def main():
        middleware, client = SentryAsgiMiddleware(app), Client()
        await middleware({"type": "lifespan"}, client.receive, client.send)
        with pytest.raises(ValueError):
            await middleware(scope_of(), client.receive, client.send)

    asyncio.run(main())
    assert events[0]["tags"] == {"region": "eu"}


def test_other_kinds_of_scope_pass(init, events):
    init()
    seen = []

    async def app(scope, receive, send):
        seen.append(scope["type"])

    serve(app, {"type": "something.new"})
    assert seen == ["something.new"]
    assert not len(events)


# -- each request for itself


def test_requests_at_the_same_time_know_nothing_of_each_other(init, events):
    init()

    async def app(scope, receive, send):
        who = scope["path"].strip("/")
        sentry_like.set_tag(who, "yes")
        sentry_like.add_breadcrumb(message=who)
        await asyncio.sleep(0.001)
        raise ValueError(who)

    async def main():
        middleware = SentryAsgiMiddleware(app)
        calls = [middleware(scope_of(f"/who{n}"), None, None) for n in range(100)]
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(main())
    assert len(events) == 100
    for event in events:
        who = error_of(event)["value"]
        assert event["tags"] == {who: "yes"}
        assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [who]
        assert event["transaction"] == f"/{who}"


def test_after_a_request_nothing_of_it_is_current(init, events):
    init()

    async def main():
        outside = Hub.current
        client = Client()
        for app in (answering, raising):
            try:
                await SentryAsgiMiddleware(app)(scope_of(), client.receive, client.send)
            except ValueError:
                pass
            assert Hub.current is outside
            assert work_now() is None

    asyncio.run(main())


def test_a_middleware_within_another_makes_one_unit_and_one_event(init, events):
    init()
    with pytest.raises(ValueError):
        serve(SentryAsgiMiddleware(raising))
    assert len(events) == 1


def test_a_task_that_outlives_its_request_tells_no_more_of_it(init, events):
    init()

    async def main():
        released = asyncio.Event()

        async def later():
            await released.wait()
            sentry_like.capture_message("later")

        async def app(scope, receive, send):
            tasks.append(asyncio.ensure_future(later()))

        tasks = []
        await SentryAsgiMiddleware(app)(scope_of(), None, None)
        released.set()
        await tasks[0]

    asyncio.run(main())
    assert "request" not in events[0]


# -- the body


@pytest.mark.parametrize(
    "chunks", [[b'{"name": "ann"}'], [b'{"name"', b': "a', b'nn"}', b""]], ids=["whole", "chunks"]
)
def test_a_body_is_seen_as_it_passes(init, events, chunks):
    init()
    with pytest.raises(ValueError):
        serve(reading, client=Client(*body_of(*chunks)))
    assert events[0]["request"]["data"] == {"name": "ann"}


def test_chunked_bodies_obey_the_size_class(init, events):
    init(max_request_body_size="small")
    text = json.dumps({"name": "x" * 1000}).encode()
    with pytest.raises(ValueError):
        serve(reading, client=Client(*body_of(text[:500], text[500:])))
    assert events[0]["request"]["data"] == ""
    assert events[0]["_meta"]["request"]["data"][""]["rem"] == [["!config", "x"]]


def test_the_body_of_an_endless_stream_is_not_kept(init):
    init()
    kept = []

    async def app(scope, receive, send):
        while (await receive())["more_body"]:
            kept.append(len(work_now().body.bytes()))

    serve(app, client=Client(*body_of(*[b"x" * 4000] * 100)))
    assert max(kept) <= 10_000


def test_frames_of_websockets_are_no_body(init, events):
    init()

    async def app(scope, receive, send):
        await receive()
        raise ValueError("unhandled")

    with pytest.raises(ValueError):
        serve(app, scope_of(kind="websocket"), Client({"type": "websocket.receive", "text": "secret"}))
    assert "data" not in events[0]["request"]


# -- naming


class Route:
    path = "/shop/{item}"


def endpoint():
    """Of a route."""


@pytest.mark.parametrize(
    ("style", "name", "source"),
    [("endpoint", f"{__name__}.endpoint", "component"), ("url", "/shop/{item}", "route")],
)
def test_a_framework_within_names_the_request_through_the_scope(init, events, style, name, source):
    init()

    async def app(scope, receive, send):
        scope["endpoint"], scope["route"] = endpoint, Route()
        raise ValueError("unhandled")

    with pytest.raises(ValueError):
        serve(app, transaction_style=style)
    assert (events[0]["transaction"], events[0]["transaction_info"]) == (name, {"source": source})


# -- memory


class Held:
    """An object of the application's that a request holds."""


@pytest.mark.parametrize("fails", [False, True], ids=["well", "failing"])
def test_a_request_that_is_over_is_freed_without_the_garbage_collector(init, fails):
    init()
    held = []

    async def app(scope, receive, send):
        held.append(weakref.ref(scope["held"]))
        await receive()
        if fails:
            raise ValueError("unhandled")
        await answering(scope, receive, send)

    async def main():
        client = Client(*body_of(b"{}"))
        try:
            await SentryAsgiMiddleware(app)(scope_of(held=Held()), client.receive, client.send)
        except ValueError:
            pass
        return held[0]() is None

    gc.collect()
    gc.disable()
    try:
        assert asyncio.run(main())
    finally:
        gc.enable()


def test_ten_thousand_requests_leave_nothing_behind(init):
    init()

    async def app(scope, receive, send):
        await receive()
        await answering(scope, receive, send)

    async def main():
        middleware = SentryAsgiMiddleware(app)

        async def visit(times):
            for _ in range(times):
                client = Client(*body_of(b"{}"))
                await middleware(scope_of(), client.receive, client.send)
            gc.collect()
            return len(gc.get_objects())

        before = await visit(10)
        return await visit(10_000) - before

    assert asyncio.run(main()) < 100
