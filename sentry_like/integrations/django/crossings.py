"""Where sync code calls async code and the other way round, through asgiref.

Whoever crosses waits for the other side, and asgiref hands context variables there and back. So the other
side is lent the hub of the one who waits: what is set there is true here, and afterwards each has its own.
"""

from __future__ import annotations

from sentry_like.hub import active_now
from sentry_like.integrations._common.patch import around
from sentry_like.units import Active, Unit, carry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Function = Callable[..., Any]


def watch(module: Any) -> None:
    """Lend the hub at each crossing."""

    @around(module.SyncToAsync, "__call__", "django")
    async def to_thread(original: Function, crossing: Any, *args: Any, **kwargs: Any) -> Any:
        own, guest = active_now(), Unit()
        function = crossing.func

        def arrived(*args: Any, **kwargs: Any) -> Any:
            Unit.__init__(guest)  # from now on it is this thread
            return function(*args, **kwargs)

        carry(Active(own.hub, own.stack, guest, own))
        try:
            return await original(altered(crossing, func=arrived), *args, **kwargs)
        finally:
            carry(own)

    @around(module.AsyncToSync, "__call__", "django")
    def to_task(original: Function, crossing: Any, *args: Any, **kwargs: Any) -> Any:
        own, guest = active_now(), Unit()
        function = crossing.awaitable

        async def arrived(*args: Any, **kwargs: Any) -> Any:
            Unit.__init__(guest)  # from now on it is this task
            return await function(*args, **kwargs)

        carry(Active(own.hub, own.stack, guest, own))
        try:
            return original(altered(crossing, awaitable=arrived), *args, **kwargs)
        finally:
            carry(own)


def altered(crossing: Any, **attributes: Any) -> Any:
    """A copy of asgiref's object for one call: many threads may call the same at once."""
    twin = object.__new__(type(crossing))
    vars(twin).update(vars(crossing), **attributes)
    return twin
