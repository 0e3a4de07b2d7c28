"""Threads that do something for a task which waits for them: they use the hub of the task itself.

In a context that was copied, a thread forks the hub that it finds there, and what it notes is gone with it. A
thread that is waited for needs no fork: nobody else uses the hub meanwhile.
"""

from __future__ import annotations

import contextvars
from _thread import get_ident

from sentry_like.errors import contained
from sentry_like.hub import active_now
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.units import Active, Unit, carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NO_THREAD = -1


def send_on_errands(module: Any, identifier: str) -> None:
    """Have the contexts that a module copies carry the hub of who copies them.

    For a module that runs a thread in each copy and waits for it, and that looks `contextvars` up among its
    own names each time.
    """
    if getattr(module, "contextvars", None) is contextvars:
        module.contextvars = stand_in = Copying()
        on_uninstall(identifier, lambda: take_back(module, stand_in))


def take_back(module: Any, stand_in: Copying) -> None:
    if module.contextvars is stand_in:
        module.contextvars = contextvars


class Copying:
    """Stands for the module `contextvars`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(contextvars, name)

    def copy_context(self) -> contextvars.Context:
        context = contextvars.copy_context()
        with contained("copy_context"):
            active = active_now()
            context.run(carried.set, Active(active.hub, active.stack, Errand(), None))
        return context


class Errand(Unit):
    """The thread that does it, whichever it turns out to be."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__()
        self.thread = NO_THREAD

    def is_running(self) -> bool:
        if self.thread == NO_THREAD:
            self.thread = get_ident()
        return self.thread == get_ident()
