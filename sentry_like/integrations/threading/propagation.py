"""Carries a hub into another thread, without a trace on its stack: the thread runs in a context that holds
the hub, and forks it at its first use.
"""

from __future__ import annotations

import sys
from _contextvars import Context, copy_context  # what is public of them would be one more module
from functools import partial

from sentry_like.hub import Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread
    from typing import Any


def start_with(hub: Hub, thread: Thread, start: Callable[[], Any]) -> Any:
    """Call `start()`, which starts the thread, and have it run with a fork of `hub`. The thread keeps nothing
    of it: once it ends, the hub is gone.
    """
    if "_context" in vars(thread):
        return _start_in_own_context(hub, thread, start)
    context = Context()
    context.run(hub.__enter__)
    own = vars(thread)
    before = own.get("_bootstrap")
    own["_bootstrap"] = partial(context.run, thread._bootstrap)  # type: ignore[attr-defined]  # of CPython
    try:
        return start()
    finally:
        if before is None:
            del own["_bootstrap"]
        else:
            own["_bootstrap"] = before


def _start_in_own_context(hub: Hub, thread: Any, start: Callable[[], Any]) -> Any:
    """Since 3.14 `run` is called in a context of its own. One that the application gave it stays as it is."""
    if thread._context is not None:
        return start()
    inherits = getattr(sys.flags, "thread_inherit_context", False)
    context = copy_context() if inherits else Context()  # as `start` would make it
    context.run(hub.__enter__)
    thread._context = context
    try:
        return start()
    except BaseException:
        thread._context = None
        raise


def hub_of(thread: Any) -> Hub:
    """The hub that is current in the thread that runs now, also once its `run` has returned."""
    context = getattr(thread, "_context", None)  # since 3.14; a copy, for nobody can be in a context twice
    return Hub.current if context is None else context.copy().run(lambda: Hub.current)
