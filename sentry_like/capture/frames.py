"""Frames of tracebacks and stacks as the protocol spells them: where the code stands, its source lines, its locals.

What depends only on the code object and the line is a fact: it is worked out once, kept under a bounded cache, and never changed
afterwards. What is left per event is the walk over the locals.
"""

from __future__ import annotations

import os
from time import monotonic

from sentry_like.capture.source import Sources, context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.capture.serialize import Walk
    from sentry_like.capture.source import Source
    from sentry_like.options import Options

FACTS_BOUND = 4096
FULL_FRAMES = 50
"""Frames with source lines and locals, half at each end: the server strips the ones between (protocol, "Size/depth limits")."""
HIDING = ("__tracebackhide__", "__traceback_hide__")
OUR_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Facts:
    """What is known of one line of one code object."""

    __slots__ = ("code", "full", "hideable", "lean", "module", "ours", "size", "source")

    def __init__(
        self, code: CodeType, module: str | None, source: Source, lean: dict[str, Any], lines: dict[str, Any]
    ) -> None:
        self.code = code  # held, so that the id in the cache's key stays its own
        self.module = module
        self.source = source
        self.lean = lean
        self.full = {**lean, **lines}
        self.hideable = any(name in code.co_varnames or name in code.co_names for name in HIDING)
        self.ours = code.co_filename.startswith(OUR_PACKAGE)
        self.size = 200 + sum(map(len, (*lines.get("pre_context", ()), *lines.get("post_context", ()))))


