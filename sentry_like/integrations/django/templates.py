"""Frames of templates, added to the stacks of exceptions that passed one."""

from __future__ import annotations

from sentry_like.capture.exceptions import flatten
from sentry_like.capture.source import context
from sentry_like.errors import contained
from sentry_like.hub import Hub
from sentry_like.integrations._common.scrubber import current_scrubber
from sentry_like.integrations.django.sources import BASE, COMPILING, RENDERING, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.integrations.django.sources import Place
    from sentry_like.types import Event, Hint


def add_frames(event: Event, hint: Hint) -> None:
    """Add a frame to the stack of each exception that passed a template."""
    exc_info = hint.get("exc_info")
    exception = event.get("exception")
    if exc_info is None or not isinstance(exception, dict):
        return
    values = exception["values"]
    for link in flatten(exc_info[1])[0]:
        with contained("template"):
            place = place_of(link.error)
            stack = values[-1 - link.place].get("stacktrace")
            if place is not None and stack:
                stack["frames"] = _inserted(stack["frames"], frame_at(place))


def frame_at(place: Place) -> dict[str, Any]:
    """The frame of a line of a template. Templates of installed packages are not the application's own."""
    parts = place.path.replace("\\", "/").split("/")
    return {
        "function": "<template>",
        "filename": place.name,
        "abs_path": place.path or place.name,
        "lineno": place.line,
        "in_app": "site-packages" not in parts and "dist-packages" not in parts,
        **_lines(place),
    }


def _lines(place: Place) -> dict[str, Any]:
    client: Any = Hub.current.client
    options = client.options
    if not options.include_source_context:
        return {}
    found = context(place.lines, place.line, options.frame_context_lines)
    if found is None:
        return {}
    clean = current_scrubber().texts.clean_source
    before, at, after = found
    return {
        "pre_context": [clean(text) for text in before],
        "context_line": clean(at),
        "post_context": [clean(text) for text in after],
    }


def _inserted(frames: list[Any], made: dict[str, Any]) -> list[Any]:
    """The frames with that of the template: innermost, unless the template has called the application."""
    own = [place for place, frame in enumerate(frames) if _is_of_template(frame)]
    at = own[-1] + 1 if own else len(frames)
    is_called = any(frame.get("in_app") is not False for frame in frames[at:])
    return [*frames[:at], made, *frames[at:]] if is_called else [*frames, made]


def _is_of_template(frame: Any) -> bool:
    function = str(frame.get("function")).rpartition(".")[2]
    return frame.get("module") == BASE and function in (RENDERING, COMPILING)
