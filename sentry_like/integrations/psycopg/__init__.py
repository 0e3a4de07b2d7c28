"""Keeps the statements that run through psycopg 3 as breadcrumbs, and connections and commits that fail."""

from __future__ import annotations

from sentry_like.integrations.base import Integration


class PsycopgIntegration(Integration):
    """Keeps a breadcrumb for each statement; with `record_params`, its parameters."""

    identifier = "psycopg"

    def __init__(self, *, record_params: bool = False) -> None:
        self.record_params = record_params

    def setup_once(self) -> None:
        from sentry_like.integrations.psycopg.connections import watch_connections
        from sentry_like.integrations.psycopg.cursors import watch_cursors
        from sentry_like.integrations.psycopg.streams import watch_streams

        watch_cursors()
        watch_streams()
        watch_connections()
