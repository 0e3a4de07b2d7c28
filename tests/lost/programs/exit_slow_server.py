"""Leaves with a queue full of events, while the server takes its time."""

import sys

import sentry_like

sentry_like.init(shutdown_timeout=20)

for number in range(5):
    sentry_like.capture_message(f"{number}")
sys.exit(3)
