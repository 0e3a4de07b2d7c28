"""Captures `sys.exit(...)` calls that end the program, or a thread, as failed."""

from __future__ import annotations

import sys

from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import around
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class SysExitIntegration(Integration):
    """Reports a `sys.exit` with any code but `None` and 0, and those too with `capture_successful_exits`.

    The stack is that of the caller. A failed exit counts as unhandled, for it is meant to end the program; a
    successful one does not.
    """

    identifier = "sys_exit"

    def __init__(self, *, capture_successful_exits: bool = False) -> None:
        self.capture_successful_exits = capture_successful_exits

    def setup_once(self) -> None:
        @around(sys, "exit", self.identifier)
        def leave(original: Callable[..., Any], *args: Any) -> Any:
            try:
                return original(*args)
            except SystemExit as error:
                report(error)
                raise


def report(error: SystemExit) -> None:
    """Capture it if it is of interest, with the stack of whoever called `sys.exit`."""
    hub = Hub.current
    integration = hub.get_integration(SysExitIntegration)
    is_success = is_successful(error.code)
    if is_success and not integration.capture_successful_exits:
        return
    mechanism = {"type": "sys_exit", "handled": is_success}
    hub.capture_exception((type(error), error, None), mechanism=mechanism)


def is_successful(code: object) -> bool:
    """Whether the interpreter would end with status 0."""
    return code is None or (isinstance(code, int) and code == 0)
