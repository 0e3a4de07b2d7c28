"""Any WSGI application behind the middleware: what it answers stays what it is, errors are told and raised
on, and its request lasts until the answer is closed.
"""

from __future__ import annotations

import gc
import io
import json
import weakref
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.wsgi import SentryWsgiMiddleware


class Input(io.BytesIO):
    """A body that tells how much of it was read."""


def environ_of(path="/shop", body=b"", **more):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "POST" if body else "GET", "wsgi.input": Input(body)}
    if body:
        environ |= {"CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json"}
    environ |= more
    setup_testing_defaults(environ)
    return environ


class Started:
    """`start_response` of a server: keeps how it was called, and what was written."""

    def __init__(self):
        self.calls = []
        self.written = []

    def __call__(self, *args):
        self.calls.append(args)
        return self.written.append


def start(status="200 OK", headers=()):
    """An application's way to begin, for lambdas."""
    return lambda start_response: start_response(status, list(headers))


def drain(response):
    """What a server does with a response, up to its end."""
    try:
        return list(response)
    finally:
        if hasattr(response, "close"):
            response.close()


def serve(app, environ=None, **options):
    return drain(SentryWsgiMiddleware(app, **options)(environ or environ_of(), Started()))


def work_now():
    """The request that is served here now, if there is one."""
    return Hub.current.scope.work


def error_of(event):
    return event["exception"]["values"][-1]


# -- the answer is the application's


def test_lists_stay_the_same_object(init):
    init()
    answer = [b"one", b"two"]
    assert SentryWsgiMiddleware(lambda environ, start: answer)(environ_of(), Started()) is answer


def test_without_a_client_everything_is_the_application_s(init):
    started, seen = Started(), []

    def app(environ, start_response):
        seen.append((environ, start_response))
        return iter([b"one"])

    environ = environ_of()
    before = environ["wsgi.input"]
    list(SentryWsgiMiddleware(app)(environ, started))
    ((given, start_response),) = seen
    assert given is environ
    assert start_response is started
    assert environ["wsgi.input"] is before


class Sized:
    """An answer that knows its length, and more."""

    headers = "its own"

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([b"one", b"two"])


def test_answers_that_know_their_length_still_tell_it(init):
    init()
    response = SentryWsgiMiddleware(lambda environ, start: Sized())(environ_of(), Started())
    assert len(response) == 2
    assert response.headers == "its own"
    assert drain(response) == [b"one", b"two"]


def test_answers_without_a_length_do_not_get_one(init):
    init()
    response = SentryWsgiMiddleware(lambda environ, start: iter([b"one"]))(environ_of(), Started())
    assert not hasattr(response, "__len__")


def test_files_are_left_to_the_server(init):
    init()
    file = FileWrapper(io.BytesIO(b"data"))
    environ = environ_of(**{"wsgi.file_wrapper": FileWrapper})
    assert SentryWsgiMiddleware(lambda environ, start: file)(environ, Started()) is file


class ClassApp:
    """An application that is a class: an instance is the answer (PEP 3333)."""

    def __init__(self, environ, start_response):
        self.start = start_response

    def __iter__(self):
        self.start("200 OK", [])
        yield b"from a class"


class IteratorApp:
    """An application that answers itself as an iterator."""

    def __init__(self, chunks=()):
        self.chunks = list(chunks)

    def __call__(self, environ, start_response):
        start_response("200 OK", [])
        self.chunks = [b"one", b"two"]
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if not self.chunks:
            raise StopIteration
        return self.chunks.pop(0)


@pytest.mark.parametrize(
    ("app", "body"),
    [(ClassApp, [b"from a class"]), (IteratorApp(), [b"one", b"two"])],
    ids=["class", "iterator"],
)
def test_applications_may_be_classes_and_iterators(init, events, app, body):
    init()
    assert serve(app) == body
    assert not len(events)


def test_what_is_written_reaches_the_server(init):
    init()
    started = Started()

    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"written")
        return []

    drain(SentryWsgiMiddleware(app)(environ_of(), started))
    assert started.written == [b"written"]


