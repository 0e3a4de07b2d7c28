"""A job of a map fails, and who looks at the results catches that."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(1) as pool:
    try:
        list(pool.map(work, [1]))
    except ValueError:
        print("handled")
