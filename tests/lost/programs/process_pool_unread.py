"""A job on a multiprocessing pool fails, and nobody asks."""

import multiprocessing
import sys

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the job failed")


if __name__ == "__main__":
    pool = multiprocessing.get_context(sys.argv[1]).Pool(1)
    pool.apply_async(work)
    pool.close()
    pool.join()
