"""The event of a process that died, made from what its fault handler wrote and what it had noted of itself.

It says nothing of the process that sends it: release, interpreter and program are those of the one that died.
"""

from __future__ import annotations

import os
import sys

from sentry_like.capture.cleaning import Capture
from sentry_like.capture.frames import relative_path
from sentry_like.capture.source import Sources, context, stamp_of
from sentry_like.integrations.faulthandler.note import OPTIONS, version
from sentry_like.protocol.time import format_timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.capture.cleaning import Cleaning
    from sentry_like.integrations.faulthandler.log import Call, Dump, Thread
    from sentry_like.options import Options
    from sentry_like.types import Event

FULL_FRAMES = 50
"""Innermost frames of the thread that died which get source lines, as many as a server keeps."""
LEAN_SIZE = 400
"""About the bytes of a frame without them."""
FEWEST_FRAMES = 3
"""Frames of a thread for which the event has no room."""
MAX_TEXT = 8192
MAX_FUNCTION = 512
"""Characters of a function's name (protocol, "Size/depth limits")."""
NAMES = {"cpython": "CPython", "pypy": "PyPy", "graalpy": "GraalPy"}
"""How interpreters write themselves."""
NO_SIGNAL = "FatalPythonError"
"""The type of a death that was not by one of the five signals, or for a reason that cannot be read."""


