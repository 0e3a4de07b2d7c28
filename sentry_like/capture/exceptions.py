"""An exception with everything that led to it, as the protocol's list of exception values, root cause first.

Causes, contexts and the members of exception groups are followed wherever they are in the tree; cycles end,
and overridden attributes of hostile exceptions are not asked. Ids are given depth first, the captured
exception is 0 and stands last.
"""

from __future__ import annotations

import builtins
import sys

from sentry_like.capture.kinds import definer_of, module_of, name_of
from sentry_like.capture.meta import counted
from sentry_like.capture.reprs import MESSAGE_DEPTH
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

    from sentry_like.capture.frames import Frames
    from sentry_like.capture.serialize import Walk
    from sentry_like.types import ExcInfo, Mechanism

MAX_EXCEPTIONS = 50
MAX_COUNTED = 500
"""How many are counted: a group may have a million members."""
MAX_NOTES = 20
MAX_VALUE = 8192
MAX_NAME = 256
"""Characters of a value and of a type or module (protocol, "Size/depth limits")."""
GENERIC: Mechanism = {"type": "generic", "handled": True}


class Link:
    """One exception of the tree and how it hangs there."""

    __slots__ = ("error", "parent", "place", "source")

    def __init__(self, error: BaseException, place: int, parent: int | None, source: str | None) -> None:
        self.error = error
        self.place = place
        self.parent = parent
        self.source = source


def build_values(
    exc_info: ExcInfo, mechanism: Mechanism | None, frames: Frames, walk: Walk, caller: FrameType | None
) -> list[dict[str, Any]]:
    """`[exception value, ...]`, oldest cause first, the captured exception last.

    An exception that was never raised has no traceback; it gets the stack of `caller`.
    """
    links, total = flatten(exc_info[1])
    if total > len(links):
        walk.note(("exception", "values"), counted(total))
    root = mechanism or GENERIC
    last = len(links) - 1
    values = []
    for link in links:  # from the captured exception on: it has the first claim on the event's room
        path = ("exception", "values", str(last - link.place))
        tb = exc_info[2] if link.place == 0 else traceback_of(link.error)
        value = _describe(link, walk, path)
        value["mechanism"] = _mechanism(link, root, last > 0)
        stack = _stack(tb, frames, walk, path, caller if link.place == 0 else None)
        if stack:
            value["stacktrace"] = {"frames": stack}
        values.append(value)
    values.reverse()
    return values


def sketch(error: BaseException) -> list[dict[str, Any]]:
    """What `build_values` would say of the exceptions' types, and no more."""
    links, _ = flatten(error)
    kinds = [type(link.error) for link in reversed(links)]
    return [{"type": name_of(kind), "module": module_of(kind)} for kind in kinds]


def flatten(error: BaseException) -> tuple[list[Link], int]:
    """The tree under an exception, depth first, at most `MAX_EXCEPTIONS` of it; and how many it has.

    No more than `MAX_COUNTED` are counted.
    """
    if not _children(error):
        return [Link(error, 0, None, None)], 1
    links: list[Link] = []
    seen: set[int] = set()
    waiting: list[tuple[BaseException, int | None, str | None]] = [(error, None, None)]
    total = 0
    while waiting and total < MAX_COUNTED:
        error, parent, source = waiting.pop()
        if id(error) in seen:
            continue
        seen.add(id(error))
        total += 1
        if len(links) < MAX_EXCEPTIONS:
            links.append(Link(error, len(links), parent, source))
        place = len(links) - 1
        waiting.extend((child, place, how) for child, how in reversed(_children(error)))
    return links, total


def _children(error: BaseException) -> list[tuple[BaseException, str]]:
    children: list[tuple[BaseException, str]] = []
    cause = cause_of(error)
    if cause is not None:
        children.append((cause, "__cause__"))
    elif not _SUPPRESSED(error) and (context := context_of(error)) is not None:
        children.append((context, "__context__"))
    members = members_of(error)
    if members:
        children.extend((member, f"exceptions[{i}]") for i, member in enumerate(members[:MAX_COUNTED]))
    return children


