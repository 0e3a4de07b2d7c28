"""Requests to Sanic, by its own server or as an ASGI application, each a unit of work."""

from __future__ import annotations

from sentry_like.integrations._common.logs import ignore_logger, unignore_logger
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.integrations._common.serving import METHODS_TO_CAPTURE, SERVER_ERRORS, WebIntegration
from sentry_like.integrations.sanic.errors import watch_errors
from sentry_like.integrations.sanic.handling import SANIC, watch_handling
from sentry_like.integrations.sanic.tasks import watch_tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

ACCESS_LOG = "sanic.access"


class SanicIntegration(WebIntegration):
    """Captures errors of requests, WebSockets, listeners and background tasks.

    `transaction_style`: "endpoint" names a request `cart.show`, "url" names it `/cart/<id:int>`.
    `unsampled_statuses` are the statuses whose requests become no transactions where tracing is on; errors
    are told whatever the status.
    """

    identifier = SANIC
    styles = ("endpoint", "url")

    def __init__(
        self,
        transaction_style: str | None = None,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
        *,
        unsampled_statuses: Collection[int] | None = frozenset((404,)),
    ) -> None:
        super().__init__(transaction_style, failed_request_status_codes, http_methods_to_capture)
        self.unsampled_statuses = frozenset(unsampled_statuses or ())

    def setup_once(self) -> None:
        watch_handling()
        watch_errors()
        watch_tasks()
        ignore_logger(ACCESS_LOG)
        on_uninstall(SANIC, lambda: unignore_logger(ACCESS_LOG))
