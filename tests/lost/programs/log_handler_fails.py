"""The application's own handler fails."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")


class Full(logging.Handler):
    def emit(self, record):
        raise OSError("the disk is full")


logger.addHandler(Full())
logger.error("no tea")
