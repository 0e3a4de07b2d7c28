"""Consumers of Channels: a connection is a unit of work."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from channels.consumer import SyncConsumer
from channels.generic.http import AsyncHttpConsumer
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.testing import WebsocketCommunicator
from django.urls import path
from django_site import User, visit_async

import sentry_like
from sentry_like.hub import Hub
from sentry_like.integrations.django import DjangoIntegration


class Chat(AsyncWebsocketConsumer):
    async def connect(self):
        sentry_like.set_tag("room", self.scope["url_route"]["kwargs"]["room"])
        await self.accept()

    async def receive(self, text_data=None, bytes_data=None):
        if text_data == "fail":
            raise ValueError("on purpose")
        sentry_like.add_breadcrumb(message=text_data)
        await self.send(text_data=text_data)


class SyncChat(WebsocketConsumer):
    def connect(self):
        sentry_like.set_tag("room", self.scope["url_route"]["kwargs"]["room"])
        self.accept()

    def receive(self, text_data=None, bytes_data=None):
        raise ValueError("on purpose")


class Poll(AsyncHttpConsumer):
    async def handle(self, body):
        raise ValueError("on purpose")


class Worker(SyncConsumer):
    def tidy_up(self, message):
        raise ValueError("on purpose")


application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("poll/<int:pk>/", Poll.as_asgi())]),
        "websocket": URLRouter(
            [path("chat/<str:room>/", Chat.as_asgi()), path("sync/<str:room>/", SyncChat.as_asgi())]
        ),
    }
)


@pytest.fixture
def django(init):
    return lambda options=None, **settings: init(
        integrations=[DjangoIntegration(**settings)], **(options or {})
    )


def only(events):
    (event,) = events
    return event


async def talk(target, *lines, user=None):
    sentry_like.add_breadcrumb(message="before")
    communicator = WebsocketCommunicator(application, target)
    communicator.scope["user"] = user
    await communicator.connect()
    for line in lines:
        await communicator.send_to(text_data=line)
        if line != "fail":
            await communicator.receive_from()
    with pytest.raises(ValueError, match="on purpose"):
        await communicator.wait()


def test_an_error_in_a_connection_is_told_with_what_came_before_on_it(django, events):
    django()
    asyncio.run(talk("/chat/lobby/", "hello", "fail"))
    event = only(events)
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "django", "handled": False}
    assert event["tags"] == {"room": "lobby"}
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["hello"]
    assert (event["transaction"], event["transaction_info"]) == ("/chat/{room}/", {"source": "route"})
    assert event["request"]["url"].endswith("/chat/lobby/")
    assert Hub.current.scope.tags == {}


def test_nothing_holds_a_connection_after_it(django, events, monkeypatch):
    held = []

    class Watched(Chat):
        def __init__(self):
            super().__init__()
            held.append(weakref.ref(self))

    async def main():
        communicator = WebsocketCommunicator(URLRouter([path("<str:room>/", Watched.as_asgi())]), "/x/")
        await communicator.connect()
        await communicator.send_to(text_data="hello")
        await communicator.receive_from()
        await communicator.disconnect()

    django()
    asyncio.run(main())
    gc.collect()
    assert [one() for one in held] == [None]
    assert list(events) == []


def test_a_sync_consumer_is_told_the_same_way(django, events):
    django(transaction_style="function_name")
    asyncio.run(talk("/sync/lobby/", "fail"))
    event = only(events)
    assert event["tags"] == {"room": "lobby"}
    assert event["transaction"] == "test_django_channels.SyncChat"
    assert event["transaction_info"] == {"source": "component"}


def test_a_consumer_of_http_is_told_too(django, events):
    django()
    with pytest.raises(ValueError, match="on purpose"):
        asyncio.run(visit_async("/poll/7/", application))
    event = only(events)
    assert event["transaction"] == "/poll/{pk}/"
    assert event["request"]["url"] == "http://server.example/poll/7/"


def test_a_worker_is_told_too(django, events):
    async def work():
        messages = [{"type": "tidy.up"}]

        async def receive():
            return messages.pop() if messages else await asyncio.Event().wait()

        await Worker()({"type": "channel", "channel": "tidy"}, receive, None)

    django()
    with pytest.raises(ValueError, match="on purpose"):
        asyncio.run(work())
    assert only(events)["exception"]["values"][-1]["mechanism"]["handled"] is False


def test_the_user_of_a_connection_is_told_if_it_is_loaded(django, events):
    django({"send_default_pii": True})
    asyncio.run(talk("/chat/lobby/", "fail", user=User(id=7, username="ann", email="ann@example.com")))
    assert only(events)["user"] == {"id": "7", "username": "ann", "email": "ann@example.com"}


def test_a_user_that_nobody_asked_for_is_not_loaded(django, events):
    from django.utils.functional import SimpleLazyObject

    def load():
        raise AssertionError("nobody may ask the database")

    django({"send_default_pii": True})
    asyncio.run(talk("/chat/lobby/", "fail", user=SimpleLazyObject(load)))
    assert "user" not in only(events)
