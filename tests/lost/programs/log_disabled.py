"""Logs what was switched off."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

logging.disable(logging.CRITICAL)
logger.critical("switched off")
logging.disable(logging.NOTSET)
logger.disabled = True
logger.critical("switched off as well")