class Frames:
    """Builds the frames of one client's events; any thread may call it."""

    def __init__(self, options: Options, scrubber: EventScrubber) -> None:
        self._with_locals = options.include_local_variables
        self._around = options.frame_context_lines if options.include_source_context else -1
        self._full_stack = options.add_full_stack
        self._bound = options.max_stack_frames
        self._in_app_include = tuple(options.in_app_include)
        self._in_app_exclude = tuple(options.in_app_exclude)
        self._project_root = options.project_root
        self._scrubber = scrubber
        self._sources = Sources()
        self._facts: dict[tuple[int, int], Facts] = {}

    def of_traceback(self, tb: TracebackType, walk: Walk, path: tuple[str, ...]) -> list[dict[str, Any]]:
        """The frames of a traceback, oldest call first; with `add_full_stack` preceded by those that led to it."""
        steps = list(_steps(tb))
        if self._full_stack and tb.tb_frame.f_back is not None:
            steps = [*_stack_steps(tb.tb_frame.f_back), *steps]
        return self._build(steps, walk, path)

    def of_stack(self, frame: FrameType | None, walk: Walk, path: tuple[str, ...]) -> list[dict[str, Any]]:
        """The frames that led to `frame`, oldest first, without our own."""
        return self._build(_stack_steps(frame), walk, path)

    def _build(
        self, steps: list[tuple[FrameType, int]], walk: Walk, path: tuple[str, ...]
    ) -> list[dict[str, Any]]:
        """Innermost first, for it matters most when the event's room runs out; the list is turned round at the end."""
        shown = [
            (frame, lineno, facts)
            for frame, lineno in steps
            if not _is_hidden(frame, facts := self._facts_of(frame, lineno))
        ]
        total, bound = len(shown), self._bound
        if total > bound:
            shown = [*shown[: bound // 5], *shown[total - (bound - bound // 5) :]]
            walk.path[:] = path
            walk.note_here(len=total)
        place = len(shown)
        first_lean, last_lean = FULL_FRAMES // 2, place - FULL_FRAMES // 2
        frames: list[dict[str, Any]] = []
        for frame, _, facts in reversed(shown):
            place -= 1
            if first_lean <= place < last_lean or walk.left <= 0:
                frames.append(facts.lean)
                continue
            walk.left -= facts.size
            if self._with_locals:
                frames.append(
                    {**facts.full, "vars": walk.locals(_locals_of(frame), (*path, str(place), "vars"))}
                )
            else:
                frames.append(facts.full)
        frames.reverse()
        return frames

    # -- facts

    def _facts_of(self, frame: FrameType, lineno: int) -> Facts:
        code = frame.f_code
        known = self._facts.get((id(code), lineno))
        module = frame.f_globals.get("__name__")
        if known is not None and known.module == module and known.source.is_fresh(monotonic()):
            return known
        if len(self._facts) >= FACTS_BOUND:
            self._facts.clear()
        known = self._facts[id(code), lineno] = self._find_facts(frame, code, module, lineno)
        return known

    def _find_facts(self, frame: FrameType, code: CodeType, module: Any, lineno: int) -> Facts:
        name = module if isinstance(module, str) else None
        abs_path = _absolute(code.co_filename)
        source = self._sources.of(code.co_filename, frame.f_globals)
        lean: dict[str, Any] = {
            "filename": relative_path(name, abs_path),
            "abs_path": abs_path,
            "function": getattr(code, "co_qualname", code.co_name),
            "lineno": max(lineno, 0),
        }
        if name:
            lean["module"] = name
        in_app = self.is_in_app(name, abs_path)
        if in_app is not None:
            lean["in_app"] = in_app
        return Facts(code, module, source, lean, self._lines(source, lineno))

    def _lines(self, source: Source, lineno: int) -> dict[str, Any]:
        found = context(source.lines, lineno, self._around) if self._around >= 0 else None
        if found is None:
            return {}
        clean = self._scrubber.clean_source
        before, line, after = found
        return {
            "pre_context": [clean(text) for text in before],
            "context_line": clean(line),
            "post_context": [clean(text) for text in after],
        }

    def is_in_app(self, module: str | None, abs_path: str) -> bool | None:
        """Whether code is the application's own; `None` leaves it to the server (protocol, "in_app rules")."""
        if module is not None and _is_within(module, self._in_app_include):
            return True
        if module is not None and _is_within(module, self._in_app_exclude):
            return False
        if abs_path.startswith("<"):
            return None
        parts = abs_path.replace("\\", "/").split("/")
        if "site-packages" in parts or "dist-packages" in parts:
            return False
        root = self._project_root
        if root and (abs_path == root or abs_path.startswith(root.rstrip(os.sep) + os.sep)):
            return True
        return None


def _steps(tb: TracebackType | None) -> Iterable[tuple[FrameType, int]]:
    while tb is not None:
        yield tb.tb_frame, tb.tb_lineno or 0
        tb = tb.tb_next


def _stack_steps(frame: FrameType | None) -> list[tuple[FrameType, int]]:
    steps = []
    while frame is not None:
        steps.append((frame, frame.f_lineno or 0))
        frame = frame.f_back
    steps.reverse()
    return steps


def _is_hidden(frame: FrameType, facts: Facts) -> bool:
    """Our own frames, and those that ask to be left out by a true `__tracebackhide__`."""
    if facts.ours:
        return True
    return facts.hideable and any(frame.f_locals.get(name) is True for name in HIDING)


def _locals_of(frame: FrameType) -> Any:
    namespace = frame.f_locals
    if namespace is frame.f_globals:
        return {name: value for name, value in list(namespace.items()) if not name.startswith("__")}
    return namespace


def _absolute(filename: str) -> str:
    if filename[:1] in ("<", "/"):
        return filename
    try:
        return os.path.abspath(filename)
    except OSError:  # the working directory was deleted
        return filename


def relative_path(module: str | None, abs_path: str) -> str:
    """The path from the folder of the module's top package: `a/b.py` for module `a.b`; the last part where names do not match."""
    parts = abs_path.replace("\\", "/").split("/")
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    names = (module or "").split(".")
    if stem == "__init__":
        names = [*names, stem]
    if parts[-len(names) : -1] == names[:-1] and (stem == names[-1] or len(names) > 1):
        return "/".join(parts[-len(names) :])
    return parts[-1]


def _is_within(module: str, prefixes: Iterable[str]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)
