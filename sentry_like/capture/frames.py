"""Frames of tracebacks and stacks as the protocol spells them: where the code stands, its source, its locals.

What depends only on the code object and the line is a fact: it is worked out once, kept under a bounded
cache, and never changed afterwards. What is left per event is the walk over the locals.
"""

from __future__ import annotations

import os
import sys
from time import monotonic

from sentry_like.capture.meta import counted
from sentry_like.capture.source import Sources, context
from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    from sentry_like.capture.meta import Notes
    from sentry_like.capture.scrub import EventScrubber
    from sentry_like.capture.serialize import Walk
    from sentry_like.capture.source import FileState
    from sentry_like.options import Options

    Steps = list[tuple[FrameType, int]]

FACTS_BOUND = 4096
FULL_FRAMES = 50
"""Frames with source lines and locals, half at each end: the server strips the ones between
(protocol, "Size/depth limits").
"""
LEAN_SIZE = 300
"""About the bytes of a frame without these."""
FEWEST_FRAMES = 5
"""Frames kept of a stack for which the event has no room left."""
MAX_FUNCTION = 512
"""Characters of a function's name (protocol, "Size/depth limits")."""
CO_OPTIMIZED = 1
"""The flag of functions: their variables are plain locals (`inspect`)."""
FRAMES_KEEP_VARIABLES = sys.version_info < (3, 13)
ONLY_THE_FRAMES = 3
"""References to a dictionary of variables: the frame's, a variable of ours, and the argument of the count."""
HIDING = ("__tracebackhide__", "__traceback_hide__")
OUR_PACKAGE = os.path.dirname(os.path.dirname(sys._getframe().f_code.co_filename)) + os.sep
"""Where this package was compiled: what code says of itself, wherever its files are now."""
OUR_PROGRAMS = tuple(OUR_PACKAGE + name for name in ("cli" + os.sep, "inbox" + os.sep, "__main__.py"))
"""Applications that happen to live in this package."""


