"""How what belongs to one process starts anew in a forked child: locks, threads, sockets and what waits for
them.

Python's own forks are announced by `os.register_at_fork`. A fork in C (uWSGI) is noticed by `notice`, which
everything calls that could touch inherited state. Process-wide state: the followers, and the id of the
process they were last anew in.
"""

from __future__ import annotations

import os
import threading
from _weakrefset import WeakSet  # `threading` has loaded it; `weakref` would be another module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
    global _pid  # the one thing that tells a child from its parent
    _pid = os.getpid()
    imports.start_anew()
    for follower in list(_followers):
        follower.start_anew()


class Imports:
    """Keeps forks and our own imports apart.

    A child that was forked in the middle of an import inherits the module's lock, held by a thread that is
    not there, and waits for ever when it imports the same module.
    """

    def __init__(self) -> None:
        self._is_ahead_of_logging = False
        self.start_anew()

    def start_anew(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def run(self, load: Callable[[], object]) -> None:
        """Call `load`, which imports; no fork happens meanwhile, unless `load` itself forks or takes too
        long.
        """
        is_ours = self._acquire()
        try:
            self._get_ahead_of_logging()
            load()
        finally:
            if is_ours:
                self._release()

    def _get_ahead_of_logging(self) -> None:
        """Have forks wait for us before they take the lock of `logging`, which urllib3 needs to be imported.

        Of the hooks before a fork the one registered last comes first, and `logging` registers its own.
        """
        if not self._is_ahead_of_logging and hasattr(os, "register_at_fork"):
            import logging  # noqa: F401  # for its hook

            os.register_at_fork(before=self.before_fork)
            self._is_ahead_of_logging = True

    def before_fork(self) -> None:
        self._acquire()

    def after_fork_in_parent(self) -> None:
        if self._owner == threading.get_ident():
            self._release()

    def _acquire(self) -> bool:
        if self._owner == threading.get_ident() or not self._lock.acquire(timeout=LONGEST_WAIT):
            return False
        self._owner = threading.get_ident()
        return True

    def _release(self) -> None:
        self._owner = None
        self._lock.release()


imports = Imports()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=imports.before_fork,
        after_in_parent=imports.after_fork_in_parent,
        after_in_child=start_anew,
    )
