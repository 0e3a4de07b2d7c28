"""Source lines of code objects: from a regular file, the module's loader (zip archives), or `linecache`.

Never opens what is not a regular file, reads at most `MAX_FILE` bytes of one, and forgets a file that
changed.
"""

from __future__ import annotations

import os
import sys
from stat import S_ISREG
from time import monotonic

from sentry_like.errors import is_applications_own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_FILE = 4 * 1024 * 1024
MAX_LINE = 512
"""Characters kept of one line: a minified file has lines of megabytes."""
RECHECK_SECONDS = 1.0
MAX_FILES = 256
MAX_LINES = 200_000
"""How much is remembered, of all files together."""


class FileState:
    """What a file looked like when it was read: (is regular, mtime in ns, size), or that it was not there."""

    __slots__ = ("_path", "_stamp", "fresh_until")

    def __init__(self, path: str, stamp: tuple[bool, int, int] | None) -> None:
        self._path = path
        self._stamp = stamp
        self.fresh_until = monotonic() + RECHECK_SECONDS
        """When the file is worth another look; to be read directly where a call would cost."""

    def is_fresh(self, now: float) -> bool:
        """Whether the file still is what was read; looked up at most once in `RECHECK_SECONDS`."""
        if now < self.fresh_until:
            return True
        if stamp_of(self._path) != self._stamp:
            return False
        self.fresh_until = now + RECHECK_SECONDS
        return True


class Source:
    """The lines of one file, and the state of the file that they are from."""

    __slots__ = ("lines", "state")

    def __init__(self, lines: list[str], state: FileState) -> None:
        self.lines = lines
        self.state = state


class Sources:
    """The sources seen so far, by path; safe to share, for a lost race only reads a file twice."""

    def __init__(self) -> None:
        self._known: dict[str, Source] = {}
        self._lines = 0

    def of(self, path: str, module_globals: Mapping[str, Any]) -> Source:
        """The source that `path` names; one without lines when it cannot be had."""
        source = self._known.get(path)
        if source is None or not source.state.is_fresh(monotonic()):
            source = read(path, module_globals)
            if not _is_label(path):
                self._remember(path, source)
        return source

    def _remember(self, path: str, source: Source) -> None:
        self._lines += len(source.lines)
        if len(self._known) >= MAX_FILES or self._lines > MAX_LINES:
            self._known = {}
            self._lines = len(source.lines)
        self._known[path] = source


def read(path: str, module_globals: Mapping[str, Any]) -> Source:
    """Read the source of `path` from wherever the interpreter may have it; never raises."""
    if path.startswith("<frozen "):
        file = module_globals.get("__file__")
        path = file if type(file) is str else path
    stamp = stamp_of(path)
    state = FileState(path, stamp)
    if stamp is not None:
        is_regular, _, size = stamp
        return Source(_read_file(path) if is_regular and size <= MAX_FILE else [], state)
    return Source(_registered(path) or _from_loader(path, module_globals), state)


def context(lines: list[str], lineno: int, around: int) -> tuple[list[str], str, list[str]] | None:
    """`(lines before, the line, lines after)` of line number `lineno`, or `None` if there is no such line."""
    if not 0 < lineno <= len(lines):
        return None
    at = lineno - 1
    cut = [
        line if len(line) <= MAX_LINE else line[: MAX_LINE - 3] + "..."
        for line in lines[max(0, at - around) : at + around + 1]
    ]
    before = min(at, around)
    return cut[:before], cut[before], cut[before + 1 :]


def stamp_of(path: str) -> tuple[bool, int, int] | None:
    """What tells one state of a file from another; `None` when there is no such file."""
    if _is_label(path):
        return None
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return S_ISREG(status.st_mode), status.st_mtime_ns, status.st_size


def _is_label(path: str) -> bool:
    """Names like <string> and <stdin> are no files, and stand for ever new sources."""
    return path[:1] == "<" and path[-1:] == ">"


def _read_file(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE)
    except OSError:
        return []
    return split_lines(_decode(data))


def split_lines(text: str) -> list[str]:
    """Lines as the compiler counts them; `str.splitlines` would also split at form feeds and the like."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


_COOKIE = rb"(?:[ \t\f]*(?:#[^\r\n]*)?\r?\n)?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)"
"""Where a file names its encoding: a comment on one of the first two lines (PEP 263)."""


def _decode(data: bytes) -> str:
    """Source bytes as text: by the coding cookie, else UTF-8, else Latin-1, which cannot fail."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode(_encoding_of(data))
    except (ValueError, LookupError):
        return data.decode("latin-1")


def _encoding_of(data: bytes) -> str:
    if b"coding" not in data[:400]:
        return "utf-8"
    import re  # few files need it

    cookie = re.match(_COOKIE, data)
    return cookie[1].decode("ascii") if cookie else "utf-8"


def _registered(path: str) -> list[str]:
    """Lines that somebody registered for exec'd code: doctest, IPython, attrs, `python -c` from 3.13 on."""
    linecache: Any = sys.modules.get("linecache")
    try:
        if linecache is None or not (_is_label(path) or len(linecache.cache.get(path, ())) == 4):
            return []
        return [str(line).rstrip("\n") for line in linecache.getlines(path)]  # doctest answers in its place
    except BaseException as error:  # what was registered is foreign code
        if is_applications_own(error):
            raise
        return []


def _from_loader(path: str, module_globals: Mapping[str, Any]) -> list[str]:
    """Ask the module's loader, as the interpreter's own tracebacks do: zip archives and the like."""
    try:
        if not _is_of_module(path, module_globals):
            return []
        spec = module_globals.get("__spec__")
        loader = getattr(spec, "loader", None) or module_globals.get("__loader__")
        name = getattr(spec, "name", None) or module_globals.get("__name__")
        get_source = getattr(loader, "get_source", None)
        source = None if get_source is None else get_source(name)
    except BaseException as error:  # a foreign loader may raise anything
        if is_applications_own(error):
            raise
        return []
    return split_lines(source) if type(source) is str and len(source) <= MAX_FILE else []


def _is_of_module(path: str, module_globals: Mapping[str, Any]) -> bool:
    """Whether the code is the module's own and not exec'd in it under another name; archives may be moved.

    A module whose file is there is refused: its loader would read it whatever its size.
    """
    file = module_globals.get("__file__")
    if type(file) is not str:
        return not _is_label(path)
    return _stem(file) == _stem(path) and stamp_of(file) is None


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]
