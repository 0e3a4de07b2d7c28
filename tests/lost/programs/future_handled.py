"""A job on a pool of threads fails, and who asks catches that."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    future = pool.submit(work)
    try:
        future.result()
    except ValueError:
        print("handled")
