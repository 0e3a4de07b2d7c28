"""Logs with loguru: an error, an exception, and what is no error."""

from loguru import logger

import sentry_like

sentry_like.init()

logger.info("the water boils")
logger.error("no {}", "tea")
try:
    {}["tea"]
except KeyError:
    logger.exception("no key")