def members_of(error: BaseException) -> tuple[BaseException, ...]:
    """The members of an exception group, of the builtin class or of its backport to 3.10; else none."""
    if _GROUP is not None:
        return tuple(_GROUP.exceptions.__get__(error)) if issubclass(type(error), _GROUP) else ()
    backport = getattr(sys.modules.get("exceptiongroup"), "BaseExceptionGroup", None)
    if backport is None or not issubclass(type(error), backport):
        return ()
    return tuple(backport.exceptions.fget(error))


def _describe(link: Link, walk: Walk, path: tuple[str, ...]) -> dict[str, Any]:
    kind = type(link.error)
    value: dict[str, Any] = {
        "type": name_of(kind)[-MAX_NAME:] or "Exception",
        "value": walk.text(_message_of(link.error, walk), MAX_VALUE, (*path, "value")),
    }
    module = module_of(kind)
    if module and module != "builtins":
        value["module"] = module[:MAX_NAME]
    return value


def _message_of(error: BaseException, walk: Walk) -> str:
    """The message of an exception with its notes, whatever its attributes and its `__str__` do."""
    text = _own_text(error, "message") or _own_text(error, "detail") or _text_of(error, walk)
    notes = _attribute(error, "__notes__")
    if not issubclass(type(notes), list):
        return text
    lines = [note[:MAX_VALUE] for note in list.__getitem__(notes, slice(MAX_NOTES)) if type(note) is str]
    return "\n".join([text[:MAX_VALUE], *lines]) if lines else text


def _text_of(error: BaseException, walk: Walk) -> str:
    """What `str` says; what the built-in one would do, done without printing huge arguments whole."""
    args = _ARGS(error)
    definer = definer_of(type(error), "__str__")
    if not args or (definer is not BaseException and definer is not KeyError):
        return walk.reprs.said_by(error)
    if len(args) > 1:
        return walk.reprs.text(args, MESSAGE_DEPTH)
    return (
        walk.reprs.said_by(args[0]) if definer is BaseException else walk.reprs.text(args[0], MESSAGE_DEPTH)
    )


def _own_text(error: BaseException, attribute: str) -> str:
    text = _attribute(error, attribute)
    return str.__str__(text) if issubclass(type(text), str) else ""


def _attribute(error: BaseException, name: str) -> Any:
    """An attribute that may be a property, and so may raise anything."""
    try:
        return getattr(error, name, None)
    except BaseException as broken:  # data may raise anything, even SystemExit
        if is_applications_own(broken):
            raise
        return None


def _mechanism(link: Link, root: Mechanism, has_others: bool) -> Mechanism:
    if link.place == 0:
        mechanism = {**root}
    else:
        mechanism = {"type": "chained", "handled": root.get("handled", True), "source": link.source}
    if has_others:
        mechanism["exception_id"] = link.place
        if link.parent is not None:
            mechanism["parent_id"] = link.parent
    if members_of(link.error):
        mechanism["is_exception_group"] = True
    if issubclass(type(link.error), OSError) and type(number := _ERRNO(link.error)) is int:
        mechanism["meta"] = {"errno": {"number": number}}
    return mechanism


def _stack(
    tb: TracebackType | None, frames: Frames, walk: Walk, path: tuple[str, ...], caller: FrameType | None
) -> list[dict[str, Any]]:
    where = (*path, "stacktrace", "frames")
    if tb is not None:
        return frames.of_traceback(tb, walk, where)
    return frames.of_stack(caller, walk, where) if caller is not None else []


# The attributes as BaseException stores them, past any property or `__getattr__` of a subclass.
cause_of = BaseException.__dict__["__cause__"].__get__
context_of = BaseException.__dict__["__context__"].__get__
_SUPPRESSED = BaseException.__dict__["__suppress_context__"].__get__
_ARGS = BaseException.__dict__["args"].__get__
_ERRNO = OSError.__dict__["errno"].__get__
traceback_of = BaseException.__dict__["__traceback__"].__get__
_GROUP = getattr(builtins, "BaseExceptionGroup", None)
