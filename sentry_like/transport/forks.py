"""How what belongs to one process starts anew in a forked child: locks, threads, sockets and what waits for
them.

Python's own forks are announced by `os.register_at_fork`. A fork in C (uWSGI) is noticed by `notice`, which
everything calls that could touch inherited state. Process-wide state: the followers, and the id of the
process they were last anew in.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, get_ident
from _weakref import ref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    class Follower(Protocol):
        def start_anew(self) -> None:
            """Drop everything inherited, without waiting for any lock and without talking on any socket."""


LONGEST_WAIT = 5.0
"""Seconds that a fork waits for a step of ours; the longest, importing urllib3 and ssl, takes about 0.1."""

_followers: tuple[ref[Follower], ...] = ()
_pid = os.getpid()


def follow(follower: Follower) -> None:
    """Have `start_anew` called in every child from now on, as long as the follower lives."""
    global _followers  # replaced, never edited: a fork may come at any moment
    _followers = (*(one for one in _followers if one() is not None), ref(follower))


def notice() -> None:
    """Start anew if this is a child that no hook was called in."""
    if os.getpid() != _pid:
        start_anew()


def start_anew() -> None:
    """Have all followers start anew in this process."""
    global _pid  # the one thing that tells a child from its parent
    _pid = os.getpid()
    undivided.start_anew()
    for one in _followers:
        follower = one()
        if follower is not None:
            follower.start_anew()


class Undivided:
    """Keeps forks out of what a thread of ours must not be in the middle of when the process is copied.

    That is importing, and setting up TLS: the child would inherit a lock of a module or of OpenSSL, held by a
    thread that is not there, and wait for ever when it does the same.
    """

    def __init__(self) -> None:
        self._is_ahead_of_logging = False
        self.start_anew()

    def start_anew(self) -> None:
        self._lock = allocate_lock()
        self._owner: int | None = None

    def get_ahead_of_logging(self) -> None:
        """Have forks wait for us before they take the lock of `logging`, which urllib3 needs to be imported.

        Hooks run last one first, and `logging` brings some: were ours older, a fork would hold that lock and
        wait for an import that waits for the lock. To be `run` by itself, before that import.
        """
        if not self._is_ahead_of_logging and hasattr(os, "register_at_fork"):
            self._import_logging()
            os.register_at_fork(before=self._acquire)
            self._is_ahead_of_logging = True

    def _import_logging(self) -> None:
        """Import it with a hook of ours right behind its own: between the two a fork would take its lock and
        wait for us, who need the lock to end the import.
        """
        register = os.register_at_fork

        def register_both(**hooks: Any) -> None:
            register(**hooks)
            register(before=self._acquire)

        os.register_at_fork = register_both
        try:
            import logging  # noqa: F401  # for its hooks
        finally:
            os.register_at_fork = register

    def run(self, step: Callable[[], object]) -> None:
        """Call `step`, which takes milliseconds; no fork happens meanwhile, unless it forks itself."""
        is_ours = self._acquire()
        try:
            step()
        finally:
            if is_ours:
                self._release()

    def before_fork(self) -> None:
        was_ahead = self._is_ahead_of_logging
        self._acquire()
        if self._is_ahead_of_logging and not was_ahead:
            # If `logging` was imported while this fork waited, its hook before a fork was not called, which
            # takes its lock; but the one after will be, which releases it.
            lock = getattr(sys.modules["logging"], "_lock", None)
            if lock is not None and not lock._is_owned():
                lock.acquire()

    def after_fork_in_parent(self) -> None:
        if self._owner == get_ident():
            self._release()

    def _acquire(self) -> bool:
        if self._owner == get_ident() or not self._lock.acquire(timeout=LONGEST_WAIT):
            return False
        self._owner = get_ident()
        return True

    def _release(self) -> None:
        self._owner = None
        self._lock.release()


undivided = Undivided()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=undivided.before_fork,
        after_in_parent=undivided.after_fork_in_parent,
        after_in_child=start_anew,
    )
