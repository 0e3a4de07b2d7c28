"""Has configured logging before the client comes."""

import logging

import sentry_like

logging.basicConfig(format="%(levelname)s %(message)s")
logger = logging.getLogger("shop")
logger.error("too early")
sentry_like.init()
logger.error("in time")
