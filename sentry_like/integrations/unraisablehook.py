"""Captures what cannot be raised, for there is nobody to raise it to: exceptions in finalisers, callbacks of
weak references, exit functions, threads of `_thread` and callbacks from C.

Nothing of what is being finalised is kept, and nothing of the application's is called for it. The scrubber is
loaded with the first message that needs it, for most programs never see one.
"""

from __future__ import annotations

import sys

from sentry_like.capture.kinds import module_of, name_of
from sentry_like.errors import is_error
from sentry_like.hub import Hub
from sentry_like.integrations._common.patch import before
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_TEXT = 256
NAMED = frozenset(
    (
        "async_generator",
        "builtin_function_or_method",
        "coroutine",
        "function",
        "generator",
        "method",
        "method-wrapper",
    )
)
"""Types of the interpreter whose objects have a name of their own."""


class UnraisablehookIntegration(Integration):
    """Reports what `sys.unraisablehook` is told, which prints it as ever."""

    identifier = "unraisablehook"

    def setup_once(self) -> None:
        before(sys, "unraisablehook", self.identifier)(report)


def report(unraisable: sys.UnraisableHookArgs) -> None:
    """Capture the exception; garbage collection may have brought it up in the midst of another capture."""
    error = unraisable.exc_value
    if error is None or not is_error(error) or isinstance(error, Warning):
        return  # the last is only a warning, which `-W error` has raised
    if not sys.is_finalizing():  # then the modules that would send are being taken apart
        Hub.current.report(error, mechanism_of(unraisable))


def mechanism_of(unraisable: sys.UnraisableHookArgs) -> dict[str, Any]:
    about = {"message": message_of(unraisable), "object": label_of(unraisable.object)}
    data = {name: text for name, text in about.items() if text}
    return {"type": "unraisablehook", "handled": False, "data": data}


def message_of(unraisable: sys.UnraisableHookArgs) -> str:
    """What the interpreter says of it, cleaned: since 3.13 that may contain the `repr` of the object."""
    text = unraisable.err_msg
    if not text:
        return ""
    from sentry_like.integrations._common.scrubber import current_scrubber

    return current_scrubber().clean_text(text[:MAX_TEXT])


def label_of(source: object) -> str:
    """`<function Basket.__del__>`: its own name or, where that would take foreign code, only its type's."""
    if source is None:
        return ""
    kind = type(source)
    module, name = module_of(kind), name_of(kind)
    own = source.__qualname__ if module == "builtins" and name in NAMED else None  # type: ignore[attr-defined]  # see NAMED
    return f"<{name} {own}>"[:MAX_TEXT] if own else f"<{module}.{name} object>"[:MAX_TEXT]
