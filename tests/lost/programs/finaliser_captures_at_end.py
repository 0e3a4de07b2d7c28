"""An object reports by hand as it goes, at the very end: too late, but nothing breaks."""

import sentry_like

sentry_like.init()
sentry_like.capture_message("earlier")


class Basket:
    def __del__(self):
        sentry_like.capture_message("as it goes")


basket = Basket()
