"""Django: which requests make events, and what these are named."""

from __future__ import annotations

import gc
import weakref

import django_site
import pytest
from django.test import Client, override_settings
from django_site import User, visit

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.django import DjangoIntegration
from sentry_like.integrations.logging import LoggingIntegration


@pytest.fixture
def django(init):
    """`django(**settings)`: a client with the integration; `options` are those of the client."""

    def make(*others, options=None, **settings):
        return init(integrations=[DjangoIntegration(**settings), *others], **(options or {}))

    return make


def only(events):
    (event,) = events
    return event


def told(event):
    value = event["exception"]["values"][-1]
    return value["type"], value["value"], value["mechanism"]["handled"]


# -- names

ROUTES = {
    "/": "/",
    "/fail/": "/fail/",
    "/e/7/some-title/": "/e/{pk}/{title}/",
    "/articles/2026/": "/articles/{year}/page-{page}/",
    "/articles/2026/page-3/": "/articles/{year}/page-{page}/",
    "/shop/item/7/": "/shop/item/{pk}/",
    "/shop/old/7/": "/shop/old/{}/",
    "/en/local/7/": "/en/local/{pk}/",
    "/elsewhere/thing/": "/elsewhere/{what}/",
    "/e/7/some-title/?middleware": "/e/{pk}/{title}/",
    "/shop/old/7/?middleware": "/shop/old/{}/",
    "/en/local/7/?middleware": "/en/local/{pk}/",
}


@pytest.mark.parametrize("target", ROUTES)
def test_a_request_is_named_after_its_route(django, events, target):
    django()
    assert visit(target)[0] == 500
    event = only(events)
    assert (event["transaction"], event["transaction_info"]) == (ROUTES[target], {"source": "route"})


VIEWS = {
    "/fail/": "django_site.fail",
    "/class/7/": "django_site.Failing",
    "/object/": "django_site.FailingObject",
    "/class/7/?middleware": "django_site.Failing",
}


@pytest.mark.parametrize("target", VIEWS)
def test_the_other_style_names_it_after_its_view(django, events, target):
    django(transaction_style="function_name")
    visit(target)
    event = only(events)
    assert (event["transaction"], event["transaction_info"]) == (VIEWS[target], {"source": "component"})


def test_where_no_route_leads_the_path_is_the_name(django, events):
    django()
    visit("/nowhere/?middleware")
    event = only(events)
    assert (event["transaction"], event["transaction_info"]) == ("/nowhere/", {"source": "url"})


def test_an_unknown_style_is_refused():
    with pytest.raises(ValueError, match="Did you mean 'function_name'"):
        DjangoIntegration(transaction_style="function-name")


def test_settings_of_tracing_are_taken():
    given = DjangoIntegration(
        middleware_spans=True, signals_spans=False, cache_spans=True, signals_denylist=[object]
    )
    assert (given.middleware_spans, given.signals_spans, given.cache_spans) == (True, False, True)


# -- errors


def test_an_error_is_told_once_though_django_logs_it(django, events):
    django(LoggingIntegration())
    assert visit("/fail/") == (500, b"broken")
    assert told(only(events)) == ("ValueError", "on purpose", False)
    assert events[0]["exception"]["values"][0]["mechanism"]["type"] == "django"


@pytest.mark.parametrize("kind", ["400", "403", "404", "suspicious", "multipart"])
def test_what_django_answers_with_4xx_is_no_event(django, events, kind):
    django(LoggingIntegration())
    assert visit(f"/refuse/{kind}/")[0] in (400, 403, 404)
    assert list(events) == []


@pytest.mark.parametrize("kind", ["400", "403", "404", "suspicious", "multipart"])
def test_failed_codes_tell_it_as_handled_and_once(django, events, kind):
    django(LoggingIntegration(), failed_request_status_codes=[400, 403, 404])
    visit(f"/refuse/{kind}/")
    kind = django_site.REFUSALS[kind]
    assert told(only(events)) == (kind.__name__, "refused", True)


