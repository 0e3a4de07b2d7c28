"""What is noted of statements that the application has a database run: one breadcrumb for each.

Layers lie upon each other: an ORM runs a statement through a driver, and both are integrated with. The upper
one tells it, as it knows best what the application asked for. This is how:

- *An upper layer* (SQLAlchemy, the cursors of Django) calls `cover()` on its statement before it calls down;
  `with statement:` does so. From then on until it ended, the statement covers the unit of work it is in: this
  thread, or this task.
- *A lower layer* (a driver) asks `is_covered()` first. If so, it calls the original and notes nothing,
  neither success nor failure: who covers tells both.
- What is not worth a breadcrumb unless it fails (a connection, a ping, COMMIT) is an `Attempt`. It covers
  like a statement, so that a pool that connects, pings and sets up is told once, if at all.

A layer that can be upper and lower does both. Layers need not end in order. A statement that nobody holds any
more covers nothing; one that ended does not either, so what an application does while it reads rows is noted.

`BEGIN`, `COMMIT`, `SAVEPOINT` and their kind are noted only when they fail, whoever sends them: most drivers
send them unasked, and they would push what matters out.
Process-wide state: the newest statement that covers a unit, held weakly.
"""

from __future__ import annotations

import re
from _weakref import ref
from contextlib import nullcontext

from sentry_like.errors import absorb
from sentry_like.hub import Hub, active_now
from sentry_like.integrations._common.reasons import reason_of
from sentry_like.integrations._common.span import Operation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from sentry_like.types import Breadcrumb, Hint
    from sentry_like.units import Unit

MAX_STATEMENT = 4096
MAX_PARAMS = 20
"""How many of a list of parameters, or of sets of them, are shown."""
OF_TRANSACTIONS = frozenset(
    ("BEGIN", "START", "COMMI", "END", "END;", "END T", "END W", "ROLLB", "ABORT", "SAVEP", "RELEA")
)
"""How statements begin that only begin or end something."""
VERB = re.compile(r"(?:\s|\(|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))*([A-Za-z]+)", re.DOTALL)
UNNOTED = nullcontext()
"""What to enter in the place of a statement that somebody else tells."""

_covering: dict[Unit, ref[Statement]] = {}


class Statement(Operation):
    """One statement, with placeholders. `system` is the database in the protocol's words (`postgresql`,
    `mysql`, `sqlite`, `mongodb`), `place` its name there. `params` are shown only where they were asked for:
    what `shown()` answers, or nothing. `count` is for how many sets of parameters it runs.

    As context manager it covers what is called in it, and learns from that how it ended; an exception of ours
    does not get out.
    """

    __slots__ = (
        "__weakref__",
        "_covered",
        "_hidden",
        "count",
        "operation",
        "params",
        "place",
        "system",
        "text",
    )

    op = "db"

    def __init__(
        self,
        text: Any,
        system: str,
        place: str = "",
        params: Any = None,
        operation: str = "",
        count: int | None = None,
    ) -> None:
        super().__init__()
        self.text = (text if type(text) is str else str(text))[:MAX_STATEMENT]
        self.system = system
        self.place = place
        self.params = params
        self.operation = operation
        self.count = count
        self._covered: Unit | None = None
        self._hidden: ref[Statement] | None = None

    def cover(self) -> None:
        """Keep the layers below from telling the same, until it ended."""
        unit = active_now().unit
        self._covered = unit
        self._hidden = _covering.get(unit)
        _covering[unit] = ref(self, _forget)

    def __enter__(self) -> None:
        try:
            self.cover()
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb("noting a statement", error)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self.succeeded({})
            else:
                self.failed(error, {})
        except BaseException as fault:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb("noting a statement", fault)

    def succeeded(self, hint: Hint) -> None:
        """It ended well."""
        if self.text.lstrip()[:5].upper() in OF_TRANSACTIONS:
            self.let_go()
        else:
            self._end("info", "", hint)

    def failed(self, error: BaseException, hint: Hint) -> None:
        """It ended with an exception, be it while its rows are read."""
        if not self.is_kept or self._level == "info":
            self._end("error", reason_of(error), hint)

    def let_go(self) -> None:
        """It ended, and leaves no breadcrumb."""
        self._uncover()
        self.is_kept = True
        self._level = ""

    def _end(self, level: str, reason: Any, hint: Hint) -> None:
        self._uncover()
        super()._end(level, reason, hint)

    def _uncover(self) -> None:
        unit = self._covered
        if unit is None:
            return
        self._covered = None
        present, hidden = _covering.get(unit), self._hidden
        if present is None or present() is not self:
            return  # one that began later is still under way
        while hidden is not None:
            upper = hidden()
            if upper is not None and upper._covered is not None:
                _covering[unit] = hidden
                return
            hidden = None if upper is None else upper._hidden
        del _covering[unit]

    def make(self) -> Breadcrumb:
        made = self.ending(
            {
                "db.system": self.system,
                "db.name": self.place,
                "db.operation": self.operation or first_word(self.text),
                "db.operation.batch.size": self.count,
                "db.params": self.params,
                "error": self._reason,
            }
        )
        return {**made, "type": "query", "category": "query", "message": " ".join(self.text.split())}


class Attempt(Statement):
    """What the application does not ask for in so many words, such as a connection: it leaves a breadcrumb
    only if it fails.
    """

    __slots__ = ()

    def succeeded(self, hint: Hint) -> None:
        self.let_go()


def is_covered(by: type[Statement] = Statement) -> bool:
    """Whether a layer above tells what the running thread or task now has a database do. An upper layer asks
    whether it is covered by an `Attempt` of its own, such as a pool that sets a connection up.
    """
    if not _covering:
        return False
    mark = _covering.get(active_now().unit)
    return mark is not None and isinstance(mark(), by)


def shown(params: Any) -> Any:
    """Parameters as JSON-safe data, bounded, without what is kept under a secret name; nothing of those that
    could only be shown by using them up.
    """
    client: Any = Hub.current.client
    if client is None or not params or not isinstance(params, (dict, list, tuple)):
        return None
    more = 0 if isinstance(params, dict) else len(params) - MAX_PARAMS
    if more <= 0:
        return client.start_cleaning().bag(params, ("breadcrumbs",))
    return [*client.start_cleaning().bag(params[:MAX_PARAMS], ("breadcrumbs",)), f"... and {more} more"]


def count_of(params: Any) -> int | None:
    """For how many sets of parameters a statement runs, where that can be told without using them up."""
    return len(params) if isinstance(params, (list, tuple)) else None


def first_word(text: str) -> str:
    """The verb of a statement, after comments and parentheses: `SELECT`."""
    found = VERB.match(text)
    return "" if found is None else found[1].upper()


def _forget(dead: ref[Statement]) -> None:
    """A statement that never ended is gone: its layer lost sight of it."""
    for unit, mark in tuple(_covering.items()):
        if mark is dead:
            _covering.pop(unit, None)
