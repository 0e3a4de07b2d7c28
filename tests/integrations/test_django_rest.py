"""Django REST framework: bodies as it parsed them, and exceptions that it answers."""

from __future__ import annotations

import gc
import json
import weakref

import django_site
import pytest
from django.urls import path
from django_site import visit
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from sentry_like.integrations.django import DjangoIntegration

ERRORS = {"validation": ValidationError, "missing": NotFound, "api": APIException, "value": ValueError}


class Lines(BaseParser):
    """Bodies that nothing else would understand."""

    media_type = "text/x-pairs"

    def parse(self, stream, media_type=None, parser_context=None):
        return dict(line.split("=") for line in stream.read().decode().splitlines())


class Bound:
    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser, FormParser, MultiPartParser, Lines)


class Failing(Bound, APIView):
    def post(self, request, kind):
        request.data
        raise ERRORS[kind]("on purpose")

    def get(self, request, kind):
        return Response({"all": "well"}, status=int(kind))


class Things(Bound, ViewSet):
    def list(self, request):
        raise ValueError("on purpose")


class Routes:
    urlpatterns = [
        path("api/<str:kind>/", Failing.as_view()),
        path("things/", Things.as_view({"get": "list"})),
    ]
    handler500 = staticmethod(django_site.handler500)


@pytest.fixture(autouse=True)
def routes(settings_of):
    settings_of(ROOT_URLCONF=Routes)


@pytest.fixture
def settings_of():
    from django.test import override_settings

    entered = []

    def change(**changed):
        entered.append(override_settings(**changed))
        entered[-1].enable()

    yield change
    for one in reversed(entered):
        one.disable()


def post(kind, body, content_type="application/json"):
    return visit(f"/api/{kind}/", "POST", body, CONTENT_TYPE=content_type)


def only(events):
    (event,) = events
    return event


BODIES = {
    "json": (b'{"name": "ann", "password": "abc"}', "application/json"),
    "form": (b"name=ann&password=abc", "application/x-www-form-urlencoded"),
    "own parser": (b"name=ann\npassword=abc", "text/x-pairs"),
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_is_shown_as_it_was_parsed(init, events, kind):
    init(integrations=[DjangoIntegration()])
    post("value", *BODIES[kind])
    assert only(events)["request"]["data"] == {"name": "ann", "password": "[Filtered]"}


def test_a_list_is_shown_as_it_came(init, events):
    init(integrations=[DjangoIntegration()])
    post("value", json.dumps([1, {"password": "abc"}]).encode())
    assert only(events)["request"]["data"] == [1, {"password": "[Filtered]"}]


@pytest.mark.parametrize(("kind", "status"), [("validation", 400), ("missing", 404)])
def test_exceptions_that_it_answers_with_4xx_are_no_events(init, events, kind, status):
    init(integrations=[DjangoIntegration()])
    assert post(kind, b"{}")[0] == status
    assert list(events) == []


def test_exceptions_that_it_answers_with_5xx_are_told_as_handled(init, events):
    init(integrations=[DjangoIntegration()])
    assert post("api", b"{}")[0] == 500
    value = only(events)["exception"]["values"][0]
    assert (value["type"], value["mechanism"]) == ("APIException", {"type": "django", "handled": True})


def test_other_exceptions_are_told_once_as_unhandled(init, events):
    init(integrations=[DjangoIntegration()])
    post("value", b"{}")
    value = only(events)["exception"]["values"][0]
    assert (value["type"], value["mechanism"]["handled"]) == ("ValueError", False)


def test_a_view_goes_by_its_class(init, events):
    init(integrations=[DjangoIntegration(transaction_style="function_name")])
    post("value", b"{}")
    visit("/things/")
    assert [event["transaction"].rpartition(".")[2] for event in events] == ["Failing", "Things"]


def test_nothing_holds_its_requests(init, events, monkeypatch, settings_of):
    settings_of(MIDDLEWARE=[])
    init(integrations=[DjangoIntegration()])
    held = []

    def get(view, request, kind):
        held.append(weakref.ref(request._request))
        return Response({"all": "well"})

    monkeypatch.setattr(Failing, "get", get)
    visit("/api/200/")
    gc.collect()  # they refer to each other
    assert [one() for one in held] == [None]
