"""What is special to Quart; what all frameworks have in common is seen on real servers, in tests/web."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from types import SimpleNamespace

import pytest
import quart
from quart.testing.app import LifespanError
from uvicorn import Config

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.asgi import SentryAsgiMiddleware
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.quart import QuartIntegration


@pytest.fixture
def app():
    logging.getLogger("shop").addHandler(logging.NullHandler())
    made = quart.Quart("shop")
    made.secret_key = "for tests"
    yield made
    logging.getLogger("shop").handlers.clear()


@pytest.fixture
def on(init):
    """`on(**settings)`: a client with the integration, and those that might tell the same again."""

    def start(options=None, **settings):
        others = [DedupeIntegration(), LoggingIntegration()]
        return init(integrations=[QuartIntegration(**settings), *others], **(options or {}))

    return start


def told(events):
    """`[(type of the exception, handled, transaction)]` of each event."""
    found = []
    for event in events:
        error = event["exception"]["values"][-1]
        assert error["mechanism"]["type"] == "quart"
        found.append((error["type"], error["mechanism"]["handled"], event.get("transaction")))
    return found


async def failing(*_, **__):
    raise ValueError("wrong")


def get(app, *paths, **how):
    """The answers, one after the other; an error that the server would get is left to it."""

    async def ask():
        client = app.test_client()
        answers = []
        for path in paths:
            try:
                answers.append(await client.get(path, **how))
            except Exception:  # newer versions let out groups
                answers.append(None)
        return answers

    return asyncio.run(ask())


# -- names


@pytest.mark.parametrize(
    ("style", "names", "source"),
    [
        pytest.param("endpoint", ["view", "shop.cart.item"], "component", id="endpoint"),
        pytest.param("url", ["/view/<who>", "/s/c/item/<int:number>"], "route", id="url"),
    ],
)
def test_a_request_is_named_by_the_endpoint_or_the_rule_of_its_view(on, app, events, style, names, source):
    on(transaction_style=style)
    shop, cart = quart.Blueprint("shop", "s", url_prefix="/s"), quart.Blueprint("cart", "c", url_prefix="/c")
    cart.add_url_rule("/item/<int:number>", "item", failing)
    shop.register_blueprint(cart)
    app.register_blueprint(shop)
    app.add_url_rule("/view/<who>", "view", failing)
    get(app, "/view/ann", "/s/c/item/5")
    assert [event["transaction"] for event in events] == names
    assert {event["transaction_info"]["source"] for event in events} == {source}


# -- what is told


def add_views(app):
    @app.before_request
    async def before():
        if quart.request.path == "/before":
            await failing()

    @app.after_request
    def after(response):
        if quart.request.path == "/after" and response.status_code == 200:
            raise ValueError("wrong")
        return response

    @app.teardown_request
    async def teardown(error):
        if quart.request.path == "/teardown":
            await failing()

    @app.get("/stream")
    async def stream():
        @quart.stream_with_context
        async def chunks():
            yield b"one"
            await failing()

        return chunks()

    @app.get("/sync-stream")
    def sync_stream():
        yield b"one"
        raise ValueError("wrong")

    @app.errorhandler(KeyError)
    async def key_error(error):
        raise ValueError("wrong in the handler")

    @app.get("/sync")
    def sync():
        raise ValueError("wrong")

    for path in ("before", "after", "teardown"):
        app.add_url_rule(f"/{path}", path, lambda: "well")
    app.add_url_rule("/view", "view", failing)
    app.add_url_rule("/handler", "handler", lambda: {}["missing"])


PATHS = ("view", "sync", "before", "after", "stream", "sync_stream", "handler")


@pytest.mark.parametrize(
    ("path", "mode"),
    [
        *((path, mode) for path in PATHS for mode in ("plain", "testing", "debug")),
        ("teardown", "plain"),  # in the other modes Quart makes a page of it and says so to nobody
    ],
)
def test_what_nobody_handles_is_told_once_as_unhandled_in_each_mode(on, app, events, path, mode):
    on()
    app.testing, app.debug = mode == "testing", mode == "debug"
    add_views(app)
    get(app, f"/{path.replace('_', '-')}")
    assert told(events) == [("ValueError", False, path)]


def test_a_page_for_what_nobody_handles_does_not_make_it_handled(on, app, events):
    on()
    app.register_error_handler(500, lambda error: ("sorry", 500))
    app.add_url_rule("/", "view", failing)
    assert get(app, "/")[0].status_code == 500
    assert told(events) == [("ValueError", False, "view")]


@pytest.mark.parametrize(("status", "expected"), [(409, []), (502, [("ValueError", True, "view")])], ids=str)
@pytest.mark.parametrize("kind", [ValueError, Exception], ids=lambda kind: kind.__name__)
def test_what_a_handler_answers_is_told_by_the_status(on, app, events, kind, status, expected):
    on()
    app.register_error_handler(kind, lambda error: ("sorry", status))
    app.add_url_rule("/", "view", failing)
    assert get(app, "/")[0].status_code == status
    assert told(events) == expected


@pytest.mark.parametrize(
    ("status", "expected"), [(404, []), (503, [("ServiceUnavailable", True, "view")])], ids=str
)
def test_abort_is_told_by_the_status(on, app, events, status, expected):
    on()
    app.add_url_rule("/", "view", lambda: quart.abort(status))
    assert get(app, "/")[0].status_code == status
    assert told(events) == expected


def test_redirects_of_the_routing_are_no_errors(on, app, events):
    on(failed_request_status_codes=range(400, 600))
    app.add_url_rule("/folder/", "folder", lambda: "well")
    assert get(app, "/folder")[0].status_code == 308
    assert list(events) == []


def test_a_websocket_that_fails_is_told_by_its_name(on, app, events):
    on()

    @app.websocket("/socket/<who>")
    async def socket(who):
        await quart.websocket.accept()
        await quart.websocket.receive()
        sentry_like.set_tag("who", who)
        await failing()

    async def talk():
        async with app.test_client().websocket("/socket/ann") as connection:
            await connection.send("hello")
            while not list(events):  # to leave is to hang up
                await asyncio.sleep(0.01)

    with contextlib.suppress(Exception):  # up to 0.22 the test client raises when the server closes
        asyncio.run(talk())
    assert told(events) == [("ValueError", False, "socket")]
    assert events[0]["tags"] == {"who": "ann"}


@pytest.mark.parametrize("kind", ["async", "sync"])
def test_a_task_in_the_background_that_fails_is_told_and_sets_nothing_for_its_request(on, app, events, kind):
    on()
    tags = []

    async def work():
        sentry_like.set_tag("work", "done")
        await failing()

    def sync_work():
        sentry_like.set_tag("work", "done")
        raise ValueError("wrong")

    @app.get("/")
    async def view():
        sentry_like.set_tag("who", "ann")
        app.add_background_task({"async": work, "sync": sync_work}[kind])
        await asyncio.sleep(0.05)
        tags.append(dict(Hub.current.scope.tags))
        return "well"

    get(app, "/")
    assert [event["tags"] for event in events] == [{"who": "ann", "work": "done"}]
    assert [one[:2] for one in told(events)] == [("ValueError", False)]
    assert tags == [{"who": "ann"}]


@pytest.mark.parametrize("moment", ["before_serving", "after_serving"])
def test_what_fails_as_the_application_starts_or_ends_is_told_once(on, app, events, moment):
    on()
    getattr(app, moment)(failing)

    async def run():
        async with app.test_app():
            pass

    with pytest.raises(LifespanError):
        asyncio.run(run())
    assert [one[:2] for one in told(events)] == [("ValueError", False)]


def test_a_client_that_hangs_up_is_no_error(on, app, events):
    on()

    @app.get("/")
    async def view():
        await asyncio.sleep(5)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"shop.example")],
    }

    async def receive():
        return {"type": "http.disconnect"}

    async def send(message):
        raise AssertionError(message)

    asyncio.run(app(scope, receive, send))
    assert list(events) == []


# -- one request, however it is served


@pytest.mark.parametrize(
    "lay",
    [
        pytest.param(lambda app: app, id="the application"),
        pytest.param(lambda app: app.asgi_app, id="its asgi_app"),
        pytest.param(lambda app: SentryAsgiMiddleware(app), id="our middleware"),
    ],
)
def test_a_request_is_one_unit_whoever_hands_it_on(on, app, events, lay):
    on()
    app.add_url_rule("/", "view", failing)
    served = SimpleNamespace(inner=lay(app))
    client = app.test_client()
    client.app = ServedInstead(app, served.inner)
    asyncio.run(client.get("/"))
    assert told(events) == [("ValueError", False, "view")]


class ServedInstead:
    """The application for its test client, that calls what is served in its place."""

    def __init__(self, app, served):
        self._app, self._served = app, served

    def __getattr__(self, name):
        return getattr(self._app, name)

    async def __call__(self, *channels):
        return await self._served(*channels)


def test_what_is_set_in_a_thread_is_true_for_its_request(on, app, events):
    on()

    @app.before_request
    def before():
        sentry_like.set_tag("before", "yes")

    @app.get("/<who>")
    def view(who):
        sentry_like.set_tag("who", who)

        def chunks():
            yield "one"

        return chunks()

    @app.after_request
    async def after(response):
        sentry_like.capture_message("after")
        return response

    get(app, "/ann", "/bob")
    assert [event["tags"] for event in events] == [
        {"before": "yes", "who": "ann"},
        {"before": "yes", "who": "bob"},
    ]
    assert Hub.main.scope.tags == {}


def test_uvicorn_takes_it_for_an_application_and_not_for_a_factory(on, app):
    on()
    config = Config(app, log_config=None)
    config.load()
    assert config.interface == "asgi3"


# -- body and user


def test_of_a_form_its_fields_are_told_and_its_files_by_name(on, app, events):
    on()

    @app.post("/")
    async def view():
        await quart.request.files
        await failing()

    async def post():
        from quart.datastructures import FileStorage

        photo = FileStorage(filename="me.png", name="photo", content_type="image/png")
        await app.test_client().post("/", form={"name": "ann", "password": "x"}, files={"photo": photo})

    asyncio.run(post())
    assert events[0]["request"]["data"] == {"name": "ann", "password": "[Filtered]", "photo": ""}


@pytest.mark.parametrize(("personal", "expected"), [(True, {"id": "7"}), (False, None)], ids=str)
def test_who_quart_auth_has_read_from_the_cookie_is_told(on, app, events, personal, expected):
    on(options={"send_default_pii": personal})

    @app.get("/")
    async def view():
        quart.g._quart_auth_user = SimpleNamespace(auth_id="7")
        await failing()

    get(app, "/")
    user = events[0].get("user")
    assert (user and {"id": user["id"]}) == expected
