"""Warns."""

import warnings

import sentry_like

sentry_like.init()

warnings.warn("the kettle is old", UserWarning, stacklevel=1)