class Crash:
    """One dump, what its process had noted (`about`), and when it was written, in epoch seconds."""

    def __init__(self, dump: Dump, about: dict[str, Any], at: float) -> None:
        self.dump = dump
        self.about = about
        self.at = at

    def event(self, options: Options, cleaning: Cleaning, event_id: str) -> Event:
        """The event as the protocol spells it, of at most about `max_event_bytes`."""
        about = self.about
        is_same = about.get("release") == options.release and about.get("version") == version()
        places = Places(options, about, with_source=is_same)
        event: Event = {
            "event_id": event_id,
            "timestamp": format_timestamp(self.at),
            "level": "fatal",
            "exception": {"values": [self._exception(places, cleaning)]},
            "contexts": self._contexts(),
            "extra": self._extra(cleaning),
            **{name: about[name] for name in OPTIONS if about.get(name)},
        }
        threads = self._threads(places, options.max_event_bytes // LEAN_SIZE)
        if threads:
            event["threads"] = {"values": threads}
        if not is_same:
            event["modules"] = {}  # else those of this process would be added
        return event

    def _exception(self, places: Places, cleaning: Cleaning) -> dict[str, Any]:
        dump = self.dump
        reason = dump.reason or dump.text.partition("\n")[0]
        value: dict[str, Any] = {
            "type": dump.signal or NO_SIGNAL,
            "value": cleaning.text(reason, MAX_TEXT, ("exception", "values", "0", "value")),
            "mechanism": _mechanism(dump.signal),
        }
        crashed = dump.crashed
        frames = [] if crashed is None else places.stack(crashed, full=FULL_FRAMES)
        if frames or dump.c_stack:
            value["stacktrace"] = {"frames": [*frames, *dump.c_stack]}
        if crashed is not None and crashed.number is not None:
            value["thread_id"] = crashed.number
        return value

    def _threads(self, places: Places, room: int) -> list[dict[str, Any]]:
        """All threads; the one that died without its stack, which the exception has."""
        threads = [thread for thread in self.dump.threads if thread.number is not None]
        crashed = self.dump.crashed
        room -= 0 if crashed is None else len(crashed.calls)
        share = max(FEWEST_FRAMES, room // max(1, len(threads)))
        shown = []
        for thread in threads:
            made: dict[str, Any] = {"id": thread.number, "crashed": thread.is_current}
            made["current"] = thread.is_current
            if thread.name:
                made["name"] = thread.name
            if thread.number == self.about.get("main"):
                made["main"] = True
            frames = [] if thread is crashed else places.stack(thread, bound=share)
            if frames:
                made["stacktrace"] = {"frames": frames}
            shown.append(made)
        return shown

    def _contexts(self) -> dict[str, Any]:
        about = self.about
        contexts = {}
        if about.get("version"):
            name = str(about.get("implementation"))
            contexts["runtime"] = {"name": NAMES.get(name, name), "version": about["version"]}
        if isinstance(about.get("started"), (int, float)):
            contexts["app"] = {"app_start_time": format_timestamp(about["started"])}
        return contexts

    def _extra(self, cleaning: Cleaning) -> dict[str, Any]:
        dump = self.dump
        program = self.about.get("program")
        extra: dict[str, Any] = {"sys.argv": [program] if program else []}
        if dump.extensions:
            extra["extension_modules"] = cleaning.text(
                dump.extensions, MAX_TEXT, ("extra", "extension_modules")
            )
        if dump.is_collecting:
            extra["garbage_collecting"] = True
        if not dump.is_whole:
            extra["crash_log"] = cleaning.text(dump.text, MAX_TEXT, ("extra", "crash_log"))
        return extra


class Places:
    """Where calls of a dead process are in the source, as far as this one can tell."""

    def __init__(self, options: Options, about: dict[str, Any], *, with_source: bool) -> None:
        capture = Capture(options)
        self._is_in_app = capture.frames.is_in_app
        self._clean = capture.scrubber.texts.clean_source
        self._around = options.frame_context_lines if options.include_source_context else -1
        self._sources = Sources()
        self._program = about.get("program")
        started = about.get("started")
        self._started = started if with_source and isinstance(started, (int, float)) else 0.0
        self._roots = sorted({entry for entry in sys.path if os.path.isabs(entry)}, key=len, reverse=True)
        self._modules: dict[str, str | None] = {}

    def stack(self, thread: Thread, *, full: int = 0, bound: int | None = None) -> list[dict[str, Any]]:
        """The frames of a thread, oldest first; the `full` innermost with source lines."""
        calls = thread.calls if bound is None else thread.calls[-bound:]
        lean = len(calls) - full
        frames = [self.frame(call, with_lines=place >= lean) for place, call in enumerate(calls)]
        return [frame for frame in frames if "function" in frame or "filename" in frame]

    def frame(self, call: Call, *, with_lines: bool) -> dict[str, Any]:
        """One call as a frame, of what the log knew."""
        path = call.file
        frame: dict[str, Any] = {"lineno": call.line} if call.line else {}
        if call.function:
            frame["function"] = call.function[:MAX_FUNCTION]
        if not path:
            return frame
        module = self._module_of(path)
        frame["filename"] = relative_path(module, path) if os.path.isabs(path) else path
        frame["abs_path"] = path
        if module:
            frame["module"] = module
        in_app = self._is_in_app(module, path)
        if in_app is not None:
            frame["in_app"] = in_app
        if with_lines:
            frame.update(self._lines(path, call.line))
        return frame

    def _lines(self, path: str, lineno: int) -> dict[str, Any]:
        """The source lines, if the file is what it was when the process began."""
        if self._around < 0 or not os.path.isabs(path):
            return {}
        stamp = stamp_of(path)
        if stamp is None or stamp[1] > self._started * 1e9:
            return {}
        found = context(self._sources.of(path, {}).lines, lineno, self._around)
        if found is None:
            return {}
        before, line, after = found
        return {
            "pre_context": [self._clean(text) for text in before],
            "context_line": self._clean(line),
            "post_context": [self._clean(text) for text in after],
        }

    def _module_of(self, path: str) -> str | None:
        if path not in self._modules:
            self._modules[path] = "__main__" if path == self._program else _name_below(path, self._roots)
        return self._modules[path]


def _name_below(path: str, roots: list[str]) -> str | None:
    """The module that an import from one of these directories, longest first, would have made of a file."""
    root = next((root for root in roots if path.startswith(root.rstrip(os.sep) + os.sep)), None)
    if root is None or not path.endswith(".py"):
        return None
    names = path[len(root.rstrip(os.sep)) + 1 : -len(".py")].split(os.sep)
    if names[-1] == "__init__":
        names.pop()
    return ".".join(names) if names and all(name.isidentifier() for name in names) else None


def _mechanism(signal_name: str) -> dict[str, Any]:
    """How it came to us (protocol, "Exceptions")."""
    mechanism: dict[str, Any] = {"type": "signalhandler", "handled": False}
    if signal_name:
        import signal

        number = int(getattr(signal, signal_name))
        mechanism["meta"] = {"signal": {"number": number, "name": signal_name}}
    return mechanism
