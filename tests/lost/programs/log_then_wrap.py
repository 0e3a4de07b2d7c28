"""One layer logs an exception; the next makes another of it, which is uncaught."""

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
except KeyError as error:
    raise RuntimeError("no breakfast") from error
