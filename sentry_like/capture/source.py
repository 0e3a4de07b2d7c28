"""Source lines of code objects: from a regular file, from the module's loader (zip archives, frozen modules), or from `linecache`.

Never opens what is not a regular file, reads at most `MAX_FILE` bytes of one, and forgets a file that changed.
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
BOUND = 256
"""How many files are remembered."""


class Source:
    """The lines of one file, and what the file looked like when they were read."""

    __slots__ = ("_checked", "_path", "_stamp", "lines")

    def __init__(self, path: str, lines: list[str], stamp: tuple[int, int] | None) -> None:
        self.lines = lines
        self._path = path
        self._stamp = stamp
        self._checked = monotonic()

    def is_fresh(self, now: float) -> bool:
        """Whether the file still is what was read; looked up at most once in `RECHECK_SECONDS`."""
        if now - self._checked < RECHECK_SECONDS or self._stamp is None:
            return True
        self._checked = now
        return _stamp(self._path) == self._stamp


class Sources:
    """The sources seen so far, by path; safe to share, for a lost race only reads a file twice."""

    def __init__(self) -> None:
        self._known: dict[str, Source] = {}

    def of(self, path: str, module_globals: Mapping[str, Any]) -> Source:
        """The source that `path` names; one without lines when it cannot be had."""
        source = self._known.get(path)
        if source is None or not source.is_fresh(monotonic()):
            source = read(path, module_globals)
            if path[:1] != "<":  # names like <string> and <stdin> stand for ever new sources
                self._remember(path, source)
        return source

    def _remember(self, path: str, source: Source) -> None:
        if len(self._known) >= BOUND:
            self._known.clear()
        self._known[path] = source


def read(path: str, module_globals: Mapping[str, Any]) -> Source:
    """Read the source of `path` from wherever the interpreter may have it; never raises."""
    if path.startswith("<frozen "):
        path = module_globals.get("__file__") or path
    stamp = _stamp(path)
    if stamp is not None:
        return Source(path, _read_file(path), stamp)
    lines = _registered(path)
    if not lines and path[:1] != "<":
        lines = _from_loader(module_globals)
    return Source(path, lines, None)


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


def _stamp(path: str) -> tuple[int, int] | None:
    """(mtime in ns, size) of a regular file that is not too large, else `None`."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    if not S_ISREG(status.st_mode) or status.st_size > MAX_FILE:
        return None
    return status.st_mtime_ns, status.st_size


def _read_file(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE)
    except OSError:
        return []
    return split_lines(_decode(data))


def split_lines(text: str) -> list[str]:
    """Lines as the compiler counts them; `str.splitlines` would also split at form feeds and Unicode separators."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _decode(data: bytes) -> str:
    """Source bytes as text: by the coding cookie when there is one (PEP 263), else UTF-8, else Latin-1, which cannot fail."""
    if b"coding" in data[:400]:
        from io import BytesIO
        from tokenize import detect_encoding

        try:
            return data.decode(detect_encoding(BytesIO(data).readline)[0])
        except (SyntaxError, UnicodeDecodeError, LookupError):
            return data.decode("latin-1")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _registered(path: str) -> list[str]:
    """Lines that somebody registered for exec'd code: doctest, IPython, attrs, `python -c` from 3.13 on."""
    linecache = sys.modules.get("linecache")
    entry = None if linecache is None else linecache.cache.get(path)
    if isinstance(entry, tuple) and len(entry) == 4:
        return [line.rstrip("\n") for line in entry[2]]
    return []


def _from_loader(module_globals: Mapping[str, Any]) -> list[str]:
    """Ask the module's loader, as the interpreter's own tracebacks do: zip archives and frozen modules."""
    spec = module_globals.get("__spec__")
    loader = getattr(spec, "loader", None) or module_globals.get("__loader__")
    name = getattr(spec, "name", None) or module_globals.get("__name__")
    get_source = getattr(loader, "get_source", None)
    if get_source is None or not isinstance(name, str):
        return []
    try:
        source = get_source(name)
    except BaseException as error:  # a foreign loader may raise anything
        if is_applications_own(error):
            raise
        return []
    return split_lines(source) if isinstance(source, str) else []
