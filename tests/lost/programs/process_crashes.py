"""A child process crashes."""

import multiprocessing
import sys

import sentry_like

sentry_like.init()


def work():
    raise ValueError("the child crashed")


if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work)
    process.start()
    process.join()
    print(process.exitcode)
