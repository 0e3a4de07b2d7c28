"""Is stopped by a signal while it waits for the server."""

import time

import sentry_like

sentry_like.init()

sentry_like.capture_message("first")
sentry_like.flush(10)
sentry_like.capture_message("second")
print("waiting", flush=True)
sentry_like.flush(30)
time.sleep(30)
