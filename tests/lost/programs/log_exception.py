"""Logs an exception that it handles."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

try:
    {}["tea"]
except KeyError:
    logger.exception("no tea")
print("on we go")
