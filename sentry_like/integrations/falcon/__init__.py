"""Requests of Falcon, each a unit of work, named by the template of its route.

Falcon asks handlers of errors for an answer, its own ones last. What its own handler of `Exception` answers
nobody has handled; all else is told if the status of the answer says so. Applications for ASGI are the
matter of `asgi`.
"""

from __future__ import annotations

from functools import partial
from inspect import signature

from falcon.app import App

from sentry_like.hub import integration_now
from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import around, before
from sentry_like.integrations._common.serving import WebIntegration, failed, met, serving_here
from sentry_like.integrations._common.wsgi import WsgiRequest, serve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType
    from typing import Any

    from sentry_like.integrations._common.request import Request

LAST_RESORT = "_python_error_handler"


class FalconIntegration(WebIntegration):
    """Captures errors of requests, WebSockets and background jobs, WSGI and ASGI.

    `transaction_style`: "uri_template" names a request `/cart/{number}`, "path" names it `/cart/7`.
    """

    identifier = "falcon"
    styles = ("uri_template", "path")

    def setup_once(self) -> None:
        around(App, "__call__", "falcon")(served)
        show_parameters(vars(App)["__call__"])
        around(App, "_get_responder", "falcon")(routed)
        before(App, "_handle_exception", "falcon")(handled)
        when_imported("falcon.asgi.app", also_serve_asgi)


def show_parameters(function: Any) -> None:
    """Let `inspect` see them even if it does not look through wrappers: `falcon.testing` tells WSGI from ASGI
    by their number.
    """
    function.__signature__ = signature(function)


class FalconRequest(WsgiRequest):
    """A request, and the template that its path matched."""

    __slots__ = ("uri_template",)

    def __init__(self, environ: dict[str, Any]) -> None:
        self.environ = environ
        self.uri_template: str | None = None

    def transaction(self, style: str) -> tuple[str, str] | None:
        return named_by(self.uri_template, self, style)


def named_by(uri_template: str | None, request: Request, style: str) -> tuple[str, str] | None:
    """`(name, source)`. What a sink takes has no template."""
    if style == "path":
        return request.path(), "url"
    return None if uri_template is None else (uri_template, "route")


def also_serve_asgi(_: ModuleType) -> None:
    from sentry_like.integrations.falcon import asgi

    asgi.install()


def served(
    original: Any, app: App[Any, Any], environ: dict[str, Any], start_response: Any
) -> Iterable[bytes]:
    settings = integration_now("falcon")
    return serve(partial(original, app), environ, start_response, FalconRequest, settings)


def routed(original: Callable[[Any, Any], Any], app: App[Any, Any], made: Any) -> Any:
    """Falcon tells the template of the route only in its answer."""
    route = original(app, made)
    serving = serving_here()
    request: Any = None if serving is None else serving.request
    if hasattr(request, "uri_template"):
        request.uri_template = route[3]
    return route


def handled(app: App[Any, Any], _: Any, __: Any, error: Exception, *___: Any, **____: Any) -> None:
    """Falcon looks for a handler of the error."""
    if is_the_last_resort(app._find_error_handler(error)):
        failed(error, "falcon")
    else:
        met(error)


def is_the_last_resort(handler: Any) -> bool:
    """Whether it is Falcon's own handler of errors that nobody has handled."""
    return getattr(handler, "__name__", "") == LAST_RESORT and is_falcons(handler)


def is_falcons(handler: Any) -> bool:
    return str(getattr(handler, "__module__", "")).partition(".")[0] == "falcon"
