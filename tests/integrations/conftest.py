"""Fixtures of the integrations that leave breadcrumbs."""

from __future__ import annotations

import pytest

import sentry_like


@pytest.fixture
def noting(init):
    """A client that notes what the application does through the standard library."""
    from sentry_like.integrations.stdlib import StdlibIntegration

    init(integrations=[StdlibIntegration()])


@pytest.fixture
def crumbs(events):
    """`crumbs()`: the breadcrumbs of an event that is captured now."""

    def read():
        sentry_like.capture_message("now")
        return events[-1].get("breadcrumbs", {}).get("values", [])

    return read