def test_start_response_may_come_late(init, events):
    init()
    started = Started()

    def app(environ, start_response):
        start_response("503 Busy", [])
        yield b"late"

    response = SentryWsgiMiddleware(app)(environ_of(), started)
    assert started.calls == []
    assert drain(response) == [b"late"]
    assert started.calls == [("503 Busy", [])]
    assert [event["contexts"]["response"]["status_code"] for event in events] == [503]


def test_start_response_may_come_again_with_the_error(init, events):
    init()
    started = Started()

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("changed its mind")
        except ValueError as error:
            info = (type(error), error, error.__traceback__)
            start_response("500 Oops", [], info)
        return [b"sorry"]

    assert drain(SentryWsgiMiddleware(app)(environ_of(), started)) == [b"sorry"]
    assert [len(call) for call in started.calls] == [2, 3]
    (event,) = events
    assert error_of(event)["value"] == "changed its mind"
    assert error_of(event)["mechanism"]["handled"] is True


def test_a_server_that_raises_what_it_is_handed_has_it_told_once(init, events):
    init()

    def refusing(status, headers, exc_info=None):
        if exc_info:
            raise exc_info[1]

    def app(environ, start_response):
        start_response("200 OK", [])
        try:
            raise ValueError("too late")
        except ValueError as error:
            start_response("500 Oops", [], (type(error), error, error.__traceback__))
        return []

    with pytest.raises(ValueError, match="too late"):
        SentryWsgiMiddleware(app)(environ_of(), refusing)
    (event,) = events
    assert error_of(event)["mechanism"]["handled"] is False


# -- errors


def raising(environ, start_response):
    raise ValueError("in the call")


def breaking(environ, start_response):
    start_response("200 OK", [])
    yield b"one"
    raise ValueError("in a step")


class Closing:
    def __iter__(self):
        return iter([b"one"])

    def close(self):
        raise ValueError("in close()")


@pytest.mark.parametrize(
    ("app", "text"),
    [(raising, "in the call"), (breaking, "in a step"), (lambda environ, start: Closing(), "in close()")],
    ids=["call", "step", "close"],
)
def test_errors_are_told_once_and_raised_on(init, events, app, text):
    init()
    with pytest.raises(ValueError, match=text):
        serve(app)
    (event,) = events
    assert error_of(event)["mechanism"] == {"type": "wsgi", "handled": False}
    assert error_of(event)["value"] == text
    assert event["request"]["url"] == "http://127.0.0.1/shop"


def test_causes_stay_as_they_are(init):
    init()
    cause = KeyError("cause")
    error = ValueError("outer")
    error.__cause__ = cause

    def app(environ, start_response):
        raise error

    with pytest.raises(ValueError) as caught:
        serve(app)
    assert caught.value is error
    assert error.__cause__ is cause


@pytest.mark.parametrize(
    ("ending", "count"),
    [(SystemExit(0), 0), (SystemExit(None), 0), (KeyboardInterrupt(), 0), (GeneratorExit(), 0)],
    ids=["exit 0", "exit", "ctrl-c", "generator"],
)
def test_endings_are_no_errors(init, events, ending, count):
    init()

    def app(environ, start_response):
        raise ending

    with pytest.raises(type(ending)):
        serve(app)
    assert len(events) == count


def test_the_end_of_a_response_is_no_error(init, events):
    init()
    assert serve(lambda environ, start: (chunk for chunk in (b"one", b"two"))) == [b"one", b"two"]
    assert not len(events)


def test_a_response_that_the_server_gives_up_is_no_error(init, events):
    init()
    response = SentryWsgiMiddleware(breaking)(environ_of(), Started())
    next(iter(response))
    response.close()
    assert not len(events)


def test_failed_codes_say_which_answers_are_told(init, events):
    init()

    def app(environ, start_response):
        start_response("404 Nothing", [])
        return []

    serve(app, failed_request_status_codes={500})
    assert not len(events)
    serve(app, failed_request_status_codes={404})
    (event,) = events
    assert "exception" not in event
    assert event["contexts"]["response"]["status_code"] == 404


@pytest.mark.parametrize("codes", [500, "500", [None], None], ids=repr)
def test_failed_codes_are_numbers(codes):
    with pytest.raises(TypeError, match="failed_request_status_codes"):
        SentryWsgiMiddleware(raising, failed_request_status_codes=codes)


# -- a request lasts until its answer is closed


