"""Puts an excepthook of its own before ours, which calls ours."""

import sys

import sentry_like

sentry_like.init()
inner = sys.excepthook


def say(kind, error, traceback):
    print(f"sorry: {error}", file=sys.stderr)
    inner(kind, error, traceback)


sys.excepthook = say

raise ValueError("the hook calls ours")
