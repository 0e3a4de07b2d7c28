"""Warns twice, is heard once, and wants to know of it."""

import warnings

import sentry_like
from sentry_like.integrations.warnings import WarningsIntegration

sentry_like.init(integrations=[WarningsIntegration(as_events=True)])

for _ in range(2):
    warnings.warn("the kettle is old", UserWarning, stacklevel=1)
