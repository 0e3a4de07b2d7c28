"""Threads die one after the other, each of its own exception, which look the same."""

import threading

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the thread died")


for _ in range(3):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