def test_the_request_is_current_in_the_call_in_each_step_and_in_close(init):
    init()
    seen = []

    class Watching:
        def __iter__(self):
            seen.append(work_now())
            yield b"one"
            seen.append(work_now())

        def close(self):
            seen.append(work_now())

    def app(environ, start_response):
        seen.append(work_now())
        return Watching()

    serve(app)
    assert len(seen) == 4
    assert seen[0] is not None
    assert all(work is seen[0] for work in seen)


def test_the_request_ends_when_the_response_is_closed(init, events):
    init()
    hubs = []

    def app(environ, start_response):
        hubs.append(Hub.current)
        return iter([b"one"])

    response = SentryWsgiMiddleware(app)(environ_of(), Started())
    list(response)
    hubs[0].capture_message("before close()")
    response.close()
    hubs[0].capture_message("after close()")
    assert ["request" in event for event in events] == [True, False]


def test_between_the_steps_nothing_is_current(init):
    init()
    outside = Hub.current
    response = SentryWsgiMiddleware(breaking)(environ_of(), Started())
    assert Hub.current is outside
    steps = iter(response)
    next(steps)
    assert Hub.current is outside
    assert work_now() is None


@pytest.mark.parametrize(
    "app", [raising, breaking, lambda environ, start: [b"ok"]], ids=["raises", "breaks", "ok"]
)
def test_nothing_is_current_after_a_response_that_nobody_closes(init, app):
    init()
    outside = Hub.current
    try:
        for _ in SentryWsgiMiddleware(app)(environ_of(), Started()):
            pass
    except ValueError:
        pass
    assert Hub.current is outside
    assert work_now() is None


def test_what_is_set_in_one_request_is_not_seen_in_the_next(init, events):
    init()
    sentry_like.add_breadcrumb(message="before all")

    def app(environ, start_response):
        who = environ["PATH_INFO"].strip("/")
        sentry_like.set_tag(who, "yes")
        sentry_like.add_breadcrumb(message=who)
        raise ValueError(who)

    for who in ("ann", "bob"):
        with pytest.raises(ValueError):
            serve(app, environ_of("/" + who))
    told = [
        (event["tags"], [crumb["message"] for crumb in event["breadcrumbs"]["values"]]) for event in events
    ]
    assert told == [({"ann": "yes"}, ["ann"]), ({"bob": "yes"}, ["bob"])]
    sentry_like.capture_message("outside")
    assert "tags" not in events[-1]
    assert "request" not in events[-1]


def test_a_middleware_within_another_makes_one_unit_and_one_event(init, events):
    init()
    with pytest.raises(ValueError):
        serve(SentryWsgiMiddleware(raising))
    assert len(events) == 1


def test_a_request_of_its_own_within_a_request_is_another(init, events):
    init()

    def inner(environ, start_response):
        sentry_like.set_tag("inner", "yes")
        raise ValueError(environ["PATH_INFO"])

    def outer(environ, start_response):
        try:
            serve(inner, environ_of("/inner"))
        except ValueError:
            pass
        raise KeyError("outer")

    with pytest.raises(KeyError):
        serve(outer, environ_of("/outer"))
    assert [event["request"]["url"].rpartition("/")[2] for event in events] == ["inner", "outer"]
    assert [event.get("tags") for event in events] == [{"inner": "yes"}, None]


# -- the body


def reading(read):
    def app(environ, start_response):
        read(environ["wsgi.input"])
        raise ValueError("after the body")

    return app


