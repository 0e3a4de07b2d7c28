"""Somebody presses Ctrl-C."""

import os
import signal
import time

import sentry_like

sentry_like.init()

os.kill(os.getpid(), signal.SIGINT)
time.sleep(10)
