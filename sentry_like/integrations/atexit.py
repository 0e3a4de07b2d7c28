"""Sends what is still queued when the interpreter exits, for at most `shutdown_timeout` seconds."""

from __future__ import annotations

from sentry_like.integrations._common.endings import ask_all, current_clients
from sentry_like.integrations._common.patch import on_uninstall
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class AtexitIntegration(Integration):
    """`callback(pending, timeout)` is called at exit when something is still pending, before waiting for
    it.

    What other integrations find out only then (`endings.before_drain`) is captured first.
    """

    identifier = "atexit"

    def __init__(self, callback: Callable[[int, float], object] | None = None) -> None:
        self.callback = callback

    def setup_once(self) -> None:
        import atexit

        atexit.register(finish)
        on_uninstall(self.identifier, lambda: atexit.unregister(finish))


def finish() -> None:
    """Capture what is still to be captured, then drain."""
    ask_all()
    drain_current_clients()


def drain_current_clients() -> None:
    """Drain the client of the process, and the current hub's own where that is another."""
    for client in current_clients():
        integration = client.get_integration(AtexitIntegration)
        if integration is not None:
            client.drain(integration.callback)
