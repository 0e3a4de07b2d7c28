"""A job on a pool of threads fails, nobody asks, and nobody closes the pool."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


pool = ThreadPoolExecutor(1)
pool.submit(work)
