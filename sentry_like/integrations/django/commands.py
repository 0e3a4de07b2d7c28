"""Commands run from the command line: each a unit of work, named after itself.

`CommandError` is how a command tells whoever called it that something is amiss; Django prints it.
"""

from __future__ import annotations

from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around
from sentry_like.integrations._common.serving import failed
from sentry_like.integrations.django.answers import passes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.types import Event

BASE = "django.core.management.base"


class Command:
    """A command as unit of work. A request that it serves, as `runserver` does, is one of its own."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def describe(self, event: Event, cleaning: Cleaning, options: Any) -> None:
        """Name an event after the command (see `types.Work`)."""
        if not event.get("transaction"):
            event["transaction"] = cleaning.text(self.name, 200, ("transaction",))
            event["transaction_info"] = {"source": "task"}


def watch(module: Any) -> None:
    """Run each command in a hub of its own, and tell what ends it."""

    @around(module.BaseCommand, "run_from_argv", "django")
    def run(original: Callable[..., Any], command: Any, argv: Any) -> Any:
        hub = Hub(Hub.current)
        hub.scope.clear_breadcrumbs()
        hub.scope.work = Command(str(argv[1]))
        with hub:
            try:
                return original(command, argv)
            except BaseException as error:
                with contained("django"):
                    if not isinstance(error, module.CommandError):
                        failed(error, "django")
                raise


def is_printed(error: BaseException) -> bool:
    """Whether it is for the eyes of who called the command: a `CommandError` that leaves one, as it does with
    `--traceback`.
    """
    names = {kind.__name__ for kind in type(error).__mro__}
    return "CommandError" in names and passes(error, "run_from_argv", BASE)
