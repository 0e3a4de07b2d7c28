"""What is special to Flask; what all frameworks have in common is seen on real servers, in tests/web."""

from __future__ import annotations

import importlib
import io
import logging
import sys
import types

import flask
import flask_login
import pytest
from flask.views import MethodView, View
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.base import DidNotEnable
from sentry_like.integrations.dedupe import DedupeIntegration
from sentry_like.integrations.flask import FlaskIntegration
from sentry_like.integrations.logging import LoggingIntegration
from sentry_like.integrations.wsgi import SentryWsgiMiddleware


@pytest.fixture
def app():
    made = flask.Flask("shop")
    made.secret_key = "for tests"
    return made


@pytest.fixture
def on(init):
    """`on(**settings)`: a client with the integration."""

    def start(others=(), options=None, **settings):
        mine = [FlaskIntegration(**settings), DedupeIntegration()]
        return init(integrations=[*mine, *others], **(options or {}))

    return start


def told(events):
    """`[(type of the exception, handled, transaction)]` of each event."""
    found = []
    for event in events:
        error = event["exception"]["values"][-1]
        found.append((error["type"], error["mechanism"]["handled"], event.get("transaction")))
    return found


def failing(*_, **__):
    raise ValueError("wrong")


# -- names


def blueprint(name, **options):
    made = flask.Blueprint(name, name, **options)
    made.add_url_rule("/item/<int:number>", "item", failing)
    return made


class Plain(View):
    def dispatch_request(self, number):
        failing()


class Methods(MethodView):
    def get(self, number):
        failing()


@pytest.mark.parametrize(
    ("style", "names", "source"),
    [
        pytest.param(
            "endpoint", ["plain", "methods", "shop.item", "shop.cart.item"], "component", id="endpoint"
        ),
        pytest.param(
            "url",
            [
                "/plain/<int:number>",
                "/methods/<int:number>",
                "/s/item/<int:number>",
                "/s/c/item/<int:number>",
            ],
            "route",
            id="url",
        ),
    ],
)
def test_a_request_is_named_by_the_endpoint_or_the_rule_of_its_view(on, app, events, style, names, source):
    on(transaction_style=style)
    shop = blueprint("shop", url_prefix="/s")
    shop.register_blueprint(blueprint("cart", url_prefix="/c"))
    app.register_blueprint(shop)
    app.add_url_rule("/plain/<int:number>", view_func=Plain.as_view("plain"))
    app.add_url_rule("/methods/<int:number>", view_func=Methods.as_view("methods"))
    for path in ("/plain/1", "/methods/1", "/s/item/1", "/s/c/item/1"):
        app.test_client().get(path)
    assert [event["transaction"] for event in events] == names
    assert {event["transaction_info"]["source"] for event in events} == {source}


def test_a_request_that_no_rule_matches_is_named_by_its_path(on, app, events):
    on(failed_request_status_codes=[404])
    app.test_client().get("/nowhere/5")
    assert events[0]["transaction"] == "/nowhere/5"
    assert events[0]["transaction_info"] == {"source": "url"}


# -- what is told


def add_views(app):
    @app.before_request
    def before():
        if flask.request.path == "/before":
            failing()

    @app.after_request
    def after(response):
        if flask.request.path == "/after" and response.status_code == 200:
            failing()
        return response

    @app.teardown_request
    def teardown(error):
        if flask.request.path == "/teardown":
            failing()

    @app.get("/stream")
    def stream():
        def chunks():
            yield flask.request.path
            failing()

        return flask.Response(flask.stream_with_context(chunks()))

    @app.errorhandler(KeyError)
    def key_error(error):
        raise ValueError("wrong in the handler")

    for path in ("before", "after", "teardown"):
        app.add_url_rule(f"/{path}", path, lambda: "well")
    app.add_url_rule("/view", "view", failing)
    app.add_url_rule("/handler", "handler", lambda: {}["missing"])


@pytest.mark.parametrize("path", ["view", "before", "after", "teardown", "stream", "handler"])
@pytest.mark.parametrize("mode", ["plain", "testing", "debug"])
def test_what_nobody_handles_is_told_once_as_unhandled_in_each_mode(on, app, events, path, mode):
    on([LoggingIntegration()])
    app.testing, app.debug = mode == "testing", mode == "debug"
    add_views(app)
    try:
        app.test_client().get(f"/{path}").get_data()
    except ValueError:
        pass
    assert [(one[0], one[2]) for one in told(events)] == [("ValueError", path)]
    assert told(events)[0][1] is False
    assert events[0]["exception"]["values"][-1]["mechanism"]["type"] == "flask"


def test_a_page_for_what_nobody_handles_does_not_make_it_handled(on, app, events):
    on([LoggingIntegration()])
    seen = []
    app.register_error_handler(500, lambda error: (seen.append(error.original_exception), ("sorry", 500))[1])
    app.add_url_rule("/", "view", failing)
    assert app.test_client().get("/").get_data() == b"sorry"
    assert told(events) == [("ValueError", False, "view")]
    assert isinstance(seen[0], ValueError)