class Facts:
    """What is known of one line of one code object."""

    __slots__ = (
        *("code", "full", "hideable", "is_function", "is_odd", "lean", "module", "ours", "size"),
        *("state", "with_vars"),
    )

    def __init__(
        self, code: CodeType, module: Any, state: FileState, lean: dict[str, Any], lines: dict[str, Any]
    ) -> None:
        self.code = code  # held, so that the id in the cache's key stays its own
        self.module = module
        self.state = state
        self.lean = lean
        self.full = {**lean, **lines}
        self.with_vars = {**self.full, "vars": None}  # to be copied: a copy that is not enlarged is cheaper
        self.is_function = bool(code.co_flags & CO_OPTIMIZED)
        self.hideable = self.is_function and any(name in code.co_varnames for name in HIDING)
        self.ours = is_ours(code.co_filename)
        self.is_odd = self.hideable or self.ours
        self.size = LEAN_SIZE + sum(map(len, (*lines.get("pre_context", ()), *lines.get("post_context", ()))))


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
        """The frames of a traceback, oldest call first; with `add_full_stack` after those that led to it."""
        steps = _steps(tb)
        if self._full_stack and tb.tb_frame.f_back is not None:
            steps = [*_stack_steps(tb.tb_frame.f_back), *steps]
        frames = self._build(steps, walk, path)
        if FRAMES_KEEP_VARIABLES:
            _forget_variables(tb.tb_frame)
        return frames

    def of_stack(self, frame: FrameType | None, walk: Walk, path: tuple[str, ...]) -> list[dict[str, Any]]:
        """The frames that led to `frame`, oldest first, without our own."""
        return self._build(_stack_steps(frame), walk, path)

    def _build(self, steps: Steps, walk: Walk, path: tuple[str, ...]) -> list[dict[str, Any]]:
        """All frames lean at first; then completed from the innermost on, as long as the event has room."""
        shown = self._shown(steps)
        total = len(shown)
        bound = min(self._bound, max(FEWEST_FRAMES, walk.left // LEAN_SIZE))
        if total > bound:
            shown = [*shown[: bound // 5], *shown[total - (bound - bound // 5) :]]
            walk.note(path, counted(total))
        frames = [facts.lean for _, facts in shown]
        walk.left -= LEAN_SIZE * max(0, len(shown) - FULL_FRAMES)
        notes: Notes = {}
        for place in _innermost_first(len(shown)):
            if walk.left <= 0:
                break
            frame, facts = shown[place]
            walk.left -= facts.size
            if not self._with_locals:
                frames[place] = facts.full
                continue
            frames[place] = made = facts.with_vars.copy()
            made["vars"] = walk.locals(frame.f_locals.copy() if facts.is_function else _open_namespace(frame))
            if walk.notes is not None:
                notes[str(place)] = {"vars": walk.notes}
                walk.notes = None
        walk.note(path, notes)
        return frames

    # -- facts

    def _shown(self, steps: Steps) -> list[tuple[FrameType, Facts]]:
        """The frames that are shown, with their facts."""
        found = []
        has_odd = False
        known, now = self._facts.get, monotonic()
        for frame, lineno in steps:
            code = frame.f_code
            facts = known((id(code), lineno))
            if (
                facts is None
                or facts.module is not dict.get(frame.f_globals, "__name__")
                or (facts.state.fresh_until <= now and not facts.state.is_fresh(now))
            ):
                facts = self._find_facts(frame, code, lineno)
            if facts.is_odd:
                has_odd = True
            found.append((frame, facts))
        return _without_odd(found) if has_odd else found

    def _find_facts(self, frame: FrameType, code: CodeType, lineno: int) -> Facts:
        module_globals = frame.f_globals
        if type(module_globals) is not dict:  # code can be run in a subclass, whose methods are foreign
            module_globals = dict(dict.items(module_globals))
        module = module_globals.get("__name__")
        source = self._sources.of(code.co_filename, module_globals)
        home: Any = module_globals.get("__file__") if _is_made_up(code.co_filename) else None
        place = home if type(home) is str else code.co_filename
        lean = self._where(code, module if type(module) is str else None, lineno, place)
        facts = Facts(code, module, source.state, lean, self._lines(source.lines, lineno))
        if len(self._facts) >= FACTS_BOUND:
            self._facts.clear()
        self._facts[id(code), lineno] = facts
        return facts

    def _where(self, code: CodeType, module: str | None, lineno: int, place: str) -> dict[str, Any]:
        abs_path = _absolute(code.co_filename)
        lean: dict[str, Any] = {
            "function": getattr(code, "co_qualname", code.co_name)[:MAX_FUNCTION],
            "lineno": max(lineno, 0),
        }
        if abs_path:
            lean["filename"] = relative_path(module, abs_path)
            lean["abs_path"] = abs_path
        if module:
            lean["module"] = module
        in_app = self.is_in_app(module, _absolute(place))
        if in_app is not None:
            lean["in_app"] = in_app
        return lean

    def _lines(self, lines: list[str], lineno: int) -> dict[str, Any]:
        found = context(lines, lineno, self._around) if self._around >= 0 else None
        if found is None:
            return {}
        clean = self._scrubber.texts.clean_source
        before, line, after = found
        return {
            "pre_context": [clean(text) for text in before],
            "context_line": clean(line),
            "post_context": [clean(text) for text in after],
        }

    def is_in_app(self, module: str | None, abs_path: str) -> bool | None:
        """Whether code is the application's own; `None` leaves it to the server (protocol, "in_app rules").

        A listed module decides, then the path.
        """
        if module is not None and _is_within(module, self._in_app_include):
            return True
        if module is not None and _is_within(module, self._in_app_exclude):
            return False
        if not abs_path or abs_path.startswith("<"):
            return None
        parts = abs_path.replace("\\", "/").split("/")
        if "site-packages" in parts or "dist-packages" in parts:
            return False
        root = self._project_root
        if root and (abs_path == root or abs_path.startswith(root.rstrip(os.sep) + os.sep)):
            return True
        return None


def is_ours(filename: str) -> bool:
    """Whether code belongs to this package: wrappers of integrations, and what they call. Programs do not."""
    return filename.startswith(OUR_PACKAGE) and not filename.startswith(OUR_PROGRAMS)


def _without_odd(found: list[tuple[FrameType, Facts]]) -> list[tuple[FrameType, Facts]]:
    """Without the frames that ask to be left out, and without our own, which only passed a call through.

    If there are none but ours the fault is ours, and they are kept.
    """
    if all(facts.ours for _, facts in found):
        return found
    return [
        (frame, facts)
        for frame, facts in found
        if not facts.ours and not (facts.hideable and _asks_to_be_hidden(frame))
    ]


def _innermost_first(count: int) -> Iterable[int]:
    """The places of the frames that are shown in full, for these matter most when the room runs out."""
    half = FULL_FRAMES // 2
    if count <= FULL_FRAMES:
        return range(count - 1, -1, -1)
    return (*range(count - 1, count - half - 1, -1), *range(half - 1, -1, -1))


def _steps(tb: TracebackType | None) -> Steps:
    steps = []
    while tb is not None:
        steps.append((tb.tb_frame, tb.tb_lineno or 0))
        tb = tb.tb_next
    return steps


def _stack_steps(frame: FrameType | None) -> Steps:
    steps = []
    while frame is not None:
        steps.append((frame, frame.f_lineno or 0))
        frame = frame.f_back
    steps.reverse()
    return steps


def _asks_to_be_hidden(frame: FrameType) -> bool:
    """Whether a `__tracebackhide__` of the function is true."""
    variables = frame.f_locals
    values = [variables.get(name) for name in HIDING]
    return any(value is True or (type(value) is int and value != 0) for value in values)


def _forget_variables(frame: FrameType) -> None:
    """Empty the dictionary that a function's frame keeps once it was asked for `f_locals`.

    The frame that caught an exception goes on. The variable is gone with the `except` block, but the
    dictionary would hold the exception, and that the frame. Whoever asks next has it filled again. It is left
    alone where somebody else holds it, and under a trace function, after which the interpreter reads it.
    """
    code = frame.f_code
    if not code.co_flags & CO_OPTIMIZED or sys.gettrace() is not None or sys.getprofile() is not None:
        return
    variables = frame.f_locals
    if sys.getrefcount(variables) == ONLY_THE_FRAMES:
        for name in (*code.co_varnames, *code.co_cellvars, *code.co_freevars):
            variables.pop(name, None)


def _open_namespace(frame: FrameType) -> dict[str, Any]:
    """The variables of a module, class body or exec'd code: any mapping, and names that are not shown.

    Class bodies may run in foreign mappings, and other threads may change globals meanwhile.
    """
    namespace = frame.f_locals
    try:
        items = list(dict.items(namespace) if issubclass(type(namespace), dict) else namespace.items())
        return {name: value for name, value in items if type(name) is str and name[:2] != "__"}
    except BaseException as error:
        if is_applications_own(error):
            raise
        return {}


def _is_made_up(filename: str) -> bool:
    """Whether it names no file: libraries compile code of theirs anew, under names such as `handle_request`.
    It is of where its module is.
    """
    return not any(mark in filename for mark in "./\\<")


def _absolute(filename: str) -> str:
    if filename[:1] in ("<", "/", ""):
        return filename
    try:
        return os.path.abspath(filename)
    except OSError:  # the working directory was deleted
        return filename


def relative_path(module: str | None, abs_path: str) -> str:
    """The path from the folder of the module's top package: `a/b.py` for module `a.b`.

    Where names do not match, the last part of the path.
    """
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
