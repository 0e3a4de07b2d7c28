"""A forked child fails, and so does its parent."""

import os

import sentry_like

sentry_like.init()

pid = os.fork()
if pid == 0:
    raise ValueError("the child failed")
os.waitpid(pid, 0)
raise RuntimeError("the parent failed")
