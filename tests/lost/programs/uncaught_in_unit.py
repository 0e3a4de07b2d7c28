"""Fails within a unit of work."""

import sentry_like

sentry_like.init()

with sentry_like.isolate("cron", "nightly"):
    raise ValueError("the nightly job failed")
