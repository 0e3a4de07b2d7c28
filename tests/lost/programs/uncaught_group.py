"""Fails in the main thread with two failures at once."""

import sentry_like

sentry_like.init()

raise ExceptionGroup("both failed", [ValueError("one"), KeyError("two")])  # noqa: F821 - runs on 3.11 and later
