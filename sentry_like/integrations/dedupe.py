"""Sends an exception once each time it is raised, however many layers report it, also when it comes back as
the cause of another or as a member of a group.

A mark in the exception's own `__dict__` says that it was sent, and where its traceback began and ended then.
It lasts as long as the exception, holds nothing alive, and means nothing on a copy or in another process.
"""

from __future__ import annotations

import os

from sentry_like.capture.exceptions import cause_of, context_of, members_of, traceback_of
from sentry_like.errors import is_at_raise
from sentry_like.integrations.base import Integration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from sentry_like.types import Event, Hint

    Mark = tuple[int, int, int, int]

MARK = "__sentry_like_sent__"
MAX_FOLLOWED = 1000
"""Exceptions of one tree, and callers of one frame, that are looked at."""
MAX_ENTRIES = 10_000
"""Entries of one traceback that are looked at: an exception that is raised again and again collects them."""
MESSENGERS = ("asyncio", "concurrent", "contextlib", "multiprocessing")
"""Packages that raise what was raised elsewhere before, to hand it on."""


class DedupeIntegration(Integration):
    """Refuses what was sent already and was not raised anew since.

    That is an exception that was sent, one that was raised `from` such a one by who handled it, and a group
    of nothing else.
    """

    identifier = "dedupe"

    def refuses(self, error: BaseException) -> bool:
        return was_told(error)

    def on_captured(self, event: Event, hint: Hint) -> None:
        exc_info = hint.get("exc_info")
        if exc_info is not None:
            mark(exc_info[1])


def was_told(error: BaseException) -> bool:
    """Whether all that there is to tell of an exception was sent."""
    found = False
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if id(error) in seen:
            continue
        seen.add(id(error))
        if was_sent(error):
            found = True
            continue
        below = members_of(error) or handled_cause_of(error)
        if not below or len(seen) + len(waiting) + len(below) > MAX_FOLLOWED:
            return False
        waiting.extend(below)
    return found


def mark(error: BaseException) -> None:
    """Note that an exception was sent, and with a group all its members."""
    waiting = [error]
    seen: set[int] = set()
    while waiting and len(seen) < MAX_FOLLOWED:
        error = waiting.pop()
        if id(error) not in seen:
            seen.add(id(error))
            _notes_of(error)[MARK] = _mark_for(error)
            waiting.extend(members_of(error)[:MAX_FOLLOWED])


def was_sent(error: BaseException) -> bool:
    """Whether this very exception was sent, by this process, and was not raised anew since."""
    sent = _notes_of(error).get(MARK)
    if type(sent) is not tuple or sent[:2] != (os.getpid(), id(error)):
        return False
    begin, end = sent[2:]
    entry = traceback_of(error)
    for _ in range(MAX_ENTRIES):
        if entry is None or id(entry) == begin:
            return True
        if entry.tb_next is None:
            return not begin or id(entry) == end
        if is_raised_anew(entry, entry.tb_next):
            return False
        entry = entry.tb_next
    return False


def is_raised_anew(entry: TracebackType, older: TracebackType) -> bool:
    """Whether it is a `raise` of an exception that had ended before, rather than one that passes it on: in
    the function that had caught it, in one that called that, or by those who hand over what others raised.
    """
    frame = entry.tb_frame
    if not is_at_raise(entry) or is_called_by(older.tb_frame, frame):
        return False
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    return package not in MESSENGERS and "reraise" not in frame.f_code.co_name


def handled_cause_of(error: BaseException) -> tuple[BaseException, ...]:
    """What it was raised `from`, if that was being handled there. An error that was kept, and is named as the
    cause of later ones, does not speak for them.
    """
    cause = cause_of(error)
    if cause is None:
        return ()
    caught, raised = traceback_of(cause), _last_entry(traceback_of(error))
    if cause is context_of(error) or caught is None or raised is None:
        return (cause,)
    return (cause,) if is_called_by(caught.tb_frame, raised.tb_frame) else ()


def is_called_by(frame: FrameType | None, caller: FrameType) -> bool:
    """Whether `caller` is the frame, or called it, or called what called it."""
    for _ in range(MAX_FOLLOWED):
        if frame is None:
            return False
        if frame is caller:
            return True
        frame = frame.f_back
    return False


def _mark_for(error: BaseException) -> Mark:
    """Plain numbers, for a pickled exception takes them along to where this package may not be installed."""
    begin = traceback_of(error)
    end = _last_entry(begin)
    return os.getpid(), id(error), 0 if begin is None else id(begin), 0 if end is None else id(end)


def _last_entry(entry: TracebackType | None) -> TracebackType | None:
    """Where a traceback ends, which is where the exception was raised first."""
    for _ in range(MAX_ENTRIES):
        if entry is None or entry.tb_next is None:
            break
        entry = entry.tb_next
    return entry


def _notes_of(error: BaseException) -> dict[str, object]:
    notes: dict[str, object] = _DICT(error)
    return notes


# As BaseException stores it, past any property or `__getattr__` of a subclass.
_DICT = BaseException.__dict__["__dict__"].__get__
