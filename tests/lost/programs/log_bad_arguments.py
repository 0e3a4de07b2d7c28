"""Logs an error whose arguments do not fit."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

logger.error("%d teas left", "no")
print("on we go")
