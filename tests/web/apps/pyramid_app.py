"""The application in Pyramid."""

from __future__ import annotations

import time

from acts import PAUSE, USER, WAIT, BadGateway, Teapot, begin, flush, log_five, note, tags_now, versions
from pyramid.config import Configurator
from pyramid.httpexceptions import exception_response
from pyramid.response import Response

import sentry_like

begin("pyramid")


class Policy:
    """Knows who asks for `/login`: the methods of a security policy, and of an authentication policy, which
    is what Pyramid before 2.0 has in its place.
    """

    def identity(self, request):
        return USER

    def authenticated_userid(self, request):
        return USER["id"]

    def permits(self, request, context, permission):
        return True


def text(body, status=200):
    return Response(body, status, content_type="text/plain")


def isolated(request):
    tags = tags_now()
    return Response(json=tags)


def versions_here(request):
    return Response(json=versions())


def flushed(request):
    flush()
    return text("ok")


def ok(request):
    log_five()
    return text("ok")


def tagged(request):
    who = request.matchdict["who"]
    note(who)
    time.sleep(PAUSE)
    if request.params.get("fail") == "1":
        raise ValueError(who)
    return text(who)


def error(request):
    raise ValueError("unhandled")


def handled(request):
    raise Teapot("short and stout")


def handled_502(request):
    raise BadGateway("no upstream")


def abort(request):
    raise exception_response(int(request.matchdict["status"]))


def returned(request):
    return text("returned", int(request.matchdict["status"]))


def stream(request):
    return Response(app_iter=iter([b"one,", b"two,", b"three"]), content_type="text/plain")


def stream_error(request):
    def chunks():
        yield b"one,"
        raise ValueError("mid-body")

    return Response(app_iter=chunks(), content_type="text/plain")


def body(request):
    kind = request.content_type
    if kind.endswith(("/json", "+json")):
        request.json_body
    elif kind == "multipart/form-data":
        request.POST["picture"].file.read()
    elif kind == "application/x-www-form-urlencoded":
        dict(request.POST)
    else:
        request.body
    raise ValueError("after the body")


def unread(request):
    raise ValueError("unread")


def upload(request):
    return text(str(sum(len(chunk) for chunk in iter(lambda: request.body_file.read(65536), b""))))


def login(request):
    assert request.authenticated_userid == getattr(request, "identity", USER)["id"]
    raise ValueError("logged in")


def message(request):
    sentry_like.capture_message("from a handler")
    return text("ok")


def chained(request):
    try:
        raise ValueError("cause")
    except ValueError as error:
        raise RuntimeError("outer") from error


def wait(request):
    time.sleep(WAIT)
    return text("late")


def teapot(error, request):
    return text("teapot", 418)


def bad_gateway(error, request):
    return text("bad gateway", 502)


ROUTES = {
    "isolated": isolated,
    "versions": versions_here,
    "flush": flushed,
    "ok": ok,
    "error": error,
    "handled": handled,
    "handled-502": handled_502,
    "stream": stream,
    "stream-error": stream_error,
    "body": body,
    "unread": unread,
    "upload": upload,
    "login": login,
    "message": message,
    "chained": chained,
    "wait": wait,
    "tagged/{who}": tagged,
    "abort/{status}": abort,
    "returned/{status}": returned,
}


def made():
    with Configurator() as config:
        if hasattr(config, "set_security_policy"):
            config.set_security_policy(Policy())
        else:
            from pyramid.authorization import ACLAuthorizationPolicy

            config.set_authorization_policy(ACLAuthorizationPolicy())
            config.set_authentication_policy(Policy())
        for path, view in ROUTES.items():
            config.add_route(view.__name__, f"/{path}")
            config.add_view(view, route_name=view.__name__)
        config.add_exception_view(teapot, context=Teapot)
        config.add_exception_view(bad_gateway, context=BadGateway)
        return config.make_wsgi_app()


app = made()
