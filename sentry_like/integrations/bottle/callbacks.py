"""What a route calls, as Bottle finds it, and its name.

To show a route, Bottle looks for the callback within its decorators: into each closure for something that is
called. Of a function that closes over nothing such, Bottle 0.13 takes the function itself, and looks again,
for ever. Every stack of a failing request shows a route.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def name_of(callback: Any) -> str:
    """Where a callback stands; of an object that is called, where its class does."""
    while not hasattr(callback, "__qualname__") and hasattr(callback, "func"):
        callback = callback.func  # of a partial
    named = callback if hasattr(callback, "__qualname__") else type(callback)
    return f"{named.__module__}.{named.__qualname__}"


def undecorated(original: Any, route: Any) -> Any:
    """What Bottle finds; where it would come back to the same function for ever, that function."""
    callback, seen = route.callback, set()
    while callback is not None:
        if id(callback) in seen:
            return callback
        seen.add(id(callback))
        callback = within(callback)
    return original(route)


def within(callback: Any) -> Any:
    """What Bottle looks at after it; `None` if this is the last."""
    inner: Any = getattr(callback, "__wrapped__", None) or getattr(callback, "__func__", None)
    closure: Any = getattr(callback, "__closure__", None)
    if inner or not closure:
        return inner or None
    cells = [cell.cell_contents for cell in closure]
    return next((one for one in cells if hasattr(one, "__call__")), callback)  # noqa: B004  # as Bottle does
