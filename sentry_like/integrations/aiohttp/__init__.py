"""Captures errors of requests to an aiohttp server, and notes the requests that aiohttp's client makes."""

from __future__ import annotations

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.outgoing import Patterns
from sentry_like.integrations._common.serving import METHODS_TO_CAPTURE, SERVER_ERRORS, WebIntegration
from sentry_like.integrations.aiohttp.client import watch_client

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from types import ModuleType


class AioHttpIntegration(WebIntegration):
    """Makes each request to a server a unit of work, and keeps a breadcrumb for each request of the client.

    `ignore` holds patterns as of `fnmatch`: a request of the client whose URL they match, with or without its
    query, leaves no breadcrumb.

    Raises:
        ValueError: there is no such `transaction_style`.
        TypeError: the status codes are no collection of integers, or `ignore` holds something else than text.
    """

    identifier = "aiohttp"
    styles = ("handler_name", "method_and_path_pattern")

    def __init__(
        self,
        transaction_style: str | None = None,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
        *,
        ignore: str | Iterable[str] = (),
    ) -> None:
        super().__init__(transaction_style, failed_request_status_codes, http_methods_to_capture)
        self.ignore = Patterns(ignore)

    def setup_once(self) -> None:
        watch_client()
        when_imported("aiohttp.web", _watch_server)

    def wants_request(self, url: str) -> bool:
        """Whether a request of the client to this URL is noted."""
        return not self.ignore.match_url(url)


def _watch_server(_: ModuleType) -> None:
    """Only now is the server imported: an application that is but a client never loads it."""
    from sentry_like.integrations.aiohttp.server import watch_server

    watch_server()