def test_a_refusal_of_a_middleware_is_told_the_same_way(django, events):
    django(failed_request_status_codes=[404])
    assert visit("/ok/?missing")[0] == 404
    assert told(only(events)) == ("Http404", "in the middleware", True)


def test_an_answer_of_a_middleware_decides(django, events):
    django()
    assert [visit(f"/answer/{status}/")[0] for status in (404, 503)] == [404, 503]
    assert told(only(events)) == ("Answered", "503", True)


def test_a_returned_5xx_is_told_as_a_message(django, events):
    django()
    assert visit("/returned/503/")[0] == 503
    assert only(events)["message"] == "GET /returned/{status}/ answered 503"


def test_a_handler404_that_fails_is_an_error(django, events):
    django(failed_request_status_codes=[404])
    assert visit("/refuse/404/?break404")[0] == 500
    assert told(only(events)) == ("RuntimeError", "in handler404", False)


def test_a_handler500_that_fails_is_told_once_after_what_it_was_asked_for(django, events):
    django()
    with pytest.raises(RuntimeError, match="in handler500"):
        visit("/fail/?break")
    assert [told(event) for event in events] == [
        ("ValueError", "on purpose", False),
        ("RuntimeError", "in handler500", False),
    ]


def test_errors_that_are_to_be_propagated_are_told_once(django, events):
    django()
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True), pytest.raises(ValueError, match="on purpose"):
        visit("/fail/")
    assert told(only(events)) == ("ValueError", "on purpose", False)


def test_a_body_that_could_not_be_read_is_no_event(django, events):
    class Gone:
        def read(self, *size):
            raise OSError("the client is gone")

        readline = read

    django()
    headers = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": "10"}
    assert visit("/read/", "POST", **{**headers, "wsgi.input": Gone()})[0] == 500
    assert list(events) == []


def test_a_signal_outside_of_requests_is_told(django, events):
    from django.core.signals import got_request_exception

    django()
    try:
        raise ValueError("elsewhere")
    except ValueError:
        got_request_exception.send(sender=None, request=None)
    assert told(only(events)) == ("ValueError", "elsewhere", False)


# -- the test client


def test_the_test_client_is_served(django, events):
    django()
    client = Client(raise_request_exception=False)
    sentry_like.add_breadcrumb(message="before")
    assert client.get("/e/7/title/").status_code == 500
    event = only(events)
    assert event["transaction"] == "/e/{pk}/{title}/"
    assert event["request"]["url"] == "http://testserver/e/7/title/"
    assert "breadcrumbs" not in event


def test_what_a_request_of_the_test_client_sets_ends_with_it(django, events):
    django()
    Client(raise_request_exception=False).get("/tag-sync/ann/")
    assert only(events)["tags"]["view"] == "ann"
    assert Hub.current.scope.tags == {}


def test_the_test_client_raises_what_it_would(django, events):
    django()
    with pytest.raises(ValueError, match="on purpose"):
        Client().get("/fail/")
    assert len(events) == 1


def test_the_body_of_the_test_client_is_seen(django, events):
    django(options={"max_request_body_size": "always"})
    Client(raise_request_exception=False).post("/read/", {"name": "ann", "csrfmiddlewaretoken": "abc"})
    assert only(events)["request"]["data"] == {"name": "ann", "csrfmiddlewaretoken": "[Filtered]"}


# -- leaks


@override_settings(MIDDLEWARE=[])  # that of users makes a cycle
def test_nothing_holds_a_request_after_it(django, events, monkeypatch):
    held = []
    noted = django_site.ok

    def watched(request, **kwargs):
        held.append(weakref.ref(request))
        return noted(request, **kwargs)

    django()
    monkeypatch.setattr(django_site.urlpatterns[1], "callback", watched)
    visit("/ok/")  # what the first request loads stays
    del held[:]
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            visit("/ok/")
        alive = [one for one in held if one() is not None]
    finally:
        gc.enable()
    assert len(held) == 10
    assert alive == []


# -- users


PERSONAL = {"send_default_pii": True}


def test_a_user_that_nobody_asked_for_is_not_loaded(django, events):
    django(options=PERSONAL)
    visit("/look/", HTTP_COOKIE=f"visit={signed_session()}")
    assert "user" not in only(events)


