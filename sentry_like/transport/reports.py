"""The account of everything captured: what was sent, what was lost and why, and what the server has yet to be told of it.

Recording never waits: an entry is put on a deque, and folded into the totals by whoever gets the lock first. So it may be called
from any thread, a signal handler, or a finaliser that the garbage collector runs in the midst of another call.
"""

from __future__ import annotations

from collections import deque
from threading import Lock

from sentry_like.errors import contained

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sentry_like.types import OnLost

    Discarded = tuple[str, str, int]
    """(reason, category, quantity)."""

RATE_LIMITED = "rate_limited"
"""Refused by the server with 429. The server counts these itself, so they are not reported to it."""
CAPTURED, SENT, LOST, UNREPORTED = range(4)
PATIENCE = 1.0
"""Seconds that a reader waits for somebody else's folding: only a signal handler that interrupted it can see this pass."""


class Reports:
    """One client's account. `on_lost(reason, category, quantity)` is told each loss, on the thread that noticed it."""

    def __init__(self, on_lost: OnLost | None = None) -> None:
        self._on_lost = on_lost
        self.reset()

    def reset(self) -> None:
        """Start from nothing, as a forked child does: what its parent captured is its parent's business."""
        self._entries: deque[tuple[int, str, str, int]] = deque()
        self._folding = Lock()
        self._captured: dict[str, int] = {}
        self._sent: dict[str, int] = {}
        self._lost: dict[str, dict[str, int]] = {}
        self._untold: dict[tuple[str, str], int] = {}

    def captured(self, category: str, quantity: int = 1) -> None:
        self._record(CAPTURED, category, "", quantity)

    def sent(self, category: str, quantity: int = 1) -> None:
        self._record(SENT, category, "", quantity)

    def lost(self, reason: str, category: str, quantity: int = 1, *, report: bool = True) -> None:
        """Count a loss; with `report` the server is told of it in a client report (protocol, "Client reports")."""
        self._record(LOST if report else UNREPORTED, category, reason, quantity)
        if self._on_lost is not None:
            with contained("on_lost"):
                self._on_lost(reason, category, quantity)

    def take(self) -> list[Discarded]:
        """The losses that the server has not been told of, which from here on are the caller's to tell."""
        with _patiently(self._folding):
            self._fold()
            untold, self._untold = self._untold, {}
        return [(reason, category, quantity) for (reason, category), quantity in untold.items()]

    def give_back(self, discarded: Iterable[Discarded]) -> None:
        """Take losses back whose client report did not arrive."""
        with _patiently(self._folding):
            for reason, category, quantity in discarded:
                self._untold[reason, category] = self._untold.get((reason, category), 0) + quantity

    def stats(self) -> dict[str, dict[str, Any]]:
        """`{category: {"captured": n, "sent": n, "queued": n, "lost": {reason: n}}}`; captured is the sum of the others."""
        with _patiently(self._folding):
            self._fold()
            return {category: self._stats_of(category) for category in sorted({*self._captured, *self._lost})}

    def _stats_of(self, category: str) -> dict[str, Any]:
        captured, sent = self._captured.get(category, 0), self._sent.get(category, 0)
        lost = dict(self._lost.get(category, {}))
        return {
            "captured": captured,
            "sent": sent,
            "queued": captured - sent - sum(lost.values()),
            "lost": lost,
        }

    def _record(self, kind: int, category: str, reason: str, quantity: int) -> None:
        self._entries.append((kind, category, reason, quantity))
        if self._folding.acquire(blocking=False):
            try:
                self._fold()
            finally:
                self._folding.release()

    def _fold(self) -> None:
        """Move the entries into the totals; the caller holds the lock."""
        while self._entries:
            kind, category, reason, quantity = self._entries.popleft()
            if kind == CAPTURED:
                self._captured[category] = self._captured.get(category, 0) + quantity
            elif kind == SENT:
                self._sent[category] = self._sent.get(category, 0) + quantity
            else:
                lost = self._lost.setdefault(category, {})
                lost[reason] = lost.get(reason, 0) + quantity
                if kind == LOST:
                    self._untold[reason, category] = self._untold.get((reason, category), 0) + quantity


class _patiently:  # noqa: N801  # reads as a statement: `with _patiently(lock):`
    """Hold a lock, but rather go on without it than wait for ever on a thread that this one interrupted."""

    __slots__ = ("_held", "_lock")

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._held = self._lock.acquire(timeout=PATIENCE)

    def __exit__(self, kind: object, error: object, tb: object) -> None:
        if self._held:
            self._lock.release()
