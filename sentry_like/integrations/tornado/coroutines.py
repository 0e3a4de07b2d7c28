"""Lets `gen.coroutine` handlers go on in the hub of their request.

After each `yield` a callback of the loop runs them, in a context of their own, and would find a fork of that
hub: a tag set there would not be on an error that is told outside.
"""

from __future__ import annotations

from tornado.gen import Runner

from sentry_like.integrations._common.patch import before
from sentry_like.integrations._common.serving import serving_here
from sentry_like.units import carried_now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def keep_hub_in_coroutines() -> None:
    @before(Runner, "run", "tornado")
    def run(runner: Any) -> None:
        active = carried_now(None)
        if active is None or active.unit.is_running():
            return
        serving = serving_here()
        if serving is not None and serving.hub is active.hub:
            active.hub.__enter__()  # never left: the context is the coroutine's own, and ends with it
