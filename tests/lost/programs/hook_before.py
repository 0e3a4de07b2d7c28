"""Has an excepthook of its own already when the client comes."""

import sys

import sentry_like


def say(kind, error, traceback):
    print(f"sorry: {error}", file=sys.stderr)


sys.excepthook = say
sentry_like.init()

raise ValueError("the hook was there first")
