"""Runs out of memory, or says so."""

import sentry_like

sentry_like.init()

raise MemoryError("the picture is too large")
