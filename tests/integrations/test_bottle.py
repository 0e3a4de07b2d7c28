"""What is special to Bottle; what all frameworks have in common is seen on real servers, in tests/web."""

from __future__ import annotations

import io

import bottle
import pytest

from sentry_like.integrations.bottle import BottleIntegration
from sentry_like.integrations.wsgi import SentryWsgiMiddleware


@pytest.fixture
def app():
    return bottle.Bottle()


@pytest.fixture
def on(init):
    """`on(**settings)`: a client with the integration."""

    def start(options=None, **settings):
        return init(integrations=[BottleIntegration(**settings)], **(options or {}))

    return start


def told(events):
    """`[(type of the exception, handled, transaction)]` of each event; of a message, its text."""
    found = []
    for event in events:
        if "exception" not in event:
            found.append(event["message"])
            continue
        error = event["exception"]["values"][-1]
        found.append((error["type"], error["mechanism"]["handled"], event["transaction"]))
    return found


def ask(app, path="/", body=None, **more):
    """`(status, body)` of a request, by GET, or by POST with a body."""
    statuses = []
    environ = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "wsgi.errors": io.StringIO(),
        "CONTENT_LENGTH": str(len(body or b"")),
        **more,
    }
    answer = app(environ, lambda status, headers, exc_info=None: statuses.append(status))
    try:
        return int(statuses[-1][:3]), b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()


def failing(**_):
    raise ValueError("wrong")


def raised(error):
    def callback():
        raise error

    return callback


# -- errors


def test_an_http_error_is_judged_by_its_status_with_and_without_the_json_plugin(app, on, events):
    on()
    without = bottle.Bottle()
    without.uninstall("json")
    for made in (app, without):
        made.route("/gone", callback=lambda: bottle.abort(404))
        made.route("/busy", name="busy", callback=lambda: bottle.abort(503))
        assert [ask(made, path)[0] for path in ("/gone", "/busy")] == [404, 503]
    assert told(events) == [("HTTPError", True, "busy")] * 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (raised(bottle.HTTPResponse("no", 503)), ("HTTPResponse", True, "it")),
        (raised(bottle.HTTPError(503, "no")), ("HTTPError", True, "it")),
        (lambda: bottle.HTTPError(503, "no"), ("HTTPError", True, "it")),
        (lambda: bottle.HTTPError(503, "no", ValueError("led to it")), ("ValueError", True, "it")),
        (lambda: bottle.HTTPResponse("no", 503), "GET it answered 503"),
        (lambda: 7, ("TypeError", False, "it")),
        (lambda: iter([7]), ("HTTPError", True, "it")),
    ],
    ids=[
        *("raised response", "raised error", "returned error", "returned error with a cause"),
        *("returned response", "no response", "pieces of no response"),
    ],
)
def test_each_way_to_a_5xx_is_told_once(app, on, events, answer, expected):
    on()
    app.route("/", name="it", callback=answer)
    assert ask(app)[0] in (500, 503)
    assert told(events) == [expected]


def test_a_page_for_500_does_not_make_an_error_handled(app, on, events):
    on()
    app.route("/", name="it", callback=failing)
    app.error(500)(lambda error: f"sorry for {error.exception}")
    assert ask(app) == (500, b"sorry for wrong")
    assert told(events) == [("ValueError", False, "it")]


@pytest.mark.parametrize(("status", "expected"), [(409, []), (502, [("ValueError", True, "it")])])
def test_a_handler_of_500_that_chooses_another_status_has_handled_the_error(
    app, on, events, status, expected
):
    on()
    app.route("/", name="it", callback=failing)

    @app.error(500)
    def choose(error):
        bottle.response.status = status
        return "sorry"

    assert ask(app) == (status, b"sorry")
    assert told(events) == expected


def test_a_handler_that_fails_is_told_after_what_it_was_to_handle(app, on, events):
    on()
    app.route("/", name="it", callback=failing)
    app.error(500)(lambda error: error.nothing)
    assert ask(app)[0] == 500
    assert told(events) == [("ValueError", False, "it"), ("AttributeError", False, "it")]


def test_without_catchall_errors_are_told_and_leave_the_application(on, events):
    on()
    app = bottle.Bottle()
    app.catchall = False
    app.route("/", name="it", callback=failing)
    app.route("/pieces", name="pieces", callback=lambda: (failing() for _ in "1"))
    for path in ("/", "/pieces"):
        with pytest.raises(ValueError, match="wrong"):
            ask(app, path)
    assert told(events) == [("ValueError", False, "it"), ("ValueError", False, "pieces")]


