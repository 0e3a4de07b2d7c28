"""What the application asks of others: a request, a statement, a command. Each leaves one breadcrumb, when it
ended.

This is the seam at which such an operation begins and ends, whoever notes it; whatever else is to be known of
operations hangs here. An operation holds short texts and numbers, no object of the application, and puts its
fields together only when an event needs them.
"""

from __future__ import annotations

from time import perf_counter, time

from sentry_like.breadcrumbs import Crumb
from sentry_like.errors import describe
from sentry_like.hub import Hub

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_like.types import Breadcrumb, Hint

MAX_REASON = 256


class Operation(Crumb):
    """One operation, begun when it is made.

    It is kept as breadcrumb of the current hub by the first call that says how it ended; what is said later
    changes it as long as no event holds it.

    `op` is its kind in the words of the protocol ("Status, HTTP map, ops, origin"): `http.client`, `db`,
    `db.redis`. Subclasses make its fields in `make`, of which `ending` are some.
    """

    __slots__ = ("_duration", "_level", "_reason", "_time", "is_kept")

    op = ""

    def __init__(self) -> None:
        self.finished = self.is_kept = False
        self._duration = -perf_counter()

    def succeeded(self, hint: Hint) -> None:
        """It ended well."""
        self._end("info", "", hint)

    def failed(self, error: BaseException, hint: Hint) -> None:
        """It ended with an exception. Of several failures of one operation the first tells most."""
        if not self.is_kept:
            self._end("error", describe(error), hint)

    def _end(self, level: str, reason: Any, hint: Hint) -> None:
        if not self.is_kept:
            self._duration += perf_counter()
            self._time = time()
        self._level = level
        self._reason = str(reason or "")[:MAX_REASON]
        if not self.is_kept:
            self.is_kept = True
            Hub.current.keep_crumb(self, hint)

    def ending(self, data: dict[str, Any]) -> Breadcrumb:
        """The fields that all operations have: when and how it ended, and `data` with what took how long, in
        seconds, without what is unknown.
        """
        data = {**data, "duration": round(self._duration, 4)}
        return {
            "timestamp": self._time,
            "level": self._level,
            "data": {name: value for name, value in data.items() if value not in (None, "")},
        }
