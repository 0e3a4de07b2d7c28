"""A thread ends itself."""

import sys
import threading

import sentry_like

sentry_like.init()

thread = threading.Thread(target=sys.exit, args=("enough",))
thread.start()
thread.join()
