"""Keeps commands of PyMongo's clients as breadcrumbs: of sync and async ones, also of those made before.

It listens where PyMongo tells its own command listeners, on the thread or task that sent the command, and
keeps nothing of a command but its text. What the driver sends for itself leaves nothing.
"""

from __future__ import annotations

from contextvars import ContextVar

from pymongo import monitoring

from sentry_like.integrations._common.imports import when_imported
from sentry_like.integrations._common.patch import around, replace
from sentry_like.integrations.base import Integration
from sentry_like.integrations.pymongo.commands import INTERNAL, PYMONGO, MongoCommand, complaint_in
from sentry_like.integrations.pymongo.connections import watch_pool, watch_topology

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.integrations._common.wrappers import Switch

    Function = Callable[..., Any]

LISTENERS = monitoring._EventListeners

under_way: ContextVar[tuple[int, MongoCommand] | None] = ContextVar("sentry_like_pymongo", default=None)
"""The command that this thread or task waits for, and the id of its request."""


class PyMongoIntegration(Integration):
    """Keeps a breadcrumb for each command, and for each connection that could not be had."""

    identifier = PYMONGO

    def setup_once(self) -> None:
        replace(LISTENERS, "enabled_for_commands", PYMONGO, always_enabled)
        around(LISTENERS, "publish_command_start", PYMONGO)(started)
        around(LISTENERS, "publish_command_success", PYMONGO)(succeeded)
        around(LISTENERS, "publish_command_failure", PYMONGO)(failed)
        for package in ("pymongo", "pymongo.synchronous", "pymongo.asynchronous"):
            when_imported(f"{package}.topology", watch_topology)
            when_imported(f"{package}.pool", watch_pool)


def always_enabled(original: Function, switch: Switch) -> Function:
    """`enabled_for_commands` such that commands are published for us, though nobody else listens."""

    def enabled_for_commands(listeners: Any) -> Any:
        return switch.is_on() or original(listeners)

    return enabled_for_commands


def is_heard(listeners: Any) -> bool:
    """Whether the application listens, too."""
    return bool(vars(listeners).get("_EventListeners__enabled_for_commands", True))


def started(original: Function, listeners: Any, *args: Any, **options: Any) -> None:
    """Called with `command, database_name, request_id, connection_id, ...`."""
    command, database, request_id, address = args[:4]
    name = next(iter(command))
    if name.lower() not in INTERNAL:
        under_way.set((request_id, MongoCommand.begun(name, command, database, address)))
    if is_heard(listeners):
        original(listeners, *args, **options)


def succeeded(original: Function, listeners: Any, *args: Any, **options: Any) -> None:
    """Called with `duration, reply, command_name, request_id, ...`."""
    reply, request_id = args[1], args[3]
    command = take(request_id)
    if command is not None:
        complaint = complaint_in(reply)
        if complaint is None:
            command.succeeded({"pymongo_reply": reply})
        else:
            command.refused(complaint, {"pymongo_reply": reply})
    if is_heard(listeners):
        original(listeners, *args, **options)


def failed(original: Function, listeners: Any, *args: Any, **options: Any) -> None:
    """Called with `duration, failure, command_name, request_id, ...`."""
    failure, request_id = args[1], args[3]
    command = take(request_id)
    if command is not None:
        command.refused(failure, {"pymongo_failure": failure})
    if is_heard(listeners):
        original(listeners, *args, **options)


def take(request_id: int) -> MongoCommand | None:
    """What is under way with this id, which is over now."""
    present = under_way.get()
    if present is None or present[0] != request_id:
        return None
    under_way.set(None)
    return present[1]
