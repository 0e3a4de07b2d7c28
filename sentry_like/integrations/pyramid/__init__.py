"""Requests of Pyramid, each a unit of work, named by the route that matched or, in a traversal, by what was
found.

What an exception view turns into an answer is told if the answer's status says so, as the exception that led
to it; what leaves the router nobody has handled.
"""

from __future__ import annotations

import sys
from functools import partial

from pyramid import router
from pyramid.request import Request
from pyramid.router import Router
from webob.request import DisconnectionError

from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import WebIntegration, met
from sentry_like.integrations._common.wsgi import serve
from sentry_like.integrations.pyramid.request import PyramidRequest, told_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

USER_PROPERTIES = ("authenticated_userid", "identity")
"""Of a request; before 2.0 it has only the first."""


class PyramidIntegration(WebIntegration):
    """Captures errors of requests.

    `transaction_style`: "route_name" names a request `cart`, "route_pattern" names it `/cart/{number}`.
    """

    identifier = "pyramid"
    styles = ("route_name", "route_pattern")

    def setup_once(self) -> None:
        around(Router, "__call__", "pyramid")(served)
        before(router, "_call_view", "pyramid")(found)
        before(Request, "invoke_exception_view", "pyramid")(handled)
        for name in USER_PROPERTIES:
            if hasattr(Request, name):
                around(Request, name, "pyramid")(partial(asked, name))

    def refuses(self, error: BaseException) -> bool:
        """Whether it only says that the client is gone: a server may log it, too."""
        return isinstance(error, DisconnectionError) or super().refuses(error)


def served(original: Any, app: Router, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    settings = integration_now("pyramid")
    return serve(partial(original, app), environ, start_response, PyramidRequest, settings)


def found(_: Any, request: Any, context: Any, __: Any, view_name: str, *___: Any, **____: Any) -> None:
    """The router knows route and context of a request, and looks for the view."""
    served_now = told_of(request)
    if served_now is not None:
        served_now.take(request)
        served_now.found = type(context), view_name


def handled(made: Any, exc_info: Any = None, request: Any = None, *_: Any, **__: Any) -> None:
    """An exception view is to answer; if there is none, the exception goes on its way."""
    failed_one = made if request is None else request
    served_now, error = told_of(failed_one), (exc_info or sys.exc_info())[1]
    if served_now is not None:  # it may have failed before a view was looked for
        served_now.take(failed_one)
        served_now.keep_identity()
    if error is not None:
        met(error)


def asked(name: str, original: Any, request: Any) -> Any:
    """The application asks who is logged in: what it learns, an event may tell."""
    value = original(request)
    served_now = told_of(request)
    if served_now is not None:
        setattr(served_now, name, value)
    return value
