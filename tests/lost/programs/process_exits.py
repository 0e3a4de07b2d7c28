"""A child process ends itself."""

import multiprocessing
import sys

import sentry_like

sentry_like.init()

if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=sys.exit, args=(3,))
    process.start()
    process.join()
    print(process.exitcode)