@pytest.mark.parametrize("hook", ["before_request", "after_request"])
def test_hooks_that_raise_are_told(app, on, events, hook):
    on()
    app.route("/", name="it", callback=lambda: "well")
    app.add_hook(hook, failing)
    assert ask(app)[0] == 500
    assert [one[:2] for one in told(events)] == [("ValueError", False)]


def test_a_plugin_that_raises_is_told(app, on, events):
    on()
    app.install(lambda callback: lambda: failing())
    app.route("/", name="it", callback=lambda: "well")
    assert ask(app)[0] == 500
    assert told(events) == [("ValueError", False, "it")]


def test_an_answer_that_fails_at_its_first_step_becomes_a_500_and_later_breaks_off(app, on, events):
    on()

    def pieces(number):
        yield from ["piece"] * number
        failing()

    app.route("/<number:int>", name="it", callback=pieces)
    assert ask(app, "/0")[0] == 500
    with pytest.raises(ValueError, match="wrong"):
        ask(app, "/1")
    assert told(events) == [("ValueError", False, "it")] * 2


# -- routes


def test_a_callback_that_closes_over_no_function_does_not_stop_the_request(app, on, events):
    on()
    greeting = "wrong"

    def callback():
        raise ValueError(greeting)

    app.route("/", callback=callback)
    assert ask(app)[0] == 500
    (event,) = events
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert any("GET /" in str(frame["vars"].get("route")) for frame in frames)


def decorated(callback):
    def decoration(*args, **kwargs):
        return callback(*args, **kwargs)

    return decoration


class Methods:
    def callback(self):
        """A method."""


@pytest.mark.parametrize(
    ("callback", "found"),
    [(failing, failing), (decorated(failing), failing), (Methods().callback, Methods.callback)],
    ids=["function", "decorated", "method"],
)
def test_what_bottle_finds_within_decorators_stays(app, on, callback, found):
    on()
    app.route("/", callback=callback)
    assert app.routes[0].get_undecorated_callback() is found


class Cart:
    def __call__(self, number):
        failing()


@pytest.mark.parametrize(
    ("style", "names", "source"),
    [
        pytest.param(
            "endpoint", [f"{__name__}.failing", f"{__name__}.Cart", "named"], "component", id="name"
        ),
        pytest.param("url", ["/plain", "/cart/<number:int>", "/named"], "route", id="rule"),
    ],
)
def test_a_request_is_named_by_its_callback_or_its_rule(app, on, events, style, names, source):
    on(transaction_style=style)
    app.route("/plain", callback=failing)
    app.route("/cart/<number:int>", callback=Cart())
    app.route("/named", name="named", callback=failing)
    for path in ("/plain", "/cart/7", "/named"):
        ask(app, path)
    assert [event["transaction"] for event in events] == names
    assert {event["transaction_info"]["source"] for event in events} == {source}


def test_what_is_mounted_is_named_by_the_innermost_route(app, on, events):
    on(transaction_style="url")
    inner = bottle.Bottle()
    inner.route("/item/<number:int>", callback=failing)
    app.mount("/shop/", inner)
    app.mount("/old", lambda environ, start_response: failing())
    for path in ("/shop/item/7", "/old/thing"):
        assert ask(app, path)[0] == 500
    assert [event["transaction"] for event in events] == ["/shop/item/<number:int>", "/old/<:re:.*>"]
    assert [one[:2] for one in told(events)] == [("ValueError", False)] * 2


def test_a_middleware_around_it_tells_nothing_twice(app, on, events):
    on()
    app.route("/", name="it", callback=failing)
    assert ask(SentryWsgiMiddleware(app))[0] == 500
    assert told(events) == [("ValueError", False, "it")]


# -- bodies


PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xc3\xa4nn\r\n'
    b'--x\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n'
    b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\nPNG\r\n--x--\r\n'
)


def test_a_form_in_parts_is_shown_if_the_application_has_parsed_it(app, on, events):
    on()

    @app.post("/")
    def post():
        assert bottle.request.files.picture.filename == "a.png"
        failing()

    app.route("/unread", "POST", callback=failing)
    ask(app, "/", PARTS, CONTENT_TYPE="multipart/form-data; boundary=x")
    ask(app, "/unread", PARTS, CONTENT_TYPE="multipart/form-data; boundary=x")
    parsed, unread = events
    assert parsed["request"]["data"] == {"name": "änn", "password": "[Filtered]", "picture": ""}
    assert "data" not in unread["request"]


def test_json_that_was_taken_for_a_form_is_shown_as_json(app, on, events):
    on()

    @app.post("/")
    def post():
        dict(bottle.request.forms)
        failing()

    ask(app, "/", b'{"a": 1}', CONTENT_TYPE="application/json")
    assert events[0]["request"]["data"] == {"a": 1}
