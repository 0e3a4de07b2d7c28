"""What all applications of the web tests do alike; the routes and what raises in them are each one's own.

`begin(identifier)` starts the client. Options and settings come from the environment, as JSON.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import logging
import os

import sentry_like
from sentry_like.integrations.registry import REGISTRY

PAUSE = 0.003
WAIT = 0.5
"""Seconds that `/tagged` and `/wait` take."""

USER = {"id": "7", "username": "ann", "email": "ann@example.com"}
"""Who logs in."""


class Teapot(Exception):
    """An error that the application's own handler turns into 418."""


class BadGateway(Exception):
    """An error that the application's own handler turns into 502."""


def begin(identifier: str) -> None:
    """Start the client, if there is a DSN; the integration is made here only if there are settings."""
    logging.getLogger("shop").setLevel(logging.INFO)
    if "SENTRY_DSN" not in os.environ:
        return
    options = json.loads(os.environ.get("SENTRY_TEST_OPTIONS", "{}"))
    if settings() and identifier in REGISTRY:
        place, _, kind = REGISTRY[identifier].place.partition(":")
        room = importlib.import_module(f"sentry_like.integrations.{place}")
        options["integrations"] = [getattr(room, kind)(**settings())]
    sentry_like.init(**options)


def settings() -> dict:
    """What the integration, or the middleware, is to be called with."""
    return json.loads(os.environ.get("SENTRY_TEST_SETTINGS", "{}"))


def log_five() -> None:
    for number in range(5):
        logging.getLogger("shop").info("line %s", number)


def note(who: str) -> None:
    sentry_like.set_tag("who", who)
    sentry_like.set_user({"id": who})
    sentry_like.add_breadcrumb(message=who)


def tags_now() -> dict:
    """The tags that an event would carry now."""
    event: dict = {}
    sentry_like.Hub.current.effective_scope(None, {}).apply_to(event, {}, lambda name, value: value)
    return dict(event.get("tags") or {})


def versions() -> dict:
    """`{package: version}` of everything that this process finds."""
    found: dict = {}
    for package in importlib.metadata.distributions():  # the first one found is the one that is imported
        found.setdefault(package.metadata["Name"].lower(), package.version)
    return found


def flush() -> None:
    sentry_like.flush(5)
