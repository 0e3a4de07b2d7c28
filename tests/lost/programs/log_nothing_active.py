"""Logs the exception being handled, when there is none."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

logger.error("all is well", exc_info=True)
