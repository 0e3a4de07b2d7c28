"""What is called at the end fails; it was registered before the client, and so comes after it."""

import atexit

import sentry_like


@atexit.register
def tidy_up():
    raise ValueError("could not tidy up")


sentry_like.init()
