"""Fails with an exception that cannot be printed."""

import sentry_like

sentry_like.init()


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words for it")


raise Unprintable("hidden")
