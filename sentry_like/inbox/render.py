"""A delivery as lines for the terminal: a few for an event, one for each other item.

Pure: returns text, prints nothing. Every piece of a payload goes through `clean`; layout and colour are ours.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sentry_like.inbox import summary
from sentry_like.inbox.summary import mapping, mappings, pairs, text
from sentry_like.inbox.terminal import Palette, clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from sentry_like.inbox.ingest import Delivery, Part
    from sentry_like.inbox.refusal import Refused

WIDTH = 120
MAX_LOCALS = 6
LAST_BREADCRUMBS = 3
_LOCAL_WIDTH = 40
_INDENT = " " * 9


class Renderer:
    """Writes deliveries out. `local_time` turns epoch seconds into the struct of the clock on the wall."""

    def __init__(
        self,
        *,
        colour: bool = False,
        width: int = WIDTH,
        local_time: Callable[[float], time.struct_time] = time.localtime,
    ) -> None:
        self._paint = Palette(enabled=colour).paint
        self._width = max(width, 40)
        self._local_time = local_time

    def delivery(self, delivery: Delivery) -> str:
        """All lines of one delivery, each ended; an envelope without items is one line that says so."""
        clock = time.strftime("%H:%M:%S", self._local_time(delivery.received))
        lines = [line for part in delivery.parts for line in self._part(clock, part, delivery)]
        lines = lines or [self._line(clock, "dim", "envelope", "without items")]
        return "".join(f"{line}\n" for line in lines)

    def refusal(self, now: float, refused: Refused) -> str:
        """One line for a request that was refused: a client that sends nonsense should not look silent."""
        clock = time.strftime("%H:%M:%S", self._local_time(now))
        reason = ": ".join([refused.detail, *refused.causes])
        return self._line(clock, "warning", f"refused {refused.status}", reason) + "\n"

    def _part(self, clock: str, part: Part, delivery: Delivery) -> list[str]:
        if part is delivery.event:
            return self._event(clock, part)
        return [self._line(clock, "dim", part.type or "item", describe(part))]

    def _line(self, clock: str, colour: str, label: str, rest: str) -> str:
        label = clean(label, 20)
        return f"{clock} {self._paint(colour, label)}  {clean(rest, self._width - len(label) - 11)}"

    def _event(self, clock: str, part: Part) -> list[str]:
        event: dict[str, Any] = part.value
        level = summary.level(part.type, event)
        label = level.upper() if part.type == "event" else part.type
        room = self._width - len(f"{clock} {label}  ")
        title = clean(summary.title(part.type, event), room)
        where = summary.culprit(part.type, event)
        place = clean(f"  ({where})", room - len(title)) if where and room - len(title) > 10 else ""
        headline = (
            f"{clock} {self._paint(level, label)}  {self._paint('bold', title)}{self._paint('dim', place)}"
        )
        return [
            headline,
            *self._frame(event, already_said=where if place else ""),
            *self._facts(event),
            *self._breadcrumbs(event),
            *self._spans(event),
        ]

    def _frame(self, event: dict[str, Any], *, already_said: str) -> list[str]:
        frame = summary.culprit_frame(event)
        if frame is None:
            return []
        place = summary.place(frame)
        lines = [self._dim(place)] if place != already_said else []
        source = text(frame.get("context_line")).strip()
        if source:
            lines.append(f"{_INDENT}> {clean(source, self._width - 11)}")
        local = [
            f"{clean(name, _LOCAL_WIDTH)}={clean(value, _LOCAL_WIDTH)}" for name, value in _locals(frame)
        ]
        return lines + ([self._dim("  " + ", ".join(local[:MAX_LOCALS]))] if local else [])

    def _facts(self, event: dict[str, Any]) -> list[str]:
        facts = [
            *(f"{name}={text(event[name])}" for name in ("release", "environment") if event.get(name)),
            *(f"user.{name}={value}" for name, value in summary.user(event)),
            *(f"{name}={value}" for name, value in summary.tags(event)),
        ]
        return [self._dim(" ".join(facts))] if facts else []

    def _breadcrumbs(self, event: dict[str, Any]) -> list[str]:
        crumbs = summary.breadcrumbs(event)
        if not crumbs:
            return []
        last = crumbs[-LAST_BREADCRUMBS:]
        count = "1 breadcrumb:" if len(crumbs) == 1 else f"{len(crumbs)} breadcrumbs, the last {len(last)}:"
        return [self._dim(count), *(self._dim("  " + describe_breadcrumb(crumb)) for crumb in last)]

    def _spans(self, event: dict[str, Any]) -> list[str]:
        spans = mappings(event.get("spans"))
        return [self._dim(f"spans: {len(spans)}")] if spans else []

    def _dim(self, line: str) -> str:
        return _INDENT + self._paint("dim", clean(line, self._width - len(_INDENT)))


def _locals(frame: dict[str, Any]) -> Iterable[tuple[str, str]]:
    return [(name, value) for name, value in pairs(frame.get("vars")) if not name.startswith("__")]


def describe_breadcrumb(crumb: dict[str, Any]) -> str:
    """`query: SELECT 1`, with the data when there is no message."""
    label = text(crumb.get("category") or crumb.get("type") or "default")
    said = text(crumb.get("message")) or " ".join(
        f"{name}={value}" for name, value in pairs(crumb.get("data"))
    )
    return f"{label}: {said}"


def describe(part: Part) -> str:
    """One line for an item that is no event: what a session, a report of losses, an attachment says."""
    special = _DESCRIPTIONS.get(part.type)
    return special(part) if special else f"{len(part.payload)} bytes"


def _attachment(part: Part) -> str:
    name = text(part.headers.get("filename")) or "<unnamed>"
    return f"{name}  {text(part.headers.get('content_type'))}  {len(part.payload)} bytes"


def _client_report(part: Part) -> str:
    lost = [
        f"{text(one.get('quantity'))} {text(one.get('category'))} ({text(one.get('reason'))})"
        for one in mappings(mapping(part.value).get("discarded_events"))
    ]
    return "lost by the client: " + (", ".join(lost) or "nothing")


def _session(part: Part) -> str:
    session = mapping(part.value)
    release = text(mapping(session.get("attrs")).get("release"))
    return " ".join(filter(None, [text(session.get("status")), release, _errors(session.get("errors"))]))


def _errors(count: Any) -> str:
    return f"{text(count)} errors" if count else ""


def _sessions(part: Part) -> str:
    sessions = mapping(part.value)
    counted = [
        f"{text(bucket[status])} {status}"
        for bucket in mappings(sessions.get("aggregates"))
        for status in ("exited", "errored", "abnormal", "crashed")
        if bucket.get(status)
    ]
    return ", ".join(counted) or "no sessions"


def _check_in(part: Part) -> str:
    check_in = mapping(part.value)
    return f"{text(check_in.get('monitor_slug'))}  {text(check_in.get('status'))}"


def _logs(part: Part) -> str:
    entries = mappings(mapping(part.value).get("items"))
    last = f"; the last: {text(entries[-1].get('body'))}" if entries else ""
    return f"entries: {len(entries)}{last}"


_DESCRIPTIONS: dict[str, Callable[[Part], str]] = {
    "attachment": _attachment,
    "client_report": _client_report,
    "session": _session,
    "sessions": _sessions,
    "check_in": _check_in,
    "log": _logs,
}
