"""Fails in the main thread, because of another failure, while handling a third."""

import sentry_like

sentry_like.init()

try:
    {}["basket"]
except KeyError:
    try:
        int("three")
    except ValueError as error:
        raise RuntimeError("no basket") from error
