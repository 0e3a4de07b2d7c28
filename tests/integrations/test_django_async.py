"""Django across threads and tasks: what is set on one side of asgiref is true on the other."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import weakref

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.test import AsyncClient
from django_site import visit, visit_async

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.django import DjangoIntegration
from sentry_like.integrations.threading import ThreadingIntegration


@pytest.fixture
def django(init):
    return init(integrations=[DjangoIntegration(), ThreadingIntegration()])


def only(events):
    (event,) = events
    return event


def tags():
    return dict(Hub.current.scope.tags)


VIEWS = {"/tag-sync/ann/": {"view": "ann"}, "/tag-async/ann/": {"view": "ann", "thread": "ann"}}


@pytest.mark.parametrize("target", VIEWS)
@pytest.mark.parametrize("status", ["", "?status=503"], ids=["raised", "returned"])
def test_tags_of_any_view_are_on_the_event_under_asgi(django, events, target, status):
    asyncio.run(visit_async(target + status))
    assert only(events)["tags"] == VIEWS[target]


@pytest.mark.parametrize("target", VIEWS)
@pytest.mark.parametrize("status", ["", "?status=503"], ids=["raised", "returned"])
def test_tags_of_any_view_are_on_the_event_under_wsgi(django, events, target, status):
    visit(target + status)
    assert only(events)["tags"] == VIEWS[target]


@pytest.mark.parametrize("target", ["/fail/", "/fail-async/", "/returned/503/"])
def test_tags_of_a_sync_middleware_are_on_the_event(django, events, target):
    asyncio.run(visit_async(f"{target}?tag"))
    visit(f"{target}?tag")
    assert [event["tags"] for event in events] == [{"middleware": "yes"}] * 2


@pytest.mark.parametrize("target", VIEWS)
def test_nothing_stays_on_the_thread_of_the_server(django, events, target):
    before = Hub.current
    visit(target)
    assert Hub.current is before
    assert tags() == {}


@pytest.mark.parametrize("target", VIEWS)
def test_nothing_stays_in_the_task_of_the_server(django, events, target):
    async def serve():
        before = Hub.current
        await visit_async(target)
        return Hub.current is before, tags()

    assert asyncio.run(serve()) == (True, {})


def test_requests_at_once_have_tags_of_their_own(django, events):
    async def serve():
        names = [str(number) for number in range(20)]
        await asyncio.gather(*(visit_async(f"/{kind}/{who}/") for who in names for kind in KINDS))

    asyncio.run(serve())
    assert len(events) == 40
    assert all(event["tags"]["view"] == event["exception"]["values"][0]["value"] for event in events)


KINDS = ("tag-sync", "tag-async")


@pytest.mark.parametrize("target", ["/ok/", "/fail/", "/fail-async/"])
def test_nothing_holds_a_request_after_it(django, target, monkeypatch):
    held = []

    async def watch(handler, request, ask=ASGIHandler.get_response_async):
        held.append(weakref.ref(request))
        return await ask(handler, request)

    monkeypatch.setattr(ASGIHandler, "get_response_async", watch)
    monkeypatch.setattr(logging.getLogger("django.request"), "disabled", True)  # pytest keeps all records
    asyncio.run(visit_async(target))
    gc.collect()  # Django itself makes cycles
    assert [one() for one in held] == [None]


def test_the_async_test_client_is_served(django, events):
    client = AsyncClient(raise_request_exception=False)
    assert asyncio.run(get(client)).status_code == 500
    event = only(events)
    assert (event["transaction"], event["tags"]) == ("/tag-async/{who}/", VIEWS["/tag-async/ann/"])
    assert tags() == {}


async def get(client):
    return await client.get("/tag-async/ann/")


def test_an_async_view_is_told_once(django, events):
    asyncio.run(visit_async("/fail-async/"))
    value = only(events)["exception"]["values"][0]
    assert (value["value"], value["mechanism"]["handled"]) == ("on purpose", False)
    assert value["stacktrace"]["frames"][-1]["function"] == "fail_async"


def test_what_is_no_request_passes(django, events):
    with pytest.raises(ValueError, match="lifespan"):
        asyncio.run(ASGIHandler()({"type": "lifespan"}, None, None))
    assert list(events) == []


def test_a_client_that_hung_up_is_no_event(django, events):
    async def receive():
        return waiting.pop(0)

    async def send(message):
        raise OSError("gone")

    waiting = [{"type": "http.request", "body": b""}, {"type": "http.disconnect"}]
    scope = {"type": "http", "method": "GET", "path": "/tag-async/ann/", "query_string": b"", "headers": []}
    asyncio.run(ASGIHandler()(scope, receive, send))
    assert list(events) == []


def test_a_body_is_seen_as_django_receives_it(init, events):
    init(integrations=[DjangoIntegration()], max_request_body_size="always")
    headers = [(b"content-type", b"application/json")]
    asyncio.run(visit_async("/read/?how=body", method="POST", body=b'{"name": "ann"}', headers=headers))
    assert only(events)["request"]["data"] == {"name": "ann"}


def test_a_thread_that_the_crossing_starts_is_not_lent_the_hub(django):
    """The pool's thread is made while the hub is lent; it must not take what is meant for the call."""

    async def main():
        sentry_like.set_tag("outer", "yes")
        found = await sync_to_async(lambda: (threading.get_ident(), tags()), thread_sensitive=False)()
        await sync_to_async(sentry_like.set_tag, thread_sensitive=False)("inner", "yes")
        return found, tags()

    (thread, seen), after = asyncio.run(main())
    assert thread != threading.get_ident()
    assert seen == {"outer": "yes"}
    assert after == {"outer": "yes", "inner": "yes"}


def test_each_side_has_its_own_hub_again_after_a_crossing(django):
    async def main():
        task = Hub.current
        await sync_to_async(sentry_like.set_tag)("who", "ann")
        return Hub.current is task

    thread = Hub.current
    assert async_to_sync(main)()
    assert Hub.current is thread


def test_tasks_beside_the_one_that_crosses_have_hubs_of_their_own(django):
    async def beside(who):
        sentry_like.set_tag("who", who)
        await sync_to_async(sentry_like.set_tag)("thread", who)
        await asyncio.sleep(0)
        return tags()

    async def main():
        return await asyncio.gather(*(beside(who) for who in ("a", "b")))

    with sentry_like.isolate():
        found = async_to_sync(main)()
        assert tags() == {}
    assert found == [{"who": who, "thread": who} for who in ("a", "b")]


def test_tags_of_a_coroutine_are_true_for_who_called_it(django):
    async def set_tag():
        sentry_like.set_tag("inner", "yes")

    with sentry_like.isolate():
        async_to_sync(set_tag)()
        assert tags() == {"inner": "yes"}
    assert tags() == {}
