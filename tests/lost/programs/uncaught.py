"""Fails in the main thread."""

import sentry_like

sentry_like.init()

raise ValueError("nobody catches this")
