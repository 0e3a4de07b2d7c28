"""A job on a pool of threads fails, and takes the program that asks with it."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    pool.submit(work).result()
