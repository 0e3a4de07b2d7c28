"""A thread dies."""

import threading

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the thread died")


thread = threading.Thread(target=work, name="worker-7")
thread.start()
thread.join()
