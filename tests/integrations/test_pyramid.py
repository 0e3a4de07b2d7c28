"""What is special to Pyramid; what all frameworks have in common is seen on real servers, in tests/web."""

from __future__ import annotations

import gc
import io
import warnings
import weakref

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Pyramid itself imports pkg_resources
    from pyramid.config import Configurator
from pyramid.events import ContextFound, NewRequest, NewResponse
from pyramid.httpexceptions import HTTPBadGateway, HTTPNotFound, HTTPServiceUnavailable
from pyramid.request import RequestLocalCache
from pyramid.response import Response
from pyramid.tweens import EXCVIEW

from sentry_like.integrations.pyramid import PyramidIntegration
from sentry_like.integrations.wsgi import SentryWsgiMiddleware

OVER, UNDER = {"over": EXCVIEW}, {"under": EXCVIEW}


@pytest.fixture
def on(init):
    """`on(**settings)`: a client with the integration."""

    def start(options=None, **settings):
        return init(integrations=[PyramidIntegration(**settings)], **(options or {}))

    return start


def made(*steps, view=None, **options):
    """An application with one route, `it`, after the steps of its configuration."""
    with Configurator(**options) as config:
        for step in steps:
            step(config)
        config.add_route("it", "/item/{number}")
        config.add_view(view or (lambda request: Response("well")), route_name="it")
        return config.make_wsgi_app()


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


def ask(app, path="/item/7", body=None, **more):
    """`(status, body)` of a request, by GET, or by POST with a body."""
    statuses = []
    environ = {
        "REQUEST_METHOD": "GET" if body is None else "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "shop.example",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body or b""),
        "CONTENT_LENGTH": str(len(body or b"")),
        **more,
    }
    answer = app(environ, lambda status, headers, exc_info=None: statuses.append(status))
    try:
        return int(statuses[-1][:3]), b"".join(answer)
    finally:
        getattr(answer, "close", lambda: None)()


def failing(*_):
    raise ValueError("wrong")


def raising(error):
    def view(request):
        raise error

    return view


def answering(status):
    """Has errors of value answered with that status."""
    return lambda config: config.add_exception_view(
        lambda error, request: Response("sorry", status), context=ValueError
    )


# -- errors


@pytest.mark.parametrize(
    ("status", "expected"),
    [(409, []), (500, [("ValueError", True, "it")]), (502, [("ValueError", True, "it")])],
)
def test_what_an_exception_view_answers_is_told_by_its_status(on, events, status, expected):
    on()
    assert ask(made(answering(status), view=failing)) == (status, b"sorry")
    assert told(events) == expected


def test_an_http_exception_as_the_answer_of_an_exception_view_tells_what_led_to_it(on, events):
    on()

    def step(config):
        config.add_exception_view(lambda error, request: HTTPBadGateway(), context=ValueError)

    assert ask(made(step, view=failing))[0] == 502
    assert told(events) == [("ValueError", True, "it")]


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (raising(HTTPServiceUnavailable("no")), [("HTTPServiceUnavailable", True, "it")]),
        (lambda request: HTTPServiceUnavailable("no"), ["GET it answered 503"]),
        (raising(HTTPNotFound("no")), []),
        (lambda request: HTTPNotFound("no"), []),
    ],
    ids=["raised 503", "returned 503", "raised 404", "returned 404"],
)
def test_http_exceptions_are_told_from_500_on(on, events, view, expected):
    on()
    assert ask(made(view=view))[0] in (404, 503)
    assert told(events) == expected


def tween(where, fails):
    """A tween that fails before or after what it is laid around."""

    def factory(handler, registry):
        def called(request):
            if fails == "before":
                failing()
            handler(request)
            failing()

        return called

    def step(config):
        name = f"{__name__}.laid"
        globals()["laid"] = factory
        config.add_tween(name, **where)

    return step


