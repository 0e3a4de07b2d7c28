"""A Django site for tests in process: settings, models, templates, views. The first import sets Django up."""

# ruff: noqa: E402  # Django is set up before its models may be imported

from __future__ import annotations

import asyncio
import io
from urllib.parse import urlsplit

import django
from asgiref.sync import sync_to_async
from django.conf import settings

import sentry_like

TEMPLATES = {
    "base.html": "<html>\n{% block body %}{% endblock %}\n</html>",
    "page.html": '{% extends "base.html" %}\n{% block body %}\n<p>{{ shop.name }}</p>\n{{ shop.broken }}\n'
    "{% endblock %}",
    "including.html": "one\ntwo\n{% include 'part.html' %}",
    "part.html": "first\n{% widthratio a b c %}\n{{ shop.broken }}",
    "syntax.html": "fine\nfine\n{% nonsense password='hunter22' %}\nfine",
}

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["testserver", "server.example"],
        CSRF_COOKIE_NAME="forgery",
        CSRF_HEADER_NAME="HTTP_X_FORGERY",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "rest_framework",
        ],
        LANGUAGES=[("en", "English"), ("de", "Deutsch")],
        LOGGING_CONFIG=None,
        MIDDLEWARE=[
            "django.middleware.locale.LocaleMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            f"{__name__}.Middleware",
        ],
        ROOT_URLCONF=f"{__name__}",
        SECRET_KEY="of no use",
        SESSION_COOKIE_NAME="visit",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "debug": False,
                    "loaders": [("django.template.loaders.locmem.Loader", TEMPLATES)],
                },
            }
        ],
        USE_TZ=True,
    )
    django.setup()

from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import include, path, re_path
from django.utils.translation import gettext_lazy
from django.views import View

REFUSALS = {
    "400": BadRequest,
    "403": PermissionDenied,
    "404": Http404,
    "suspicious": SuspiciousOperation,
    "multipart": MultiPartParserError,
    "unreadable": UnreadablePostError,
    "error": ValueError,
}


class Middleware:
    """Fails, names another urlconf, or has an answer, where the path asks for it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "middleware" in request.GET:
            raise ValueError("in the middleware")
        if "missing" in request.GET:
            raise Http404("in the middleware")
        if "tag" in request.GET:
            sentry_like.set_tag("middleware", "yes")
        if request.path.startswith("/elsewhere/"):
            request.urlconf = Elsewhere
        if "loaded" in request.GET:
            str(request.user)
        return self.get_response(request)

    def process_exception(self, request, exception):
        answer = getattr(exception, "answer", None)
        return None if answer is None else HttpResponse(status=answer)


class Answered(Exception):
    """What the middleware has an answer for."""

    def __init__(self, answer):
        super().__init__(answer)
        self.answer = answer


def ok(request, **kwargs):
    return HttpResponse("ok")


def fail(request, *args, **kwargs):
    raise ValueError("on purpose")


async def fail_async(request, **kwargs):
    raise ValueError("on purpose")


class Failing(View):
    def get(self, request, **kwargs):
        raise ValueError("on purpose")


class FailingObject:
    def __call__(self, request):
        raise ValueError("on purpose")


def refuse(request, kind):
    raise REFUSALS[kind]("refused")


def answer(request, status):
    raise Answered(status)


def returned(request, status):
    return HttpResponse("returned", status=status)


def read(request):
    if request.GET.get("how") == "body":
        request.body
    else:
        request.POST
    raise ValueError("on purpose")


def look(request):
    """The user is there, but nobody has looked."""
    request.user
    raise ValueError("on purpose")


def lazy(request):
    everybody = User.objects.all()
    text = gettext_lazy("hello")
    sentry_like.set_extra("everybody", everybody)
    sentry_like.set_context("shop", {"everybody": everybody, "text": text})
    sentry_like.add_breadcrumb(message="asked", data={"everybody": everybody})
    deferred = User.from_db("default", ["id", "username"], [7, "ann"])
    assert deferred.get_deferred_fields()
    related, asked = deferred.groups, User.objects.raw("SELECT 1")
    raise ValueError(f"on purpose {len([everybody, text, deferred, related, asked])}")


class Shop:
    name = "corner"

    @property
    def broken(self):
        raise ValueError("in the property")

    def __repr__(self):
        return "<shop>"


def template(request, name):
    return render(request, name, {"shop": Shop()})


def tag_sync(request, who):
    sentry_like.set_tag("view", who)
    if "status" in request.GET:
        return HttpResponse("returned", status=int(request.GET["status"]))
    raise ValueError(who)


async def tag_async(request, who):
    sentry_like.set_tag("view", who)
    await asyncio.sleep(0)
    await sync_to_async(sentry_like.set_tag)("thread", who)
    await asyncio.sleep(0)
    if "status" in request.GET:
        return HttpResponse("returned", status=int(request.GET["status"]))
    raise ValueError(who)


class Elsewhere:
    urlpatterns = [path("elsewhere/<slug:what>/", fail)]


shop_patterns = ([path("item/<int:pk>/", fail, name="item"), re_path(r"^old/(\d+)/$", fail)], "shop")

urlpatterns = [
    path("", fail),
    path("ok/", ok),
    path("fail/", fail),
    path("fail-async/", fail_async),
    path("class/<int:pk>/", Failing.as_view()),
    path("object/", FailingObject()),
    path("e/<int:pk>/<slug:title>/", fail),
    re_path(r"^articles/(?P<year>[0-9]{4})/(?:page-(?P<page>\d+)/)?$", fail),
    path("shop/", include(shop_patterns, namespace="shop")),
    *i18n_patterns(path("local/<int:pk>/", fail)),
    path("refuse/<str:kind>/", refuse),
    path("answer/<int:status>/", answer),
    path("returned/<int:status>/", returned),
    path("read/", read),
    path("look/", look),
    path("lazy/", lazy),
    path("template/<str:name>/", template),
    path("tag-sync/<str:who>/", tag_sync),
    path("tag-async/<str:who>/", tag_async),
]


def handler500(request):
    if "break" in request.GET:
        raise RuntimeError("in handler500")
    return HttpResponse("broken", status=500)


def handler404(request, exception):
    if "break404" in request.GET:
        raise RuntimeError("in handler404")
    return HttpResponse("nowhere", status=404)


# -- visits


def visit(target, method="GET", body=b"", **headers):
    """`(status, body)` of a request through WSGI. What the application raises is raised on."""
    parts = urlsplit(target)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "server.example",
        "SERVER_PORT": "80",
        "HTTP_HOST": "server.example",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        **headers,
    }
    told = []
    response = WSGIHandler()(environ, lambda status, headers: told.append(int(status[:3])))
    try:
        return told[0], b"".join(response)
    finally:
        response.close()


async def visit_async(target, application=None, method="GET", body=b"", headers=()):
    """The same through ASGI."""
    parts = urlsplit(target)
    scope = {
        "type": "http",
        "method": method,
        "path": parts.path,
        "query_string": parts.query.encode(),
        "headers": [(b"host", b"server.example"), *headers],
        "server": ("server.example", 80),
    }
    waiting, told = [{"type": "http.request", "body": body}], []

    async def receive():
        return waiting.pop() if waiting else await asyncio.Event().wait()

    async def send(message):
        told.append(message)

    await (application or ASGIHandler())(scope, receive, send)
    return told[0]["status"], b"".join(message.get("body", b"") for message in told[1:])
