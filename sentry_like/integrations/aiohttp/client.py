"""Each request of an aiohttp client leaves one breadcrumb, however it ends; a WebSocket begins with one, too.

It is noted from where a session looks for a connection until the head of the answer: once for each hop of a
redirect, each retry, each step of an authentication. A request under way is an attribute of the request, then
of the response. No trace config is needed, so sessions that were there before are noted as well, and nothing
stays attached to one.
"""

from __future__ import annotations

from time import monotonic

from aiohttp import ClientRequest, ClientResponse
from aiohttp.connector import BaseConnector

from sentry_like.errors import is_error
from sentry_like.integrations._common.outgoing import note_of
from sentry_like.integrations._common.patch import around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]

AIOHTTP = "aiohttp"
UNDER_WAY = "_sentry_like_request"


def watch_client() -> None:
    """Note each request of each `ClientSession`."""
    _watch_connectors()
    _watch_requests()
    _watch_responses()


def _watch_connectors() -> None:
    @around(BaseConnector, "connect", AIOHTTP)
    async def connect(original: Function, connector: Any, req: Any, traces: Any, timeout: Any) -> Any:
        note = note_of(AIOHTTP, req.method, str(req.url))
        if note is None:
            return await original(connector, req, traces, timeout)
        until = monotonic() + (timeout.connect or float("inf"))
        try:
            connection = await original(connector, req, traces, timeout)
        except BaseException as error:
            note.failed(as_told(error, req, until), hint_for(req))
            raise
        vars(req)[UNDER_WAY] = note
        return connection


def _watch_requests() -> None:
    @around(ClientRequest, "send", AIOHTTP)
    async def send(original: Function, req: Any, connection: Any) -> Any:
        note = vars(req).pop(UNDER_WAY, None)
        if note is None:  # left out, or sent to a proxy to make a tunnel
            return await original(req, connection)
        try:
            response = await original(req, connection)
        except BaseException as error:
            note.failed(as_told(error, req), hint_for(req))
            raise
        vars(response)[UNDER_WAY] = note, req
        return response


def _watch_responses() -> None:
    @around(ClientResponse, "start", AIOHTTP)
    async def start(original: Function, response: Any, connection: Any) -> Any:
        note, req = vars(response).pop(UNDER_WAY, (None, None))
        if note is None:
            return await original(response, connection)
        try:
            result = await original(response, connection)
        except BaseException as error:
            note.failed(as_told(error, req), hint_for(req))
            raise
        note.answered(response.status, response.reason, hint_for(req, response))
        return result


def as_told(error: BaseException, req: Any, until: float = float("inf")) -> BaseException:
    """The error, or the timeout that aiohttp is about to make of it: it cancels what takes too long, by the
    timer of all attempts, and in older versions also when the time to connect, which is over at `until`, is.
    """
    timer = getattr(req, "_timer", None)
    is_timeout = not is_error(error) and (getattr(timer, "_cancelled", False) or monotonic() >= until)
    return TimeoutError() if is_timeout else error


def hint_for(req: Any, response: Any = None) -> dict[str, Any]:
    hint = {"aiohttp_request": req}
    if response is not None:
        hint["aiohttp_response"] = response
    return hint
