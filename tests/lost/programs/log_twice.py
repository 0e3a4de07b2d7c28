"""Logs one exception in two layers."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")


def brew():
    try:
        return {}["tea"]
    except KeyError:
        logger.exception("no tea")
        raise


try:
    brew()
except KeyError:
    logging.getLogger("kitchen").error("no breakfast", exc_info=True)
