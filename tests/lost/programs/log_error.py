"""Logs an error, three ways."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

logger.error("no %s in the %s", "tea", "basket")
logging.error("on the root logger")
logging.LoggerAdapter(logger, {"visitor": "ada"}).critical("the shop is on fire")
