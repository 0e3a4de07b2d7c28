"""A thread without an object dies."""

import _thread
import time

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the thread died")


_thread.start_new_thread(work, ())
time.sleep(0.3)
