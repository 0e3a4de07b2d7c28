"""The callback of a future fails."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


def ring(future):
    raise RuntimeError("the callback failed")


with ThreadPoolExecutor(1) as pool:
    pool.submit(print, "done").add_done_callback(ring)
