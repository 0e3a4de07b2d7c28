"""An object fails as it goes."""

import sentry_like

sentry_like.init()


class Basket:
    def __del__(self):
        raise ValueError("could not be emptied")


Basket()
print("on we go")