def test_a_session_that_is_loaded_tells_the_id(django, events, monkeypatch):
    def look(request):
        request.session["seen"] = True
        raise ValueError("on purpose")

    django(options=PERSONAL)
    entry = next(one for one in django_site.urlpatterns if str(one.pattern) == "look/")
    monkeypatch.setattr(entry, "callback", look)
    visit("/look/", HTTP_COOKIE=f"visit={signed_session()}")
    assert only(events)["user"] == {"id": "7"}


def test_a_user_that_is_loaded_is_told(django, events, monkeypatch):
    ann = User(id=7, username="ann", email="ann@example.com")
    monkeypatch.setattr("django.contrib.auth.get_user", lambda request: ann)
    monkeypatch.setattr("django.contrib.auth.middleware.auth.get_user", lambda request: ann)
    django(options=PERSONAL)
    visit("/look/?loaded")
    assert only(events)["user"] == {"id": "7", "username": "ann", "email": "ann@example.com"}


def test_no_user_is_told_unless_personal_data_is_wanted(django, events, monkeypatch):
    ann = User(id=7, username="ann", email="ann@example.com")
    monkeypatch.setattr("django.contrib.auth.middleware.auth.get_user", lambda request: ann)
    django()
    visit("/look/?loaded")
    assert "user" not in only(events)


def signed_session():
    from django.contrib.sessions.backends.signed_cookies import SessionStore

    store = SessionStore()
    store["_auth_user_id"] = "7"
    store.save()
    return store.session_key


# -- what a request shows


def test_cookies_that_settings_name_are_filtered(django, events):
    django(options=PERSONAL)
    visit("/fail/", HTTP_COOKIE="visit=abc; forgery=def; theme=dark", HTTP_X_FORGERY="ghi")
    request = only(events)["request"]
    assert request["cookies"] == {"visit": "[Filtered]", "forgery": "[Filtered]", "theme": "dark"}
    assert request["headers"]["X-Forgery"] == "[Filtered]"


def test_a_path_beyond_ascii_is_spelled_as_it_came(django, events):
    django()
    path = "日本".encode().decode("latin-1")
    visit(f"/nowhere/{path}/?middleware")
    assert only(events)["request"]["url"] == "http://server.example/nowhere/%E6%97%A5%E6%9C%AC/"


@override_settings(USE_X_FORWARDED_HOST=True, SECURE_PROXY_SSL_HEADER=("HTTP_X_SCHEME", "https"))
def test_what_a_trusted_proxy_says_is_in_the_url(django, events):
    django()
    visit("/fail/", HTTP_X_FORWARDED_HOST="shop.example", HTTP_X_SCHEME="https")
    assert only(events)["request"]["url"] == "https://shop.example/fail/"


def test_a_proxy_is_not_trusted_by_default(django, events):
    django()
    visit("/fail/", HTTP_X_FORWARDED_HOST="shop.example")
    assert only(events)["request"]["url"] == "http://server.example/fail/"


def test_a_body_that_nobody_read_is_not_read(django, events):
    django(options={"max_request_body_size": "always"})
    body = io_of(b'{"name": "ann"}')
    headers = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "15"}
    visit("/fail/", "POST", **{**headers, "wsgi.input": body})
    assert "data" not in only(events)["request"]
    assert body.tell() == 0


def io_of(content):
    import io

    return io.BytesIO(content)


# -- lazy values among the variables


def test_lazy_variables_are_not_evaluated(django, events):
    from django.db import connection

    statements = []

    def refuse(execute, *args):
        statements.append(args[0])
        raise AssertionError("nobody may ask the database")

    django()
    with connection.execute_wrapper(refuse):
        visit("/lazy/")
    event = only(events)
    assert told(event)[1] == "on purpose 5"
    assert statements == []
    variables = event["exception"]["values"][0]["stacktrace"]["frames"][-1]["vars"]
    assert {"everybody", "text", "deferred", "related", "asked"} <= variables.keys()
    assert variables["everybody"].startswith("<django.db.models.query.QuerySet")
