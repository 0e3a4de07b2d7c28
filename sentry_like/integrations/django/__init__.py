"""Captures errors of Django, in requests (WSGI, ASGI, its test client), in consumers of Channels and in
commands; keeps statements as breadcrumbs.

Each module here knows one part of Django, and acts once the application has imported that part.
"""

from __future__ import annotations

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.logs import ignore_logger, unignore_logger
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.integrations._common.serving import METHODS_TO_CAPTURE, SERVER_ERRORS, WebIntegration
from sentry_like.integrations.django import (
    answers,
    commands,
    consumers,
    crossings,
    handlers,
    queries,
    rest,
    templates,
    testing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    from sentry_like.types import Event, Hint

PARTS = (
    ("asgiref.sync", crossings.watch),
    ("channels.consumer", consumers.watch),
    ("django.core.handlers.asgi", handlers.watch_asgi),
    ("django.core.handlers.base", handlers.watch_base),
    ("django.core.handlers.exception", answers.watch_exceptions),
    ("django.core.handlers.wsgi", handlers.watch_wsgi),
    ("django.core.management.base", commands.watch),
    ("django.core.signals", answers.watch_signal),
    ("django.db.backends.base.base", queries.watch_connections),
    ("django.db.backends.utils", queries.watch_cursors),
    ("django.test.client", testing.watch),
    ("rest_framework.views", rest.watch),
)
RETELLING = ("django.server", "django.request", "django.db.backends", "django.security.*")
"""The loggers that tell of each failed answer, of each statement, and of each refused request once more."""


class DjangoIntegration(WebIntegration):
    """Reports what fails in Django.

    `record_sql_params` shows the parameters of statements in breadcrumbs. The five settings after it speak of
    tracing; errors do not depend on them.

    Raises:
        ValueError: there is no such `transaction_style`.
        TypeError: the status codes are no collection of integers.
    """

    identifier = "django"
    styles = ("url", "function_name")

    def __init__(
        self,
        transaction_style: str | None = None,
        failed_request_status_codes: Collection[int] = SERVER_ERRORS,
        http_methods_to_capture: Collection[str] = METHODS_TO_CAPTURE,
        record_sql_params: bool = False,
        *,
        middleware_spans: bool = False,
        signals_spans: bool = True,
        cache_spans: bool = False,
        db_transaction_spans: bool = False,
        signals_denylist: Collection[Any] = (),
    ) -> None:
        super().__init__(transaction_style, failed_request_status_codes, http_methods_to_capture)
        self.record_sql_params = record_sql_params
        self.middleware_spans = middleware_spans
        self.signals_spans = signals_spans
        self.cache_spans = cache_spans
        self.db_transaction_spans = db_transaction_spans
        self.signals_denylist = tuple(signals_denylist or ())

    def setup_once(self) -> None:
        for module, watch in PARTS:
            when_imported(module, watch)
        for logger in RETELLING:
            ignore_logger(logger)
            on_uninstall(self.identifier, lambda logger=logger: unignore_logger(logger))  # type: ignore[misc]  # bound now

    def refuses(self, error: BaseException) -> bool:
        return answers.comes_again(error) or commands.is_printed(error)

    def process_event(self, event: Event, hint: Hint) -> None:
        templates.add_frames(event, hint)
