"""Requests of Django, called in process: a view that asks its database, and one that fails."""

from __future__ import annotations

import io
import sys
from importlib import import_module

from subject import Subject, trouble

PARTS = (
    *("asgiref.sync", "channels.consumer", "django.core.asgi", "django.core.management.base"),
    *("django.core.wsgi", "django.test.client", "rest_framework.views"),
)
"""What there is to be replaced."""


class Django(Subject):
    """Work is a request with a statement, which leaves no crumb outside of it, and a statement of its own."""

    identifier = "django"
    of_work = 1
    of_failure = 1

    def prepare(self):
        import django
        from django.conf import settings

        settings.configure(
            ALLOWED_HOSTS=["*"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            INSTALLED_APPS=[],
            LOGGING_CONFIG=None,
            MIDDLEWARE=[],
            ROOT_URLCONF=sys.modules[__name__],
            SECRET_KEY="of no use",
        )
        django.setup()
        for module in PARTS:
            import_module(module)

    def targets(self):
        from asgiref.sync import AsyncToSync, SyncToAsync
        from channels.consumer import AsyncConsumer
        from django.core.handlers import exception
        from django.core.handlers.asgi import ASGIHandler
        from django.core.handlers.base import BaseHandler
        from django.core.handlers.wsgi import WSGIHandler
        from django.core.management.base import BaseCommand
        from django.db.backends.base.base import BaseDatabaseWrapper
        from django.db.backends.utils import CursorWrapper
        from django.test.client import AsyncClientHandler, ClientHandler
        from rest_framework.views import APIView

        called = (AsyncToSync, SyncToAsync, AsyncConsumer, ASGIHandler, WSGIHandler)
        return [
            *((owner, "__call__") for owner in (*called, AsyncClientHandler, ClientHandler)),
            (ASGIHandler, "send_response"),
            *((BaseHandler, name) for name in ("get_response", "get_response_async")),
            (BaseHandler, "process_exception_by_middleware"),
            (exception, "response_for_exception"),
            (BaseCommand, "run_from_argv"),
            (BaseDatabaseWrapper, "connect"),
            *((CursorWrapper, name) for name in ("_execute", "_executemany", "callproc")),
            *((APIView, name) for name in ("initial", "handle_exception")),
        ]

    def state(self):
        from django.core.signals import got_request_exception

        from sentry_like.integrations._common.logs import ignored

        return len(got_request_exception.receivers), ignored.patterns

    def work(self):
        return ask_database(), get("/work")

    def fail(self, cargo):
        global carried
        carried = cargo
        try:
            return get("/fail")
        finally:
            carried = None

    async def work_in_task(self):
        from asgiref.sync import sync_to_async

        return await sync_to_async(ask_database)(), await get_async("/work")

    async def fail_in_task(self, cargo):
        global carried
        carried = cargo
        try:
            return await get_async("/fail")
        finally:
            carried = None


carried = None


def ask_database():
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchall()


def working(request):
    from django.http import HttpResponse

    return HttpResponse(str(ask_database()))


async def failing(request):
    trouble(carried)


def handler500(request):
    from django.http import HttpResponse

    return HttpResponse("something went wrong", status=500)


def get(path):
    from django.core.handlers.wsgi import WSGIHandler

    told = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "server.example",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
    }
    response = WSGIHandler()(environ, lambda status, headers: told.append((status, headers)))
    told += list(response)
    response.close()
    return told


async def get_async(path):
    import asyncio

    from django.core.handlers.asgi import ASGIHandler

    waiting = [{"type": "http.request", "body": b""}]
    told = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"server.example")],
        "server": ("server.example", 80),
    }

    async def receive():
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    await ASGIHandler()(scope, receive, send)
    return told


class Patterns:
    """Made when they are asked for: Django is imported only once a test wants it."""

    def __iter__(self):
        from django.urls import path

        return iter([path("work", working), path("fail", failing)])

    def __reversed__(self):
        return reversed(list(self))


urlpatterns = Patterns()

SUBJECT = Django()
