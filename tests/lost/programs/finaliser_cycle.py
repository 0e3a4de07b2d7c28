"""An object that only the garbage collector finds fails as it goes."""

import gc

import sentry_like

sentry_like.init()


class Basket:
    def __init__(self):
        self.own = self

    def __del__(self):
        raise ValueError("could not be emptied")


Basket()
gc.collect()
