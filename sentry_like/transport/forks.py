"""How what belongs to one process starts anew in a forked child: locks, threads, sockets and what waits for them.

Python's own forks are announced by `os.register_at_fork`. A fork in C (uWSGI) is noticed by `notice`, which everything calls
that could touch inherited state. Process-wide state: the followers, and the id of the process they were last anew in.
"""

from __future__ import annotations

import os
import threading
from weakref import WeakSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Protocol

    class Follower(Protocol):
        def start_anew(self) -> None:
            """Drop everything inherited, without waiting for any lock and without talking on any socket."""


LONGEST_WAIT = 2.0
"""Seconds that a fork waits for an import of ours; importing urllib3 and ssl takes about 0.1."""

_followers: WeakSet[Follower] = WeakSet()
_pid = os.getpid()


def follow(follower: Follower) -> None:
    """Have `start_anew` called in every child from now on, as long as the follower lives."""
    _followers.add(follower)


def notice() -> None:
    """Start anew if this is a child that no hook was called in."""
    if os.getpid() != _pid:
        start_anew()


def start_anew() -> None:
    """Have all followers start anew in this process."""
    global _pid  # noqa: PLW0603  # the one thing that tells a child from its parent
    _pid = os.getpid()
    importing.start_anew()
    for follower in list(_followers):
        follower.start_anew()


class Importing:
    """A block that imports modules on a thread of ours; no fork happens inside.

    A child that was forked in the middle of an import inherits the module's lock, held by a thread that is not there, and waits
    for ever when it imports the same module.
    """

    def __init__(self) -> None:
        self.start_anew()

    def start_anew(self) -> None:
        self._lock = threading.Lock()
        self._forking: int | None = None

    def __enter__(self) -> None:
        # Bounded like the other side: an import that forks, on one thread, must not wait for itself.
        self._held = self._lock.acquire(timeout=LONGEST_WAIT)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._held:
            self._lock.release()

    def before_fork(self) -> None:
        if self._lock.acquire(timeout=LONGEST_WAIT):
            self._forking = threading.get_ident()

    def after_fork_in_parent(self) -> None:
        if self._forking == threading.get_ident():
            self._forking = None
            self._lock.release()


importing = Importing()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=importing.before_fork,
        after_in_parent=importing.after_fork_in_parent,
        after_in_child=start_anew,
    )