@pytest.mark.parametrize(
    ("where", "fails", "name"),
    [
        (OVER, "before", "/item/7"),
        (OVER, "after", "it"),
        (UNDER, "before", "/item/7"),
        (UNDER, "after", "it"),
    ],
    ids=["over before", "over after", "under before", "under after"],
)
def test_tweens_that_fail_are_told(on, events, where, fails, name):
    on()
    with pytest.raises(ValueError, match="wrong"):
        ask(made(tween(where, fails)))
    assert told(events) == [("ValueError", False, name)]


def subscribed(event):
    return lambda config: config.add_subscriber(failing, event)


def with_callback(name):
    def step(config):
        config.add_subscriber(lambda event: getattr(event.request, name)(failing), ContextFound)

    return step


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (subscribed(NewRequest), "/item/7"),
        (subscribed(ContextFound), "it"),
        (subscribed(NewResponse), "it"),
        (with_callback("add_response_callback"), "it"),
        (with_callback("add_finished_callback"), "it"),
        (lambda config: config.set_root_factory(failing), "it"),
    ],
    ids=["new request", "context found", "new response", "response callback", "finished callback", "root"],
)
def test_whatever_fails_around_a_view_is_told(on, events, step, name):
    on()
    with pytest.raises(ValueError, match="wrong"):
        ask(made(step))
    assert told(events) == [("ValueError", False, name)]


def test_renderers_that_fail_are_told(on, events):
    on()

    def step(config):
        config.add_route("rendered", "/rendered")
        config.add_view(lambda request: object(), route_name="rendered", renderer="json")

    with pytest.raises(TypeError):
        ask(made(step), "/rendered")
    assert told(events) == [("TypeError", False, "rendered")]


def test_an_exception_view_that_fails_is_told_with_what_it_was_to_answer(on, events):
    on()

    def step(config):
        config.add_exception_view(lambda error, request: error.nothing, context=ValueError)

    with pytest.raises(AttributeError):
        ask(made(step, view=failing))
    (event,) = events
    assert [value["type"] for value in event["exception"]["values"]] == ["ValueError", "AttributeError"]


def test_an_answer_that_breaks_off_is_told(on, events):
    on()

    def view(request):
        return Response(app_iter=(failing() if number else b"piece" for number in (0, 1)))

    with pytest.raises(ValueError, match="wrong"):
        ask(made(view=view))
    assert told(events) == [("ValueError", False, "it")]


@pytest.mark.parametrize("uses_tweens", [False, True])
def test_what_fails_in_a_request_within_the_request_is_told_if_that_is_the_answer(on, events, uses_tweens):
    on()

    def step(config):
        config.add_route("outer", "/outer/{how}")
        config.add_view(outer, route_name="outer")

    def outer(request):
        inner = request.blank("/item/7")
        try:
            answer = request.invoke_subrequest(inner, use_tweens=uses_tweens)
        except ValueError:
            answer = Response("sorry", 502)
        return answer if request.matchdict["how"] == "on" else Response("never mind")

    app = made(step, answering(502), view=failing)
    assert ask(app, "/outer/off")[0] == 200
    assert told(events) == []
    assert ask(app, "/outer/on")[0] == 502
    expected = ("ValueError", True, "outer") if uses_tweens else "GET outer answered 502"
    assert told(events) == [expected]


def test_an_exception_view_that_is_invoked_by_hand_counts_as_one(on, events):
    on()

    def view(request):
        try:
            failing()
        except ValueError:
            return request.invoke_exception_view()

    assert ask(made(answering(503), view=view))[0] == 503
    assert told(events) == [("ValueError", True, "it")]


def test_a_middleware_around_it_tells_nothing_twice(on, events):
    on()
    with pytest.raises(ValueError, match="wrong"):
        ask(SentryWsgiMiddleware(made(view=failing)))
    assert told(events) == [("ValueError", False, "it")]


# -- names


@pytest.mark.parametrize(
    ("style", "name", "source"),
    [("route_name", "it", "component"), ("route_pattern", "/item/{number}", "route")],
)
def test_a_request_is_named_by_its_route(on, events, style, name, source):
    on(transaction_style=style)
    with pytest.raises(ValueError, match="wrong"):
        ask(made(view=failing))
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == (name, source)