@pytest.mark.parametrize(
    ("status", "expected"), [(409, []), (502, [("ValueError", True, "shop.view")])], ids=str
)
@pytest.mark.parametrize("kind", [ValueError, Exception], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("place", ["app", "blueprint"])
def test_what_a_handler_answers_is_told_by_the_status(on, app, events, place, kind, status, expected):
    on([LoggingIntegration()])
    shop = flask.Blueprint("shop", "shop")
    shop.add_url_rule("/", "view", failing)
    {"app": app, "blueprint": shop}[place].register_error_handler(kind, lambda error: ("sorry", status))
    app.register_blueprint(shop)
    assert app.test_client().get("/").status_code == status
    assert told(events) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(lambda: 404, [], id="404"),
        pytest.param(lambda: 503, [("ServiceUnavailable", True, "view")], id="503"),
        pytest.param(lambda: flask.Response("no", 409), [], id="response 409"),
        pytest.param(lambda: flask.Response("no", 502), [("HTTPException", True, "view")], id="response 502"),
    ],
)
def test_abort_is_told_by_the_status(on, app, events, given, expected):
    on([LoggingIntegration()])
    app.add_url_rule("/", "view", lambda: flask.abort(given()))
    app.test_client().get("/")
    assert told(events) == expected


def test_redirects_of_the_routing_are_no_errors(on, app, events):
    on(failed_request_status_codes=range(400, 600))
    app.add_url_rule("/folder/", "folder", lambda: "well")
    assert app.test_client().get("/folder").status_code == 308
    assert list(events) == []


def test_an_error_that_is_logged_and_raised_on_is_told_once(on, app, events):
    on([LoggingIntegration()])

    @app.get("/")
    def view():
        try:
            failing()
        except ValueError:
            app.logger.exception("it went wrong")
            raise

    app.test_client().get("/")
    assert len(events) == 1


def test_an_extension_that_answers_errors_itself_tells_by_the_signal(on, app, events):
    on()

    def answer(error):
        flask.got_request_exception.send(app, exception=error)
        return "sorry", getattr(error, "code", 500)

    app.handle_user_exception = answer
    app.add_url_rule("/", "view", failing)
    app.add_url_rule("/gone", "gone", lambda: flask.abort(410))
    app.add_url_rule("/busy", "busy", lambda: flask.abort(503))
    for path in ("/", "/gone", "/busy"):
        app.test_client().get(path)
    assert told(events) == [("ValueError", False, "view"), ("ServiceUnavailable", True, "busy")]


def test_without_blinker_it_is_told_as_well(monkeypatch, init, app, events):
    dummy = types.SimpleNamespace(send=lambda *_, **__: None)
    monkeypatch.setattr("sentry_like.integrations.flask.got_request_exception", dummy)
    init(integrations=[FlaskIntegration()])
    app.add_url_rule("/", "view", failing)
    app.test_client().get("/")
    assert told(events) == [("ValueError", False, "view")]


# -- one request, however it is served


def through(served):
    """The answer of whatever is served, called as by a server."""
    return Client(served).get("/shop/view", headers={"X-Forwarded-Host": "shop.example"})


def mounted(app):
    outer = flask.Flask("outer")
    outer.wsgi_app = DispatcherMiddleware(outer.wsgi_app, {"/shop": app})
    app.add_url_rule("/view", endpoint="view")
    return outer


@pytest.mark.parametrize(
    "lay",
    [
        pytest.param(lambda app: app, id="the application"),
        pytest.param(lambda app: app.wsgi_app, id="its wsgi_app"),
        pytest.param(lambda app: SentryWsgiMiddleware(app), id="our middleware"),
        pytest.param(lambda app: SentryWsgiMiddleware(app.wsgi_app), id="our middleware over wsgi_app"),
        pytest.param(lambda app: mounted(app), id="mounted in another application"),
    ],
)
def test_a_request_is_one_unit_whoever_hands_it_on(on, app, events, lay):
    on()
    app.add_url_rule("/shop/view", "view", failing)
    through(lay(app))
    assert told(events) == [("ValueError", False, "view")]
    assert events[0]["exception"]["values"][0]["mechanism"]["type"] == "flask"


def test_middlewares_laid_around_wsgi_app_are_within_the_request(on, app, events):
    on()
    inner = app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1)

    def tagging(environ, start_response):
        sentry_like.set_tag("via", "middleware")
        return inner(environ, start_response)

    app.wsgi_app = tagging
    app.add_url_rule("/shop/view", "view", failing)
    through(app)
    assert events[0]["tags"] == {"via": "middleware"}
    assert events[0]["request"]["url"] == "http://shop.example/shop/view"
    assert Hub.current.scope.tags == {}


def test_an_error_of_a_middleware_is_told(on, app, events):
    on()
    app.wsgi_app = failing
    with pytest.raises(ValueError):
        app.test_client().get("/somewhere")
    assert told(events) == [("ValueError", False, "/somewhere")]


