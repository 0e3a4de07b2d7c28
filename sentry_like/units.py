"""Whose hub is current: the package's one ContextVar, and the task or thread that put there what it holds."""

from __future__ import annotations

import sys
from _contextvars import Context, ContextVar  # the module of the public name would be one more
from _thread import get_ident
from _weakref import ref
from gc import get_referents

from sentry_like.errors import debug

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.hub import Hub
    from sentry_like.layers import Layer

MOST_POSTPONED = 20
"""Errors in finalisers that one capture may set off."""


class Unit:
    """One task, callback of an event loop, or thread: who may use what is current in it, and whether it is in
    the midst of a capture.
    """

    __slots__ = ("context", "is_capturing", "is_catching_up", "postponed", "task", "thread")

    def __init__(self) -> None:
        task = running_task(running_loop())
        self.task = None if task is None else ref(task)
        self.context = ref(running_context()) if task is None else None
        self.thread = get_ident()
        self.is_capturing = False
        self.is_catching_up = False
        self.postponed: tuple[Callable[[], object], ...] = ()

    def is_running(self) -> bool:
        """Whether it is this unit that runs now, and not one whose context was copied from it."""
        loop = running_loop() if "asyncio" in sys.modules else None
        if loop is None:
            return self.task is None and self.thread == get_ident()
        task = running_task(loop)
        if task is not None:
            return self.task is not None and self.task() is task
        # a callback: nothing but its context tells it from the others that this thread runs
        return self.context is not None and self.context() is running_context()

    def catch_up(self) -> None:
        """Do what was put off during a capture, and what that puts off in turn, up to a bound: it might never
        end.
        """
        self.is_catching_up = True
        try:
            for _ in range(MOST_POSTPONED):
                if not self.postponed:
                    return
                step, *rest = self.postponed
                self.postponed = tuple(rest)
                step()
            debug(f"{len(self.postponed)} more errors in finalisers during one capture: they are not sent")
        finally:
            self.postponed = ()
            self.is_catching_up = False


class Active:
    """What the ContextVar holds: the hub, its stack as it was when a task may have copied it, and the unit
    it belongs to.
    """

    __slots__ = ("hub", "previous", "stack", "unit")

    def __init__(self, hub: Hub, stack: tuple[Layer, ...], unit: Unit, previous: Active | None) -> None:
        self.hub = hub
        self.stack = stack
        self.unit = unit
        self.previous = previous

    def with_stack(self, stack: tuple[Layer, ...]) -> Active:
        """The same with another stack. `__init__` would cost a call."""
        twin = Active.__new__(Active)
        twin.hub = self.hub
        twin.stack = stack
        twin.unit = self.unit
        twin.previous = self.previous
        return twin


def running_loop() -> Any:
    """The event loop that runs on this thread, or `None`. asyncio is asked only when the application has
    imported it.
    """
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio._get_running_loop()
    except AttributeError:  # asyncio is only being imported
        return None


def running_task(loop: Any) -> Any:
    """The task that runs on that loop, or `None`."""
    return None if loop is None else sys.modules["asyncio"].current_task(loop)


def running_context() -> Any:
    """The very context that is entered now. Nothing answers it itself, only a copy; but a token refers to it.

    Where it does not, the answer is the same in all contexts.
    """
    token = _probe.set(None)
    found = [one for one in get_referents(token) if type(one) is Context]
    _probe.reset(token)
    return found[0] if found else Unit


_probe: ContextVar[None] = ContextVar("sentry_like_probe")

carried: ContextVar[Active | None] = ContextVar("sentry_like_hub")
"""What is current here, or was current where this context was copied from."""
carried_now, carry = carried.get, carried.set
"""Its methods, bound once: a method of an imported name is bound anew at each call."""
