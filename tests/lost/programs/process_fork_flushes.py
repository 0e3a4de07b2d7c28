"""A forked child reports, waits until that is sent, and leaves at once."""

import os

import sentry_like

sentry_like.init()
sentry_like.capture_message("from the parent")

pid = os.fork()
if pid == 0:
    sentry_like.capture_message("from the child")
    sentry_like.flush(10)
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
