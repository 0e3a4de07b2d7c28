"""Captures errors of requests to a Tornado application."""

from __future__ import annotations

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.logs import ignore_logger, unignore_logger
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.integrations._common.serving import WebIntegration
from sentry_like.integrations.tornado.bodies import watch_bodies
from sentry_like.integrations.tornado.coroutines import keep_hub_in_coroutines
from sentry_like.integrations.tornado.errors import watch_errors
from sentry_like.integrations.tornado.handlers import watch_handlers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

ACCESS_LOG = "tornado.access"
"""Tells every answer of 5xx as an error, without saying why."""


class TornadoIntegration(WebIntegration):
    """Makes each request a unit of work; a WebSocket is one, as long as it is open."""

    identifier = "tornado"
    styles = ("handler_name", "method_and_path_pattern")

    def setup_once(self) -> None:
        watch_handlers()
        watch_errors()
        watch_bodies()
        keep_hub_in_coroutines()
        when_imported("tornado.websocket", _watch_websockets)
        ignore_logger(ACCESS_LOG)
        on_uninstall(self.identifier, lambda: unignore_logger(ACCESS_LOG))


def _watch_websockets(_: ModuleType) -> None:
    from sentry_like.integrations.tornado.websockets import watch_websockets

    watch_websockets()
