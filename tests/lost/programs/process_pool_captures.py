"""Jobs on a multiprocessing pool report by hand and by logging."""

import logging
import multiprocessing
import sys

import sentry_like

sentry_like.init()


def work(number):
    sentry_like.capture_message(f"by hand {number}")
    logging.getLogger("pool").error("logged %d", number)


if __name__ == "__main__":
    pool = multiprocessing.get_context(sys.argv[1]).Pool(2)
    pool.map(work, [1, 2])
    pool.close()
    pool.join()
