"""Where in the source of a template an exception came up.

A node of a template knows its line, and so does the token that could not be parsed. Both are found among the
variables of Django's own frames, whether or not `DEBUG` is on. Templates of other engines are known by what
Django notes on the exception.
"""

from __future__ import annotations

from sentry_like.capture.exceptions import traceback_of
from sentry_like.capture.source import split_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

BASE = "django.template.base"
RENDERING, COMPILING = "render_annotated", "compile_nodelist"
LONGEST_TRACEBACK = 1000


class Place:
    """A line of a template; `lines` is all of it, or as much as is known around that line."""

    __slots__ = ("line", "lines", "name", "path")

    def __init__(self, name: str, path: str, line: int, lines: list[str]) -> None:
        self.name = name
        self.path = path
        self.line = line
        self.lines = lines


def place_of(error: BaseException) -> Place | None:
    """The line of the innermost template that an exception passed."""
    templates: dict[int, Any] = {}
    origin: Any = None
    token: Any = None
    for function, variables in _frames_within(error):
        subject: Any = variables.get("self")
        if function == RENDERING:
            token, origin = subject.token, subject.origin
        elif hasattr(subject, "engine") and hasattr(subject, "source"):
            templates[id(subject.origin)] = subject
            if function == COMPILING:
                token, origin = getattr(error, "token", None), subject.origin
    template = templates.get(id(origin))
    if template is None or token is None:
        return _noted_on(error)
    path = str(getattr(origin, "name", ""))
    return Place(str(template.name or path), path, token.lineno, split_lines(str(template.source)))


def _frames_within(error: BaseException) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """`(function, variables)` of the frames within Django's templates, outermost first."""
    entry = traceback_of(error)
    for _ in range(LONGEST_TRACEBACK):
        if entry is None:
            return
        frame = entry.tb_frame
        if frame.f_globals.get("__name__") == BASE:
            yield frame.f_code.co_name, frame.f_locals
        entry = entry.tb_next


def _noted_on(error: BaseException) -> Place | None:
    """What Django's page of the debug mode would show."""
    noted = getattr(error, "template_debug", None)
    if not isinstance(noted, dict) or not noted.get("source_lines"):
        return None
    numbered = noted["source_lines"]
    before = [""] * (numbered[0][0] - 1)
    lines = [*before, *(str(line).rstrip("\n") for _, line in numbered)]
    return Place(str(noted["name"]), str(noted["name"]), noted["line"], lines)
