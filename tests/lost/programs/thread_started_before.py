"""A thread dies that ran already when the client came."""

import threading

import sentry_like

ready = threading.Event()


def work():
    ready.wait(10)
    raise ValueError("the old thread died")


thread = threading.Thread(target=work)
thread.start()
sentry_like.init()
ready.set()
thread.join()
