"""A thread's exception is caught in the thread."""

import threading

import sentry_like

sentry_like.init()


def work():
    try:
        raise ValueError("caught")
    except ValueError:
        pass


thread = threading.Thread(target=work)
thread.start()
thread.join()
