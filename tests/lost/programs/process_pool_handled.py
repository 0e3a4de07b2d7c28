"""A job on a multiprocessing pool fails, and who asks catches that."""

import multiprocessing
import sys

import sentry_like

sentry_like.init()


def work(number):
    raise ValueError(f"job {number} failed")


if __name__ == "__main__":
    pool = multiprocessing.get_context(sys.argv[1]).Pool(1)
    try:
        pool.map(work, [1])
    except ValueError:
        print("handled")
    pool.close()
    pool.join()
