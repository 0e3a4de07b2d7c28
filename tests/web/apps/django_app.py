"""The application in Django: views as functions, most of them sync, for WSGI and for ASGI (`asgi_app`)."""

# ruff: noqa: E402  # Django is set up before its models may be imported

from __future__ import annotations

import asyncio
import json
import sys
import time

import django
from acts import (
    PAUSE,
    USER,
    WAIT,
    BadGateway,
    Teapot,
    begin,
    flush,
    log_five,
    note,
    tags_now,
    versions,
)
from django.conf import settings

import sentry_like

begin("django")
settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        f"{__name__}.HandlingMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no use",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User
from django.core.asgi import get_asgi_application
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.handlers.wsgi import LimitedStream
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path


class ServiceUnavailable(Exception):
    """Django has no exception for a server's error: the application brings its own."""

    status = 503


class InternalServerError(ServiceUnavailable):
    status = 500


REFUSALS = {
    400: BadRequest,
    403: PermissionDenied,
    404: Http404,
    500: InternalServerError,
    503: ServiceUnavailable,
}


class HandlingMiddleware:
    """Where a Django application handles its own exceptions, and what its server can do and it cannot."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        environ = getattr(request, "environ", {})
        if environ.get("HTTP_TRANSFER_ENCODING") == "chunked":
            # Django by itself reads no body without a length
            request._stream = LimitedStream(environ["wsgi.input"], sys.maxsize)
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, Teapot):
            return text("teapot", 418)
        if isinstance(exception, BadGateway):
            return text("bad gateway", 502)
        if isinstance(exception, ServiceUnavailable):
            return text("aborted", exception.status)
        return None


def text(body, status=200):
    return HttpResponse(body, status=status, content_type="text/plain")


def isolated(request):
    return JsonResponse(tags_now())


def ok(request):
    log_five()
    return text("ok")


async def tagged(request, who):
    note(who)
    await asyncio.sleep(PAUSE)
    return answered(request, who)


def sync_tagged(request, who):
    note(who)
    time.sleep(PAUSE)
    return answered(request, who)


def answered(request, who):
    if request.GET.get("fail") == "1":
        raise ValueError(who)
    return text(who)


def error(request):
    raise ValueError("unhandled")


def handled(request):
    raise Teapot("short and stout")


def handled_502(request):
    raise BadGateway("no upstream")


def abort(request, status):
    raise REFUSALS[status]("aborted")


def returned(request, status):
    return text("returned", status)


def stream(request):
    return StreamingHttpResponse(pieces(request), content_type="text/plain")


def stream_error(request):
    return StreamingHttpResponse(pieces(request, fails=True), content_type="text/plain")


def pieces(request, fails=False):
    """The pieces as a generator that the server can run by itself: ASGI takes async ones from 4.2 on."""
    is_async = hasattr(request, "scope") and django.VERSION >= (4, 2)
    return async_pieces(fails) if is_async else sync_pieces(fails)


def sync_pieces(fails):
    yield "one,"
    if fails:
        raise ValueError("mid-body")
    yield "two,"
    yield "three"


async def async_pieces(fails):
    for piece in sync_pieces(fails):
        yield piece


def body(request):
    kind = request.headers["Content-Type"]
    if "json" in kind:
        json.loads(request.body)
    elif kind.startswith("multipart/"):
        for file in request.FILES.values():
            file.read()
    elif "form" in kind:
        request.POST.dict()
    else:
        request.read()
    raise ValueError("after the body")


def unread(request):
    raise ValueError("unread")


def upload(request):
    return text(str(sum(len(chunk) for chunk in iter(lambda: request.read(65536), b""))))


def login(request):
    user = User(id=int(USER["id"]), username=USER["username"], email=USER["email"])
    request.user = user
    raise ValueError("logged in")


def message(request):
    sentry_like.capture_message("from a handler")
    return text("ok")


def chained(request):
    try:
        raise ValueError("cause")
    except ValueError as cause:
        raise RuntimeError("outer") from cause


async def wait(request):
    await asyncio.sleep(WAIT)
    return text("late")


def tell_versions(request):
    return JsonResponse(versions())


def flushed(request):
    flush()
    return text("ok")


urlpatterns = [
    path("isolated", isolated),
    path("ok", ok),
    path("tagged/<str:who>", tagged),
    path("sync-tagged/<str:who>", sync_tagged),
    path("error", error),
    path("handled", handled),
    path("handled-502", handled_502),
    path("abort/<int:status>", abort),
    path("returned/<int:status>", returned),
    path("stream", stream),
    path("stream-error", stream_error),
    path("body", body),
    path("unread", unread),
    path("upload", upload),
    path("login", login),
    path("message", message),
    path("chained", chained),
    path("wait", wait),
    path("versions", tell_versions),
    path("flush", flushed),
]

app = get_wsgi_application()
asgi_app = get_asgi_application()
