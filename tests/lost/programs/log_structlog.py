"""Logs with structlog: an error, an exception, and what is no error."""

import structlog

import sentry_like


def brew(logger):
    logger.info("the water boils")
    logger.error("no tea", cups=2)
    try:
        {}["tea"]
    except KeyError:
        logger.exception("no key")


sentry_like.init()
brew(structlog.get_logger())
