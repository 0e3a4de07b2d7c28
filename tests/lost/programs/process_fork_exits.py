"""A forked child reports, and leaves the usual way."""

import os
import sys

import sentry_like

sentry_like.init()

pid = os.fork()
if pid == 0:
    sentry_like.capture_message("from the child")
    sys.exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
