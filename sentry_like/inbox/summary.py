"""What a list says of an event: its title, its level, where it happened. Pure functions of the payload.

Payloads come from anywhere, so each function takes any JSON in any place and answers with text, or with less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

MAX_TEXT = 1000
"""Characters of a title or a value that a list keeps; the payload has the rest."""

LEVELS = ("fatal", "error", "warning", "info", "debug")


@dataclass(frozen=True)
class Summary:
    """One event in a list. `search` is the case-folded text in which the `query` of the JSON API looks."""

    type: str
    level: str
    title: str
    culprit: str
    release: str
    environment: str
    search: str


def summarize(kind: str, event: dict[str, Any]) -> Summary:
    shown_title, shown_culprit = title(kind, event), culprit(kind, event)
    release, environment = text(event.get("release")), text(event.get("environment"))
    named = [f"{name}={value}" for name, value in [*tags(event), *user(event)]]
    search = "\n".join([shown_title, shown_culprit, release, environment, text(event.get("logger")), *named])
    return Summary(
        kind, level(kind, event), shown_title, shown_culprit, release, environment, search.casefold()
    )


def text(value: Any) -> str:
    """The value as a reader would write it: a string as it is, nothing for None; cut at `MAX_TEXT`."""
    if value is None:
        return ""
    shown = value if isinstance(value, str) else repr(value)
    return shown if len(shown) <= MAX_TEXT else shown[: MAX_TEXT - 3] + "..."


def level(kind: str, event: dict[str, Any]) -> str:
    given = event.get("level")
    if given in LEVELS:
        return str(given)
    return "info" if kind != "event" else "error"


def title(kind: str, event: dict[str, Any]) -> str:
    if kind == "transaction":
        return text(event.get("transaction")) or "<unnamed transaction>"
    if kind == "feedback":
        return text(mapping(mapping(event.get("contexts")).get("feedback")).get("message")) or "<no text>"
    raised = exceptions(event)
    if raised:
        return _headline(raised[-1])
    return message(event) or "<no message>"


def _headline(exception: dict[str, Any]) -> str:
    return (
        ": ".join(filter(None, [text(exception.get("type")), text(exception.get("value"))])) or "<exception>"
    )


def message(event: dict[str, Any]) -> str:
    entry = event.get("logentry")
    if isinstance(entry, str):
        return text(entry)
    entry = mapping(entry)
    return text(entry.get("formatted") or entry.get("message") or _top_message(event))


def _top_message(event: dict[str, Any]) -> Any:
    given = event.get("message")
    return given.get("formatted") or given.get("message") if isinstance(given, dict) else given


def culprit(kind: str, event: dict[str, Any]) -> str:
    """The transaction, or the function and line where it happened; nothing for a transaction itself."""
    if kind == "transaction":
        return ""
    frame = culprit_frame(event)
    return text(event.get("transaction")) or (place(frame) if frame else "")


def place(frame: dict[str, Any]) -> str:
    """`shop/invoice.py:42 in total`, with what the frame has of it."""
    file = text(frame.get("filename") or frame.get("abs_path") or frame.get("module"))
    line = frame.get("lineno")
    function = text(frame.get("function"))
    located = f"{file}:{line}" if isinstance(line, int) and file else file
    return " in ".join(filter(None, [located, function]))


def culprit_frame(event: dict[str, Any]) -> dict[str, Any] | None:
    """The innermost frame of the application's own code, else the innermost at all: where a reader starts."""
    frames = stack(event)
    return next((frame for frame in reversed(frames) if frame.get("in_app")), frames[-1] if frames else None)


def stack(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The frames of the last exception that has any, else of the current thread; oldest caller first."""
    threads = sorted(values(event.get("threads")), key=lambda thread: bool(thread.get("current")))
    for owner in [*reversed(exceptions(event)), *reversed(threads), event]:
        frames = mappings(mapping(owner.get("stacktrace")).get("frames"))
        if frames:
            return frames
    return []


def exceptions(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Root cause first; the one that was captured is the last."""
    return values(event.get("exception"))


def breadcrumbs(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Oldest first."""
    return values(event.get("breadcrumbs"))


def tags(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Tags in either form that the protocol allows: a map, or a list of pairs."""
    return pairs(event.get("tags"))


def user(event: dict[str, Any]) -> list[tuple[str, str]]:
    return pairs(event.get("user"))


def pairs(value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(text(name), text(one)) for name, one in value.items() if one is not None]
    listed = value if isinstance(value, list) else []
    return [(text(pair[0]), text(pair[1])) for pair in listed if isinstance(pair, list) and len(pair) == 2]


def values(value: Any) -> list[dict[str, Any]]:
    """The members of `{"values": [...]}`, of a bare list, or of a single object; whatever is no object is
    left out."""
    if isinstance(value, dict):
        return mappings(value["values"]) if "values" in value else [value]
    return mappings(value)


def mappings(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
