"""A timer's function fails."""

import threading

import sentry_like

sentry_like.init()


def ring():
    raise ValueError("the bell is broken")


timer = threading.Timer(0.01, ring)
timer.start()
timer.join()
