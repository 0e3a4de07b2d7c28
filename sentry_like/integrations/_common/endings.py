"""Asks, at the interpreter's exit and before the queue is drained, those who still have something to report.

Process-wide state: who is asked.
"""

from __future__ import annotations

from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import on_uninstall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_asked: dict[str, Callable[[], object]] = {}


def before_drain(identifier: str, tell: Callable[[], object]) -> None:
    """Have `tell()` called at exit, however late the integration was set up; it captures what it knows of."""
    _asked[identifier] = tell
    on_uninstall(identifier, lambda: _asked.pop(identifier, None))


def current_clients() -> list[Any]:
    """The client of the process, and the current hub's own where that is another."""
    clients = (Hub.main.client, Hub.current.client)
    return list({id(client): client for client in clients if client is not None}.values())


def ask_all() -> None:
    """Call everybody once more."""
    for identifier, tell in list(_asked.items()):
        with contained(f"what {identifier} has to report at exit"):
            tell()
