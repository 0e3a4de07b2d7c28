"""Each request of an httpx client, sync or async, leaves one breadcrumb, however it ends.

It is noted where a client hands a request to one of its transports: once for each hop of a redirect and each
step of an authentication, whatever protocol or transport it takes.
"""

from __future__ import annotations

import httpx

from sentry_like.integrations._common.outgoing import Patterns, note_of
from sentry_like.integrations._common.patch import around
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    Function = Callable[..., Any]

HTTPX = "httpx"


class HttpxIntegration(Integration):
    """Keeps a breadcrumb for each request.

    `ignore` holds patterns as of `fnmatch`: a request whose URL they match, with or without its query, leaves
    none.

    Raises:
        TypeError: `ignore` holds something else than text.
    """

    identifier = HTTPX

    def __init__(self, *, ignore: str | Iterable[str] = ()) -> None:
        self.ignore = Patterns(ignore)

    def setup_once(self) -> None:
        _watch_client()
        _watch_async_client()

    def wants_request(self, url: str) -> bool:
        """Whether a request to this URL is noted."""
        return not self.ignore.match_url(url)


def _watch_client() -> None:
    @around(httpx.Client, "_send_single_request", HTTPX)
    def send(original: Function, client: Any, request: Any) -> Any:
        note = note_of(HTTPX, request.method, str(request.url))
        if note is None:
            return original(client, request)
        try:
            response = original(client, request)
        except BaseException as error:
            note.failed(error, hint_for(request))
            raise
        note.answered(response.status_code, response.reason_phrase, hint_for(request, response))
        return response


def _watch_async_client() -> None:
    @around(httpx.AsyncClient, "_send_single_request", HTTPX)
    async def send(original: Function, client: Any, request: Any) -> Any:
        note = note_of(HTTPX, request.method, str(request.url))
        if note is None:
            return await original(client, request)
        try:
            response = await original(client, request)
        except BaseException as error:
            note.failed(error, hint_for(request))
            raise
        note.answered(response.status_code, response.reason_phrase, hint_for(request, response))
        return response


def hint_for(request: Any, response: Any = None) -> dict[str, Any]:
    hint = {"httpx_request": request}
    if response is not None:
        hint["httpx_response"] = response
    return hint
