"""What just happened: single breadcrumbs, and the chain of the newest that scopes and their forks share."""

from __future__ import annotations

from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from sentry_like.types import Breadcrumb


class Crumb:
    """One breadcrumb: its fields as given until an event first needs them, then finished once and for all.

    A subclass may make its fields only then: it overrides `make`.
    """

    __slots__ = ("fields", "finished")

    def __init__(self, fields: Breadcrumb) -> None:
        self.fields = fields
        self.finished = False

    def make(self) -> Breadcrumb:
        """The fields before they are finished."""
        return self.fields

    def finish(self, finisher: Callable[[Breadcrumb], Breadcrumb]) -> Breadcrumb:
        """The crumb as it is sent; `finisher` makes it JSON-safe and scrubs it, at the first call only."""
        if not self.finished:
            self.settle(finisher(self.make()))
        return self.fields

    def settle(self, fields: Breadcrumb) -> None:
        """Let these be the fields as they are sent."""
        self.fields = fields
        self.finished = True


class Crumbs:
    """The newest crumbs as a chain that forks share: each link knows its elder, so adding copies nothing.

    The chain is re-made from its newest `bound` links each time it has grown to twice that, so it holds at
    most 2 x `bound`.
    """

    __slots__ = ("bound", "crumb", "dropped", "elder", "length")

    def __init__(
        self, crumb: Crumb | None, elder: Crumbs | None, length: int, bound: int, dropped: int
    ) -> None:
        self.crumb = crumb
        self.elder = elder
        self.length = length
        self.bound = bound
        self.dropped = dropped

    def followed_by(self, crumb: Crumb, bound: int) -> Crumbs:
        if bound <= 0:
            return NO_CRUMBS
        if self.length >= 2 * bound:
            return self._cut_to(bound).followed_by(crumb, bound)
        return Crumbs(crumb, self, self.length + 1, bound, self.dropped)

    def _cut_to(self, bound: int) -> Crumbs:
        chain = Crumbs(None, None, 0, bound, self.dropped + self.length - bound)
        for crumb in self.newest()[-bound:]:
            chain = Crumbs(crumb, chain, chain.length + 1, bound, chain.dropped)
        return chain

    @property
    def total(self) -> int:
        """How many crumbs were ever added to this chain."""
        return self.dropped + self.length

    def newest(self) -> list[Crumb]:
        """The crumbs, oldest first."""
        found: list[Crumb] = []
        link: Crumbs | None = self
        for _ in range(self.bound):
            if link is None or link.crumb is None:
                break
            found.append(link.crumb)
            link = link.elder
        found.reverse()
        return found


NO_CRUMBS = Crumbs(None, None, 0, 0, 0)


def new_crumb(crumb: Breadcrumb | None, fields: Mapping[str, Any]) -> Breadcrumb:
    """The fields of a breadcrumb, stamped with the time; `ty` is the 2018 spelling of `type`."""
    made: Breadcrumb = {"timestamp": time(), "type": "default"}
    if crumb:
        made.update(crumb)
    if fields:
        made.update(fields)
    if "ty" in made:
        made["type"] = made.pop("ty")
    return made
