"""An object fails as it goes, after the interpreter began to forget its modules: too late to report."""

import sentry_like

sentry_like.init()
sentry_like.capture_message("earlier")


class Basket:
    def __del__(self):
        raise ValueError("could not be emptied")


basket = Basket()