class Folder(dict):
    """A resource."""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", f"{__name__}.Folder"),
        ("/below/of/", f"{__name__}.Folder"),
        ("/below/edit", f"{__name__}.Folder/@@edit"),
    ],
)
def test_in_a_traversal_it_is_named_by_what_was_found(on, events, path, name):
    on()

    def step(config):
        config.set_root_factory(lambda request: Folder(below=Folder(of=Folder())))
        config.add_view(failing, context=Folder)
        config.add_view(failing, context=Folder, name="edit")

    with pytest.raises(ValueError, match="wrong"):
        ask(made(step), path)
    assert (events[0]["transaction"], events[0]["transaction_info"]["source"]) == (name, "component")


def test_what_matches_nothing_is_named_by_its_path(on, events):
    on(failed_request_status_codes={404})
    assert ask(made(), "/nowhere/at/all")[0] == 404
    assert told(events) == [("HTTPNotFound", True, "/nowhere/at/all")]


# -- users and forms


class Policy:
    """Loads who asks at most once a request, and counts."""

    def __init__(self, identity):
        self.cache = RequestLocalCache(self.load)
        self.loaded = 0
        self.known = identity

    def load(self, request):
        self.loaded += 1
        return self.known

    def identity(self, request):
        return self.cache.get_or_create(request)

    def authenticated_userid(self, request):
        return "7"

    def permits(self, request, context, permission):
        return self.identity(request) is not None


class Customer:
    id, email, username = 7, "ann@example.com", "ann"


PERSONAL = {"send_default_pii": True}
ANN = {"id": "7", "email": "ann@example.com", "username": "ann"}


def secured(policy, permission=None):
    def step(config):
        config.set_security_policy(policy)
        config.add_route("secured", "/secured")
        config.add_view(failing, route_name="secured", permission=permission)

    return step


@pytest.mark.parametrize("identity", [Customer(), ANN], ids=["object", "mapping"])
def test_a_user_whom_the_policy_has_loaded_is_told(on, events, identity):
    on(PERSONAL)
    policy = Policy(identity)
    with pytest.raises(ValueError, match="wrong"):
        ask(made(secured(policy, "view")), "/secured")
    assert {key: str(value) for key, value in events[0]["user"].items()} == ANN
    assert policy.loaded == 1


def test_nobody_is_loaded_for_an_event(on, events):
    on(PERSONAL)
    policy = Policy(Customer())
    with pytest.raises(ValueError, match="wrong"):
        ask(made(secured(policy)), "/secured")
    assert "user" not in events[0]
    assert policy.loaded == 0


@pytest.mark.parametrize(
    ("name", "user"), [("authenticated_userid", {"id": "7"}), ("identity", {"id": "ann"})]
)
def test_what_the_application_was_told_of_the_user_is_told(on, events, name, user):
    on(PERSONAL)
    policy = Policy("ann")
    policy.cache = RequestLocalCache()
    policy.identity = policy.load

    def view(request):
        getattr(request, name)
        failing()

    with pytest.raises(ValueError, match="wrong"):
        ask(made(secured(policy), view=view))
    assert events[0]["user"] == user


def test_without_personal_data_no_user_is_told(on, events):
    on()
    with pytest.raises(ValueError, match="wrong"):
        ask(made(secured(Policy(Customer()), "view")), "/secured")
    assert "user" not in events[0]


def test_a_form_that_was_parsed_is_shown(on, events):
    on()
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\xc3\xa4\r\n--x--\r\n"

    def view(request):
        assert request.POST["a"] == "ä"
        failing()

    with pytest.raises(ValueError, match="wrong"):
        ask(made(view=view), "/item/7", body, CONTENT_TYPE="multipart/form-data; boundary=x")
    assert events[0]["request"]["data"] == {"a": "ä"}


def test_a_request_is_let_go_of(on):
    on()
    kept = []
    app = made(view=lambda request: kept.append(weakref.ref(request)) or Response(app_iter=iter([b"well"])))
    ask(app)
    gc.collect()
    assert kept[0]() is None
