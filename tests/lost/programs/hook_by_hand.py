"""Puts an excepthook of its own in place of ours, which does not call ours."""

import sys

import sentry_like


def say(kind, error, traceback):
    print(f"sorry: {error}", file=sys.stderr)


sentry_like.init()
sys.excepthook = say

raise ValueError("the hook is another's")
