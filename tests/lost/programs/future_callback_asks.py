"""A job on a pool of threads fails, and a callback asks for its exception."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    pool.submit(work).add_done_callback(lambda future: print(future.exception()))
