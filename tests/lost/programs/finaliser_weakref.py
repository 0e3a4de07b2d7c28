"""The callback of a weak reference fails."""

import weakref

import sentry_like

sentry_like.init()


class Basket:
    pass


def gone(reference):
    raise ValueError("the callback failed")


basket = Basket()
reference = weakref.ref(basket, gone)
del basket
