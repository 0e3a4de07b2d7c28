"""An object fails as it goes, at the very end, when nothing was ever reported: too late."""

import sentry_like

sentry_like.init()


class Basket:
    def __del__(self):
        raise ValueError("could not be emptied")


basket = Basket()
