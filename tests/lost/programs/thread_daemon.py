"""A daemon thread dies, and nobody waits for it but the clock."""

import threading
import time

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the daemon died")


threading.Thread(target=work, daemon=True).start()
time.sleep(0.3)
