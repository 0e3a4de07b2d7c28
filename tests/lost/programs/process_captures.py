"""A child process reports by hand, and ends."""

import multiprocessing
import sys

import sentry_like

sentry_like.init()


def work():
    sentry_like.capture_message("from the child")


if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work)
    process.start()
    process.join()
