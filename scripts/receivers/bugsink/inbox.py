"""Reads issues and events back through Bugsink's API, and says which of the promised parts an event holds."""

from __future__ import annotations

import json
import urllib.request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Event = dict[str, Any]


class Api:
    """Bugsink's REST interface for one project."""

    def __init__(self, state: dict[str, Any]) -> None:
        self.root = f"{state['url']}/api/canonical/0/"
        self.project = state["project"]
        self.headers = {"Authorization": f"Bearer {state['token']}"}

    def issues(self) -> list[dict[str, Any]]:
        return list(self.pages(f"issues/?project={self.project}"))

    def events_of(self, issue: dict[str, Any]) -> list[dict[str, Any]]:
        """Every event of the issue, oldest first, whole: `data` is what the client sent."""
        heads = self.pages(f"events/?order=asc&issue={issue['id']}")
        return [self.read(f"events/{head['id']}/") for head in heads]

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        while path:
            page = self.read(path)
            yield from page["results"]
            path = (page.get("next") or "").partition("/api/canonical/0/")[2]

    def read(self, path: str) -> dict[str, Any]:
        request = urllib.request.Request(self.root + path, headers=self.headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            value: dict[str, Any] = json.load(answer)
        return value


def values_of(container: Any) -> list[Any]:
    """The entries of `{"values": [...]}` or of a plain list: the protocol allows both."""
    if isinstance(container, dict):
        container = container.get("values")
    return list(container or ())


def exceptions_of(event: Event) -> list[dict[str, Any]]:
    return values_of(event.get("exception"))


def frames_of(event: Event) -> list[dict[str, Any]]:
    """The frames of the exception that was raised last; empty without one."""
    exceptions = exceptions_of(event)
    stacktrace = (exceptions[-1].get("stacktrace") if exceptions else None) or {}
    return list(stacktrace.get("frames") or ())


PARTS: dict[str, Callable[[Event], object]] = {
    "stack frames": frames_of,
    "source lines": lambda event: [frame for frame in frames_of(event) if frame.get("context_line")],
    "locals": lambda event: [frame for frame in frames_of(event) if frame.get("vars")],
    "tags": lambda event: event.get("tags"),
    "breadcrumbs": lambda event: values_of(event.get("breadcrumbs")),
    "user": lambda event: event.get("user"),
    "release": lambda event: event.get("release"),
}


def richest(api: Api) -> tuple[dict[str, Any], Event] | None:
    """The issue and event that miss fewest parts, of these the one with most frames; None without any."""
    found = [
        (issue, event["data"])
        for issue in api.issues()
        for event in api.events_of(issue)
        if exceptions_of(event["data"])
    ]
    return max(found, key=lambda pair: worth_of(pair[1]), default=None)


def worth_of(event: Event) -> tuple[int, int]:
    return -len(missing_from(event)), len(frames_of(event))


def missing_from(event: Event) -> list[str]:
    """The names of the promised parts that the event does not hold."""
    return [name for name, part in PARTS.items() if not part(event)]


def described(event: Event) -> list[str]:
    """One line per promised part, for a person to read."""
    return [f"{name:13} {summary(part(event))}" for name, part in PARTS.items()]


def summary(part: object) -> str:
    if not isinstance(part, list):
        return json.dumps(part, ensure_ascii=False)
    first = (
        part[-1].get("function") or part[-1].get("message") if part and isinstance(part[-1], dict) else None
    )
    return f"{len(part)}, the last: {first}" if first else str(len(part))
