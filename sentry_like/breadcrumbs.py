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
    """The newest crumbs: a block of older ones and a chain of the newer, both shared by forks, so that adding
    copies nothing.

    A link is `(crumb, elder link)`. Each time the chain has grown to `bound` links, the newest `bound` crumbs
    become the block, so it holds at most 2 x `bound`.
    """

    __slots__ = ("block", "bound", "chain", "dropped", "length")

    def __init__(self, block: tuple[Crumb, ...], bound: int, dropped: int) -> None:
        self.block = block
        self.chain: Any = None
        self.length = 0
        self.bound = bound
        self.dropped = dropped

    def followed_by(self, crumb: Crumb, bound: int) -> Crumbs:
        if bound <= 0:
            return NO_CRUMBS
        elder = self if self.length < bound else self._in_one_block(bound)
        made = Crumbs.__new__(Crumbs)  # `__init__` would cost a call
        made.block = elder.block
        made.chain = (crumb, elder.chain)
        made.length = elder.length + 1
        made.bound = bound
        made.dropped = elder.dropped
        return made

    def _in_one_block(self, bound: int) -> Crumbs:
        block = tuple(self.newest()[-bound:])
        return Crumbs(block, bound, self.total - len(block))

    @property
    def total(self) -> int:
        """How many crumbs were ever added."""
        return self.dropped + len(self.block) + self.length

    def newest(self) -> list[Crumb]:
        """The crumbs, oldest first."""
        found: list[Crumb] = []
        link = self.chain
        while link is not None:
            crumb, link = link
            found.append(crumb)
        found.reverse()
        return [*self.block, *found][-self.bound :] if self.bound else []


NO_CRUMBS = Crumbs((), 0, 0)


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