READS = {
    "read": lambda stream: stream.read(),
    "read in pieces": lambda stream: [stream.read(3) for _ in range(10)],
    "readline": lambda stream: [stream.readline() for _ in range(3)],
    "readline of a size": lambda stream: [stream.readline(4) for _ in range(10)],
    "readlines": lambda stream: stream.readlines(),
    "iteration": list,
    "next": lambda stream: [next(stream), next(stream)],
    "readinto": lambda stream: stream.readinto(bytearray(100)),
    "read1": lambda stream: stream.read1(),
    "read twice": lambda stream: (stream.read(), stream.seek(0), stream.read()),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_body_is_seen_however_it_is_read(init, events, read):
    init()
    with pytest.raises(ValueError):
        serve(reading(read), environ_of(body=b'{"name":\n "ann"}'))
    assert events[0]["request"]["data"] == {"name": "ann"}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_what_is_read_is_what_came(init, read):
    init()
    body = b'{"name":\n "ann"}'
    answers = []

    def app(environ, start_response):
        answers.append(read(environ["wsgi.input"]))
        return [b"ok"]

    serve(app, environ_of(body=body))
    assert answers == [read(io.BytesIO(body))]


def test_an_unread_body_is_not_read(init, events):
    init()
    environ = environ_of(body=b'{"name": "ann"}')
    stream = environ["wsgi.input"]
    with pytest.raises(ValueError):
        serve(raising, environ)
    assert stream.tell() == 0
    assert "data" not in events[0]["request"]


def test_a_chunked_body_obeys_the_size_class(init, events):
    init(max_request_body_size="small")
    body = json.dumps({"name": "x" * 1000}).encode()
    environ = environ_of(body=body, HTTP_TRANSFER_ENCODING="chunked")
    del environ["CONTENT_LENGTH"]
    with pytest.raises(ValueError):
        serve(reading(lambda stream: stream.read()), environ)
    assert events[0]["request"]["data"] == ""
    assert events[0]["_meta"]["request"]["data"][""]["rem"] == [["!config", "x"]]


def test_a_client_that_is_gone_amid_its_body_is_no_error(init, events):
    init()

    class Gone(io.BytesIO):
        def read(self, *args):
            raise ConnectionResetError("gone")

    environ = environ_of(body=b"x", **{"wsgi.input": Gone()})
    with pytest.raises(ConnectionResetError):
        serve(reading(lambda stream: stream.read()), environ)
    assert not len(events)


# -- what is told of the request


def test_behind_a_proxy_the_host_is_the_one_that_was_called(init, events):
    init()
    environ = environ_of(HTTP_X_FORWARDED_HOST="shop.example")
    for trusting in (True, False):
        with pytest.raises(ValueError):
            serve(raising, dict(environ), use_x_forwarded_for=trusting)
    assert [event["request"]["url"] for event in events] == [
        "http://shop.example/shop",
        "http://127.0.0.1/shop",
    ]


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({}, "10.0.0.9"),
        ({"HTTP_X_REAL_IP": "10.0.0.2"}, "10.0.0.2"),
        ({"HTTP_X_FORWARDED_FOR": "10.0.0.1, 10.0.0.3", "HTTP_X_REAL_IP": "10.0.0.2"}, "10.0.0.1"),
    ],
    ids=["connection", "real ip", "forwarded"],
)
def test_with_personal_data_the_address_is_the_client_s(init, events, more, address):
    init(send_default_pii=True)
    with pytest.raises(ValueError):
        serve(raising, environ_of(REMOTE_ADDR="10.0.0.9", **more))
    assert events[0]["user"] == {"ip_address": address}


def test_an_environment_that_makes_no_sense_breaks_nothing(init, events):
    init()
    with pytest.raises(ValueError):
        serve(raising, {"REQUEST_METHOD": None, "CONTENT_LENGTH": "many", "HTTP_X": object()})
    assert error_of(events[0])["value"] == "in the call"


# -- memory


class Held:
    """An object of the application's that a request holds."""


@pytest.mark.parametrize("fails", [False, True], ids=["well", "failing"])
def test_a_request_that_is_over_is_freed_without_the_garbage_collector(init, fails):
    init()
    held = []

    def app(environ, start_response):
        held.append(weakref.ref(environ["held"]))
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        yield b"one"
        if fails:
            raise ValueError("mid-body")

    gc.collect()
    gc.disable()
    try:
        try:
            serve(app, environ_of(body=b"{}", held=Held()))
        except ValueError:
            pass
        assert held[0]() is None
    finally:
        gc.enable()


def test_ten_thousand_requests_leave_nothing_behind(init):
    init()
    app = SentryWsgiMiddleware(
        lambda environ, start_response: (start_response("200 OK", []), iter([b"one"]))[1]
    )
    started = Started()

    def count():
        gc.collect()
        return len(gc.get_objects())

    drain(app(environ_of(), lambda *args: None))
    before = count()
    for _ in range(10_000):
        drain(app(environ_of(), lambda *args: None))
    assert count() - before < 100
    assert started.calls == []
