"""Logs an exception, and raises it again."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

try:
    {}["tea"]
except KeyError:
    logger.exception("no tea")
    raise
