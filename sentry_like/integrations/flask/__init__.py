"""Requests of Flask, each a unit of work, named by its endpoint or its rule.

What Flask gives up on is told as unhandled, even where the application has a page for it
(`errorhandler(500)`); what a handler turns into an answer is told if the status of that answer says so.
"""

from __future__ import annotations

from functools import partial, wraps

from flask.app import Flask
from flask.signals import got_request_exception
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.logs import ignore_logger, unignore_logger
from sentry_like.integrations._common.patch import around, before, on_uninstall, replace
from sentry_like.integrations._common.serving import WebIntegration, failed, is_known_by, met
from sentry_like.integrations._common.wrappers import wrap_around
from sentry_like.integrations._common.wsgi import serve
from sentry_like.integrations.base import DidNotEnable
from sentry_like.integrations.flask.requests import FlaskRequest
from sentry_like.units import carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch


class FlaskIntegration(WebIntegration):
    """Captures errors of requests.

    `transaction_style`: "endpoint" names a request `shop.cart`, "url" names it `/cart/<int:id>`.

    Raises:
        DidNotEnable: it is Quart that poses as Flask.
    """

    identifier = "flask"
    styles = ("endpoint", "url")

    def setup_once(self) -> None:
        if Flask.__module__.partition(".")[0] != "flask":
            raise DidNotEnable(f"{Flask.__module__} poses as Flask")
        around(Flask, "__call__", "flask")(served)
        replace(Flask, "wsgi_app", "flask", served_once)
        around(Flask, "async_to_sync", "flask")(in_the_same_hub)
        before(Flask, "handle_user_exception", "flask")(handled)
        ignore_logger("werkzeug")  # the development server's: errors as text, that were told as such
        on_uninstall("flask", lambda: unignore_logger("werkzeug"))
        if hasattr(got_request_exception, "receivers"):
            got_request_exception.connect(given_up)
            on_uninstall("flask", lambda: got_request_exception.disconnect(given_up))
        else:  # before 2.3 blinker may be missing, and the signal is a dummy
            before(Flask, "handle_exception", "flask")(given_up)


def served(original: Any, app: Flask, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    settings = integration_now("flask")
    return serve(partial(original, app), environ, start_response, FlaskRequest, settings)


def served_once(original: Any, switch: Switch) -> Any:
    """The same for `wsgi_app`, which servers may be given as well, but mostly is called by `__call__`."""
    serve_here = wrap_around(switch, original, served)

    @wraps(original)
    def wsgi_app(app: Flask, environ: dict[str, Any], start_response: Any) -> Any:
        is_served = False
        with contained("flask"):
            is_served = is_known_by(FlaskRequest, environ)
        return (original if is_served else serve_here)(app, environ, start_response)

    return wsgi_app


def in_the_same_hub(original: Any, app: Flask, function: Any) -> Any:
    """An asynchronous view has a task and a thread of its own, while the request waits for it."""

    async def lent(*args: Any, **kwargs: Any) -> Any:
        active = carried.get(None)
        if active is None:
            return await function(*args, **kwargs)
        try:
            with active.hub:
                return await function(*args, **kwargs)
        finally:
            carried.set(active)  # asgiref hands the view's context back to the thread of the request

    return original(app, lent)


def handled(_: Flask, *given: Any) -> None:
    """Flask looks for a handler, and calls `given_up` if there is none. The error is the last argument."""
    error = given[-1]
    if not isinstance(error, RoutingException):
        met(error)


def given_up(_: Flask, exception: BaseException, **__: Any) -> None:
    """Nobody has handled it. Extensions that answer errors themselves say so, too, some of HTTP exceptions as
    well.
    """
    if integration_now("flask") is None:
        return
    with contained("flask"):
        if isinstance(exception, HTTPException):
            met(exception)
        else:
            failed(exception, "flask")
