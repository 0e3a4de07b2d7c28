"""A job on a pool of threads fails, and nobody asks."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    pool.submit(work)
