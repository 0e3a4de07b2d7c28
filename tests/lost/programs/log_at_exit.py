"""Logs an error at the end."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

import atexit  # noqa: E402

atexit.register(logger.error, "the shop closes")
