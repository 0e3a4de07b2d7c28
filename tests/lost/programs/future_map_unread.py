"""Two jobs of a map fail, and nobody looks at the results."""

from concurrent.futures import ThreadPoolExecutor

import sentry_like

sentry_like.init()


def work(number=1):
    raise ValueError(f"job {number} failed")


with ThreadPoolExecutor(2) as pool:
    pool.map(work, [1, 2])
