"""What a request is named by: its route, spelled for people, or its view.

Where Django has not come to resolving the path yet, it is done here with the patterns alone: converters are
code of the application.
"""

from __future__ import annotations

from django.conf import settings

from sentry_like.integrations.django.patterns import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def of_request(request: Any, style: str) -> tuple[str, str] | None:
    """`(name, source)`, or `None` where no route leads."""
    match = request.resolver_match
    found = _resolved(request) if match is None else (match.route, match.func)
    if found is None:
        return None
    route, view = found
    return (name_of(view), "component") if style == "function_name" else (readable(route), "route")


def name_of(view: Any) -> str:
    """The dotted name of a view; a class-based one goes by its class."""
    while type(view).__name__ == "partial" and hasattr(view, "func"):
        view = view.func
    view = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    name = getattr(view, "__qualname__", None)
    if name is None:
        view = type(view)
        name = view.__qualname__
    return f"{view.__module__}.{name}"


def _resolved(request: Any) -> tuple[str, Any] | None:
    from django.urls import get_resolver

    resolver = get_resolver(getattr(request, "urlconf", None) or settings.ROOT_URLCONF)
    return _found_among((resolver,), request.path_info)


def _found_among(entries: Iterable[Any], path: str) -> tuple[str, Any] | None:
    """The whole pattern that fits a path, and its view."""
    for entry in entries:
        pattern = entry.pattern
        fitting = pattern.regex.search(path)
        if fitting is None:
            continue
        if not hasattr(entry, "url_patterns"):
            return str(pattern), entry.callback
        below = _found_among(entry.url_patterns, path[fitting.end() :])
        if below is not None:
            return f"{_prefix(pattern)}{below[0]}", below[1]
    return None


def _prefix(pattern: Any) -> str:
    """The pattern of an `include`; the outermost one stands for the slash at the beginning."""
    text = str(pattern)
    return "" if text == "^/" else text
