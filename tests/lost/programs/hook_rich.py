"""Has its tracebacks printed in colours."""

import rich.traceback

import sentry_like

sentry_like.init()
rich.traceback.install()

raise ValueError("printed in colours")