# -- asynchronous views


def test_what_an_asynchronous_view_sets_is_true_for_its_request(on, app, events):
    on()

    @app.get("/<who>")
    async def view(who):
        sentry_like.set_tag("who", who)
        failing()

    @app.after_request
    def after(response):
        seen.append(dict(Hub.current.scope.tags))
        return response

    seen = []
    for who in ("ann", "bob"):
        app.test_client().get(f"/{who}")
    assert [event["tags"] for event in events] == [{"who": "ann"}, {"who": "bob"}] == seen
    assert Hub.current is Hub.main
    assert Hub.main.scope.tags == {}


# -- the body


def test_of_a_form_its_fields_are_told_and_its_files_by_name(on, app, events):
    on()

    @app.post("/")
    def view():
        flask.request.files["photo"].read()
        failing()

    data = {"name": ["ann", "bob"], "password": "x", "photo": (io.BytesIO(b"\x89PNG"), "me.png")}
    app.test_client().post("/", data=data)
    assert events[0]["request"]["data"] == {"name": ["ann", "bob"], "password": "[Filtered]", "photo": ""}


# -- the user


class User(flask_login.UserMixin):
    def __init__(self, **fields):
        self.__dict__.update(fields)


class Model(User):
    """As one of SQLAlchemy after a rollback: to ask for an attribute would query the database."""

    def __init__(self, **fields):
        super().__init__(_sa_instance_state=object(), **fields)

    def __getattr__(self, name):
        raise AssertionError(f"queried for {name}")


def logging_in(app, user):
    loads = []
    flask_login.LoginManager(app).user_loader(lambda key: (loads.append(key), user)[1])
    app.add_url_rule("/login", "login", lambda: str(flask_login.login_user(user)))
    app.add_url_rule("/fail", "fail", failing)
    app.add_url_rule("/known", "known", lambda: failing(flask_login.current_user.is_active))
    client = app.test_client()
    client.get("/login")
    return client, loads


ANN = {"id": 7, "email": "ann@example.com", "username": "ann"}
PERSONAL = {"send_default_pii": True}


@pytest.mark.parametrize(
    ("user", "path", "expected"),
    [
        pytest.param(User(**ANN), "/known", {**ANN, "id": "7"}, id="loaded"),
        pytest.param(User(**ANN), "/fail", {"id": "7"}, id="not loaded"),
        pytest.param(Model(**ANN), "/known", {**ANN, "id": "7"}, id="a model"),
        pytest.param(Model(id=7), "/known", {"id": "7"}, id="a model that has expired"),
    ],
)
def test_who_is_logged_in_is_told_as_far_as_it_is_known(on, app, events, user, path, expected):
    on(options=PERSONAL)
    client, loads = logging_in(app, user)
    client.get(path)
    assert {key: value for key, value in events[0]["user"].items() if key != "ip_address"} == expected
    assert len(loads) == (1 if path == "/known" else 0)


def test_who_is_logged_in_is_not_told_without_leave(on, app, events):
    on()
    client, _ = logging_in(app, User(**ANN))
    client.get("/known")
    assert "user" not in events[0]


def test_who_is_not_logged_in_has_no_name(on, app, events):
    on(options=PERSONAL)
    logging_in(app, User(**ANN))
    app.test_client().get("/known")
    assert set(events[0]["user"]) == {"ip_address"}


def test_to_look_at_the_session_leaves_the_answer_as_it_is(on, app, events):
    on(options=PERSONAL)
    app.add_url_rule("/enter", "enter", lambda: flask.session.update(_user_id="7") or "in")
    app.add_url_rule("/fail", "fail", failing)
    client = app.test_client()
    client.get("/enter")
    answer = client.get("/fail")
    assert events[0]["user"]["id"] == "7"
    assert "Vary" not in answer.headers


# -- the rest


def test_in_a_context_without_a_request_being_served_nothing_is_added(on, app, events):
    on(options=PERSONAL)
    with app.test_request_context("/somewhere"):
        sentry_like.capture_message("from a script")
    assert "request" not in events[0]


def test_a_command_that_fails_leaves_its_error_to_the_hook_at_exit(on, app, events):
    on()
    app.cli.command("fail")(failing)
    result = app.test_cli_runner().invoke(args=["fail"])
    assert isinstance(result.exception, ValueError)
    assert list(events) == []


def test_it_is_not_set_up_where_quart_poses_as_flask(monkeypatch):
    import quart

    room = importlib.import_module("sentry_like.integrations.flask")
    monkeypatch.setattr(room, "Flask", quart.Quart)
    with pytest.raises(DidNotEnable, match=r"quart\.app poses as Flask"):
        FlaskIntegration().setup_once()


@pytest.fixture(autouse=True)
def quiet():
    """What Flask logs of errors is not printed."""
    logger = logging.getLogger("shop")
    logger.addHandler(logging.NullHandler())
    yield
    logger.handlers.clear()
    sys.stderr.flush()
