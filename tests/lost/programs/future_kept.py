"""A job on a pool of threads fails, and its future is still there at the end, unread."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    futures = [pool.submit(work)]
