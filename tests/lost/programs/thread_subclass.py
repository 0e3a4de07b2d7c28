"""A thread with a `run` of its own dies."""

import threading

import sentry_like

sentry_like.init()


class Worker(threading.Thread):
    def run(self):
        raise ValueError("the thread died")


worker = Worker()
worker.start()
worker.join()
