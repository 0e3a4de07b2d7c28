"""Logs with structlog, which hands its events to logging."""

import logging

import structlog

import sentry_like

sentry_like.init()
logging.basicConfig(format="%(message)s")
structlog.configure(
    processors=[structlog.stdlib.add_log_level, structlog.processors.KeyValueRenderer()],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
structlog.get_logger("shop").error("no tea", cups=2)
