"""Finding out which release runs: the commit that is checked out, else what the host or CI system says.

Git is read from its files ("gitrepository-layout"), never run: a subprocess costs more than the rest of
`init()`. Nothing raises; only regular files of bounded size are read, and what is odd (a reftable, a broken
link) is no release.
"""

from __future__ import annotations

import os
import stat

from sentry_like.protocol.naming import release_fault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLES = (
    "HEROKU_BUILD_COMMIT",
    "HEROKU_SLUG_COMMIT",
    "SOURCE_VERSION",
    "CODEBUILD_RESOLVED_SOURCE_VERSION",
    "CIRCLE_SHA1",
    "GAE_DEPLOYMENT_ID",
    "K_REVISION",
    "GITHUB_SHA",
    "CI_COMMIT_SHA",
    "BITBUCKET_COMMIT",
    "BUILD_SOURCEVERSION",
    "GIT_COMMIT",
)
"""Asked in this order when there is no git repository."""

POINTER_BYTES = 4096
# A hundred thousand refs; a larger repository is a mirror, not an application.
PACKED_REFS_BYTES = 8 * 1024 * 1024
LONGEST_REF_CHAIN = 5
HEX_DIGITS = frozenset("0123456789abcdef")


def detect(environ: Mapping[str, str], root: str) -> str | None:
    """The commit checked out in `root` or above it, else the first release among `VARIABLES`, or `None`.

    `root`: a directory; empty for "unknown".
    """
    commit = read_commit(root) if root else None
    if commit:
        return commit
    for variable in VARIABLES:
        release = environ.get(variable, "").strip()
        if release and not release_fault(release):
            return release
    return None


def read_commit(root: str) -> str | None:
    """The full hash that `git rev-parse HEAD` would print in `root`; `None` outside of a repository."""
    try:
        directory = _find_git_directory(os.path.realpath(root))
        return _resolve(directory, "HEAD") if directory else None
    except (OSError, ValueError):  # unreadable; or a path or a content that is not text
        return None


def _find_git_directory(place: str) -> str | None:
    while True:
        git = os.path.join(place, ".git")
        if os.path.isfile(git):
            return _follow(git)
        if os.path.isfile(os.path.join(git, "HEAD")):
            return git
        parent = os.path.dirname(place)
        if parent == place:
            return None
        place = parent


def _follow(pointer: str) -> str | None:
    """The directory that the `.git` file of a worktree or submodule names: `gitdir: ../.git/modules/x`."""
    content = _read(pointer, POINTER_BYTES)
    if not content or not content.startswith(b"gitdir: "):
        return None
    return os.path.join(os.path.dirname(pointer), os.fsdecode(content[len(b"gitdir: ") :].rstrip(b"\r\n")))


def _resolve(directory: str, name: str) -> str | None:
    """The hash that a ref stands for, following `ref: refs/heads/main`."""
    common = _common_directory(directory)
    for _ in range(LONGEST_REF_CHAIN):
        content = _read(os.path.join(directory, name), POINTER_BYTES) or _read(
            os.path.join(common, name), POINTER_BYTES
        )
        if not content:
            return _find_packed(common, name)
        line = os.fsdecode(content).strip()
        if not line.startswith("ref: "):
            return line if _is_hash(line) else None
        name = line[len("ref: ") :].strip()
        if not name.startswith("refs/") or ".." in name:
            return None
    return None


def _common_directory(directory: str) -> str:
    """Where the refs are that all worktrees share; for the main worktree its own directory."""
    content = _read(os.path.join(directory, "commondir"), POINTER_BYTES)
    return os.path.join(directory, os.fsdecode(content.rstrip(b"\r\n"))) if content else directory


def _find_packed(common: str, name: str) -> str | None:
    """The hash beside the ref's name in `packed-refs`: lines of `<hash> <name>`."""
    content = _read(os.path.join(common, "packed-refs"), PACKED_REFS_BYTES)
    if not content:
        return None
    before, found, _ = (content + b"\n").partition(b" " + os.fsencode(name) + b"\n")
    candidate = os.fsdecode(before.rpartition(b"\n")[2]) if found else ""
    return candidate if _is_hash(candidate) else None


def _is_hash(text: str) -> bool:
    return len(text) in (40, 64) and HEX_DIGITS.issuperset(text)


def _read(path: str, most: int) -> bytes | None:
    """The content of a regular file of at most `most` bytes, or `None`. Never waits, whatever it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            return None
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)
