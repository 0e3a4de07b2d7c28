"""Puts a hook for dying threads in place of ours, which does not call ours."""

import sys
import threading

import sentry_like


def say(args):
    print(f"sorry: {args.exc_value}", file=sys.stderr)


def work():
    raise ValueError("the hook is another's")


sentry_like.init()
threading.excepthook = say

thread = threading.Thread(target=work)
thread.start()
thread.join()
