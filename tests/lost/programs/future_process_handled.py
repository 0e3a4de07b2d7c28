"""A job on a pool of processes fails, and who asks catches that."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the job failed")


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        try:
            pool.submit(work).result()
        except ValueError:
            print("handled")
