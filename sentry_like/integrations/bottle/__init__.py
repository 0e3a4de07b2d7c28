"""Requests of Bottle, each a unit of work, named by its callback or its rule.

Bottle wraps what it gives up on into an `HTTPError` of status 500, which it never raises, and asks the
application's handler of 500 for a page. An error is told as unhandled if the answer then still is a 500; a
handler that chooses another status has handled it.
"""

from __future__ import annotations

from functools import partial

from bottle import Bottle, HTTPError, HTTPResponse, Route, response

from sentry_like.hub import integration_now
from sentry_like.integrations._common.bodies import files_in, texts_in
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import WebIntegration, failed, met
from sentry_like.integrations._common.wsgi import WsgiRequest, serve
from sentry_like.integrations.bottle.callbacks import name_of, undecorated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

GIVEN_UP = 500


class BottleIntegration(WebIntegration):
    """Captures errors of requests.

    `transaction_style`: "endpoint" names a request `shop.cart`, or by the name of its route; "url" names it
    `/cart/<number:int>`.
    """

    identifier = "bottle"
    styles = ("endpoint", "url")

    def setup_once(self) -> None:
        around(Bottle, "wsgi", "bottle")(served)  # `__call__` does nothing but call it
        around(Bottle, "_cast", "bottle")(answering)
        around(Route, "get_undecorated_callback", "bottle")(undecorated)


class BottleRequest(WsgiRequest):
    """What Bottle knows of a request, by what it keeps in the request's environment."""

    __slots__ = ()

    def transaction(self, style: str) -> tuple[str, str] | None:
        route = self.environ.get("bottle.route")
        if route is None:
            return None
        if style == "url" or "mountpoint.target" in route.config:  # its callback is Bottle's own
            return route.rule, "route"
        return route.name or name_of(route.callback), "component"

    def form(self) -> Mapping[str, Any] | None:
        return texts_in(self._posted())

    def files(self) -> Iterable[tuple[str, Any]]:
        return files_in(self._posted())

    def _posted(self) -> Iterable[tuple[str, Any]]:
        """What Bottle has parsed. It takes whatever is not in several parts for a form: JSON as well."""
        parsed = self.environ.get("bottle.request.post")
        is_multipart = str(self.environ.get("CONTENT_TYPE", "")).lower().startswith("multipart/")
        return parsed.allitems() if is_multipart and parsed is not None else ()


def served(original: Any, app: Bottle, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    settings = integration_now("bottle")
    return serve(partial(original, app), environ, start_response, BottleRequest, settings)


def answering(original: Any, app: Bottle, out: Any, *more: Any) -> Any:
    """Bottle makes the answer of what a callback has returned or raised; here it asks handlers of errors."""
    cause = given_up(out)
    if cause is None and is_an_error(out):
        met(out)
    try:
        answer = original(app, out, *more)
    except BaseException as error:
        for lost in (cause, error):
            if lost is not None:
                failed(lost, "bottle")
        raise
    if cause is not None:
        settle(cause)
    return answer


def given_up(out: Any) -> BaseException | None:
    """What Bottle has caught and wrapped; an `HTTPError` that was raised speaks for itself."""
    return out.exception if isinstance(out, HTTPError) and out.__traceback__ is None else None


def is_an_error(out: Any) -> bool:
    """Not a response that was only returned."""
    return isinstance(out, HTTPError) or (isinstance(out, HTTPResponse) and out.__traceback__ is not None)


def settle(cause: BaseException) -> None:
    """Tell what led to an answer, now that handlers of errors have chosen its status."""
    if response.status_code == GIVEN_UP:
        failed(cause, "bottle")
    else:
        met(cause)
