"""What is called at the end fails; it was registered after the client."""

import atexit

import sentry_like

sentry_like.init()


@atexit.register
def tidy_up():
    raise ValueError("could not tidy up")
