"""The ledger of a client: what was captured, what arrived, and what was lost for which reason.

Recording never waits: it appends to a deque, which threads, signal handlers and finalisers may do at any
moment. Entries are folded into totals now and then by whoever finds the lock free. A forked child begins
with an empty ledger.
"""

from __future__ import annotations

# Not from `collections`, which would be five more modules for `init` to load.
from _collections import deque  # type: ignore[import-not-found]  # it has no stub
from _thread import allocate_lock, get_ident

from sentry_like.errors import contained
from sentry_like.protocol.categories import INTERNAL, REASONS
from sentry_like.transport import forks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sentry_like.types import OnLost

CAPTURED, SENT, LOST, UNREPORTED = "captured", "sent", "lost", "unreported"

FOLD_AT = 64
"""So many entries are worth taking the lock."""

PATIENCE = 1.0
"""Seconds that a reader waits for a fold to end. Only a signal handler that has interrupted the fold itself
waits so long.
"""


class Reports:
    """Counts per category, and what of the losses the server has not been told yet.

    `on_lost(reason, category, quantity)` is called for each loss, by the thread that noticed it; what it
    raises is contained, and losses that it causes itself are counted without calling it again.
    """

    def __init__(self, on_lost: OnLost | None = None) -> None:
        self._on_lost = on_lost
        self.start_anew()
        forks.follow(self)

    def start_anew(self) -> None:
        """Begin an empty ledger, as a forked child does."""
        self._entries: deque[tuple[tuple[str, str, str], int]] = deque()
        self._totals: dict[tuple[str, str, str], int] = {}
        self._folding = allocate_lock()
        self._telling: set[int] = set()

    def captured(self, category: str, quantity: int = 1) -> None:
        """Count what the application handed to us."""
        self._record(CAPTURED, "", category, quantity)

    def sent(self, category: str, quantity: int = 1) -> None:
        """Count what the server accepted."""
        self._record(SENT, "", category, quantity)

    def lost(self, reason: str, category: str, quantity: int = 1, *, report: bool = True) -> None:
        """Count a loss; with `report`, the server is to be told of it if the protocol has a name for the
        reason.
        """
        self._record(LOST, reason, category, quantity)
        if report and reason in REASONS and category != INTERNAL:
            self._record(UNREPORTED, reason, category, quantity)
        self._tell(reason, category, quantity)

    def take(self) -> list[tuple[str, str, int]]:
        """What the server has not been told, as (reason, category, quantity); forgotten here."""
        if not self._folding.acquire(timeout=PATIENCE):
            return []
        try:
            self._fold()
            keys = [key for key in self._totals if key[0] == UNREPORTED]
            return [
                (reason, category, self._totals.pop((kind, reason, category)))
                for kind, reason, category in keys
            ]
        finally:
            self._folding.release()

    def give_back(self, untold: Iterable[tuple[str, str, int]]) -> None:
        """Take back what `take` gave, because the server could not be told."""
        for reason, category, quantity in untold:
            self._record(UNREPORTED, reason, category, quantity)

    def has_untold(self) -> bool:
        """Whether `take` would give anything."""
        return any(kind == UNREPORTED for kind, _, _ in self._snapshot())

    def stats(self) -> dict[str, dict[str, Any]]:
        """`{category: {"captured": n, "sent": n, "queued": n, "lost": {reason: n}}}`.

        Captured is always the sum of the others: what was neither sent nor lost is queued, and what was
        sent or lost has been captured, by whomever.
        """
        stats: dict[str, dict[str, Any]] = {}
        for (kind, reason, category), quantity in sorted(self._snapshot().items()):
            if kind == UNREPORTED:
                continue
            of = stats.setdefault(category, {"captured": 0, "sent": 0, "queued": 0, "lost": {}})
            if kind == LOST:
                of["lost"][reason] = quantity
            else:
                of[kind] = quantity
        for of in stats.values():
            done = of["sent"] + sum(of["lost"].values())
            of["captured"] = max(of["captured"], done)
            of["queued"] = of["captured"] - done
        return stats

    def _record(self, kind: str, reason: str, category: str, quantity: int) -> None:
        forks.notice()
        self._entries.append(((kind, reason, category), quantity))
        if len(self._entries) >= FOLD_AT and self._folding.acquire(blocking=False):
            try:
                self._fold()
            finally:
                self._folding.release()

    def _fold(self) -> None:
        """Add the entries to the totals; the caller has the lock, so nobody else takes entries away."""
        while self._entries:
            key, quantity = self._entries.popleft()
            self._totals[key] = self._totals.get(key, 0) + quantity

    def _snapshot(self) -> dict[tuple[str, str, str], int]:
        if not self._folding.acquire(timeout=PATIENCE):
            return self._totals.copy()
        try:
            self._fold()
            return self._totals.copy()
        finally:
            self._folding.release()

    def _tell(self, reason: str, category: str, quantity: int) -> None:
        if self._on_lost is None:
            return
        me = get_ident()
        if me in self._telling:
            return
        self._telling.add(me)
        try:
            with contained("on_lost"):
                self._on_lost(reason, category, quantity)
        finally:
            self._telling.discard(me)
