"""What Django makes of exceptions: answers that it or the application has for them, or an error of the
server.
"""

from __future__ import annotations

import sys

from sentry_like.errors import contained
from sentry_like.hub import integration_now
from sentry_like.integrations._common.patch import before, on_uninstall
from sentry_like.integrations._common.serving import LONGEST_CHAIN, failed, met

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EXCEPTION = "django.core.handlers.exception"
LONGEST_TRACEBACK = 1000
"""Entries of a traceback that are looked at."""


def watch_exceptions(module: Any) -> None:
    """Note every exception that is to become an answer: `Http404`, `PermissionDenied` and the like by
    themselves, others if a middleware has one.
    """

    @before(module, "response_for_exception", "django")
    def noted(request: Any, exc: BaseException) -> None:
        met(exc)


def watch_signal(module: Any) -> None:
    """Tell what Django says nobody has handled."""
    signal = module.got_request_exception
    signal.connect(tell, weak=False, dispatch_uid="sentry_like")
    on_uninstall("django", lambda: signal.disconnect(dispatch_uid="sentry_like"))


def tell(sender: Any, **more: Any) -> None:
    """The receiver of that signal."""
    with contained("django"):
        error = sys.exc_info()[1]
        if error is not None and integration_now("django") is not None:
            failed(error, "django")


def comes_again(error: BaseException) -> bool:
    """Whether the error comes of a `handler500` that failed before: each middleware asks for one again."""
    if not passes(error, "handle_uncaught_exception", EXCEPTION):
        return False
    link = error.__context__
    for _ in range(LONGEST_CHAIN):
        if link is None:
            return False
        if passes(link, "handle_uncaught_exception", EXCEPTION):
            return True
        link = link.__context__
    return False


def passes(error: BaseException, function: str, module: str) -> bool:
    """Whether an exception has come through a function."""
    entry = error.__traceback__
    for _ in range(LONGEST_TRACEBACK):
        if entry is None:
            return False
        frame = entry.tb_frame
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == module:
            return True
        entry = entry.tb_next
    return False
