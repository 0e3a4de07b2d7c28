"""Reports a failure by hand, then lets it go."""

import sentry_like

sentry_like.init()

try:
    raise ValueError("reported, then raised")
except ValueError as error:
    sentry_like.capture_exception(error)
    raise
