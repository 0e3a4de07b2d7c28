"""A child process crashes, of a program that starts the client where only the parent comes by."""

import multiprocessing
import sys

import sentry_like


def work():
    raise ValueError("the child crashed")


if __name__ == "__main__":
    sentry_like.init()
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work)
    process.start()
    process.join()
    print(process.exitcode)
