"""A generator that nobody finished fails at its end."""

import sentry_like

sentry_like.init()


def numbers():
    try:
        yield 1
    finally:
        raise ValueError("the generator could not tidy up")


print(next(numbers()))
