"""Logs what is no error."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

logging.basicConfig(level=logging.DEBUG)
logger.debug("boiling water")
logger.info("the water boils")
logger.warning("the kettle is old")
