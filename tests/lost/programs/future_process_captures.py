"""A job on a pool of processes reports by hand."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import sentry_like

sentry_like.init()


def work():
    sentry_like.capture_message("from the pool")
    return 42


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        print(pool.submit(work).result())
