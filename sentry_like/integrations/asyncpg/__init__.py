"""Keeps the statements that run through asyncpg as breadcrumbs, and connections that fail."""

from __future__ import annotations

from sentry_like.integrations.base import Integration


class AsyncPGIntegration(Integration):
    """Keeps a breadcrumb for each statement; with `record_params`, its parameters."""

    identifier = "asyncpg"

    def __init__(self, *, record_params: bool = False) -> None:
        self.record_params = record_params

    def setup_once(self) -> None:
        from sentry_like.integrations.asyncpg.calls import watch_connections, watch_prepared_statements

        watch_connections()
        watch_prepared_statements()
