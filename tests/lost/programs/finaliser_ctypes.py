"""A function that C calls back fails."""

import ctypes

import sentry_like

sentry_like.init()


@ctypes.CFUNCTYPE(None)
def ring():
    raise ValueError("the callback failed")


ring()
