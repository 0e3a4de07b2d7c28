"""The files that crashes are written to: one for each process, in a directory of the user's own.

A file begins with one line about the process, and is locked (`flock`) for as long as the process or a child
forked from it lives. So one whose lock can be had was left by a dead process; whoever has the lock may delete
it. Files of other users, links and anything but regular files are never touched.
"""

from __future__ import annotations

import os
import sys
from stat import S_IMODE, S_ISDIR, S_ISREG
from time import time_ns

from sentry_like.errors import describe
from sentry_like.integrations.base import DidNotEnable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = ".crash"
MAX_SIZE = 1024 * 1024
"""How much of a file is read."""
PRIVATE = 0o700
ATTEMPTS = 3


def lock_free(fd: int) -> bool:
    """Lock the file, unless somebody else has.

    Raises:
        OSError: the file system knows no locks.
    """
    import fcntl

    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


class OwnFile:
    """The file of this process, open and locked; `size_before` is how long it is without a crash."""

    __slots__ = ("fd", "path", "pid", "size_before")

    def __init__(self, fd: int, path: str, size_before: int) -> None:
        self.fd = fd
        self.path = path
        self.pid = os.getpid()
        self.size_before = size_before

    @classmethod
    def create(cls, directory: str, head: bytes) -> OwnFile:
        """A new file that begins with the line `head`.

        Raises:
            OSError: the disk is full, the directory gone, or its file system knows no locks.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        for _ in range(ATTEMPTS):
            path = os.path.join(directory, f"{os.getpid()}-{time_ns():x}{SUFFIX}")
            fd = os.open(path, flags, 0o600)
            try:
                # before it was locked, another process may have taken it for a dead one's and deleted it
                if lock_free(fd) and os.fstat(fd).st_nlink:
                    if os.write(fd, head) < len(head):
                        raise OSError("the disk is full")
                    return cls(fd, path, len(head))
            except OSError:
                os.close(fd)
                os.unlink(path)
                raise
            os.close(fd)
        raise OSError("new files are taken away before they can be locked")

    def has_crash(self) -> bool:
        return os.fstat(self.fd).st_size > self.size_before

    def read(self) -> bytes:
        return os.pread(self.fd, MAX_SIZE, 0)

    def forget(self, size: int) -> None:
        """Take what was read off the file, unless more has come meanwhile."""
        if os.fstat(self.fd).st_size == size:
            os.ftruncate(self.fd, self.size_before)

    def close(self) -> None:
        """Delete the file unless it tells of a crash. A forked child only lets go of it."""
        try:
            if self.pid == os.getpid() and not self.has_crash():
                os.unlink(self.path)
        except OSError:  # it, or the whole directory, is gone already
            pass
        finally:
            os.close(self.fd)


class LeftFile:
    """The file of a dead process, open and locked by us; `changed` is the time of its last change."""

    __slots__ = ("_fd", "changed", "path")

    def __init__(self, fd: int, path: str) -> None:
        self._fd = fd
        self.path = path
        self.changed = os.fstat(fd).st_mtime

    @classmethod
    def take(cls, path: str) -> LeftFile | None:
        """The file, or `None` while its process lives, when it is not ours, or is gone."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            if _is_ours(fd) and lock_free(fd) and os.fstat(fd).st_nlink == 1:
                return cls(fd, path)
        except OSError:  # no locks here
            pass
        os.close(fd)
        return None

    def read(self) -> bytes:
        return os.pread(self._fd, MAX_SIZE, 0)

    def delete(self) -> None:
        try:
            os.unlink(self.path)
        except OSError:  # the directory is gone, or read-only by now
            pass
        finally:
            os.close(self._fd)

    def leave(self) -> None:
        """Leave it to the next start. Closing is not enough: a child forked meanwhile has it open too."""
        import fcntl

        try:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            os.close(self._fd)


def _is_ours(fd: int) -> bool:
    status = os.fstat(fd)
    return S_ISREG(status.st_mode) and status.st_uid == os.geteuid()


def others(directory: str, own: OwnFile | None) -> list[str]:
    """The paths of all crash files but our own, those of living processes too."""
    mine = None if own is None else os.path.basename(own.path)
    try:
        names = os.listdir(directory)
    except OSError:
        return []
    return [os.path.join(directory, name) for name in names if name.endswith(SUFFIX) and name != mine]


def newest_first(paths: list[str]) -> list[str]:
    """The same paths by the time of their last change."""
    return sorted(paths, key=_changed, reverse=True)


def _changed(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except OSError:
        return 0.0


def private_directory(given: str | None, environ: Mapping[str, str]) -> str:
    """The directory for crash files, made if need be: the one given, else one of the user's own.

    Raises:
        DidNotEnable: none can be had; the reasons are named.
    """
    faults = []
    for path in [given] if given else _defaults(environ):
        fault = _fault_of(path, is_given=bool(given))
        if fault is None:
            return path
        faults.append(f"{path} {fault}")
    raise DidNotEnable(f"there is no directory for crash logs: {'; '.join(faults)}")


def _defaults(environ: Mapping[str, str]) -> list[str]:
    """Below the user's cache, else in the directory for temporary files."""
    caches = (environ.get("XDG_CACHE_HOME", ""), os.path.expanduser("~/.cache"))
    cache = next((path for path in caches if os.path.isabs(path)), None)
    temporary = os.path.join(environ.get("TMPDIR") or "/tmp", f"sentry_like-crashes-{os.geteuid()}")
    return [temporary] if cache is None else [os.path.join(cache, "sentry_like", "crashes"), temporary]


def _fault_of(path: str, *, is_given: bool) -> str | None:
    """Why a directory will not do. One that we chose ourselves is closed to everybody else."""
    try:
        os.makedirs(path, PRIVATE, exist_ok=True)
        status = os.lstat(path)
        if not S_ISDIR(status.st_mode):
            return "is a link, not a directory"
        if status.st_uid != os.geteuid():
            return "belongs to somebody else"
        if not is_given and S_IMODE(status.st_mode) != PRIVATE:
            os.chmod(path, PRIVATE)
    except OSError as error:
        return f"cannot be used: {error.strerror or describe(error)}"
    return None if os.access(path, os.W_OK | os.X_OK) else "cannot be written to"


def is_supported() -> bool:
    """Whether this platform has the locks that tell living processes from dead ones."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return False
    return sys.platform != "win32"
