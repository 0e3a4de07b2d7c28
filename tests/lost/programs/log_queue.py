"""Logs through a queue, whose listener handles the record again on its thread."""

import logging

import sentry_like

sentry_like.init()
logger = logging.getLogger("shop")

import queue  # noqa: E402
from logging.handlers import QueueHandler, QueueListener  # noqa: E402

records = queue.Queue()
logger.addHandler(QueueHandler(records))
listener = QueueListener(records, logging.StreamHandler())
listener.start()
logger.error("no tea")
listener.stop()
