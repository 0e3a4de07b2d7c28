"""Has a hook for dying threads already when the client comes."""

import sys
import threading

import sentry_like


def say(args):
    print(f"sorry: {args.exc_value}", file=sys.stderr)


def work():
    raise ValueError("the hook was there first")


threading.excepthook = say
sentry_like.init()

thread = threading.Thread(target=work)
thread.start()
thread.join()
