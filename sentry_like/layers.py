"""The levels of a hub's stack: a client and the scopes that are true with it."""

from __future__ import annotations

from sentry_like.errors import debug
from sentry_like.units import carried_now, carry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from sentry_like.hub import Hub
    from sentry_like.scope import Scope
    from sentry_like.types import Client


class Inherited:
    """Stands for "the client of `Hub.main`", whichever that is at the moment of use."""

    __slots__ = ()


INHERITED = Inherited()


class Layer:
    """One level of a hub's stack, and the block in which it is on top.

    `scope` is what `push_scope` and `configure_scope` hand out. `local` is the scope of a `new_scope()`
    block (2.x), laid over it. When the block ends the stack is as it was at its beginning, whatever happened
    within.
    """

    __slots__ = ("_active_before", "_before", "_hub", "client", "local", "scope")

    def __init__(self, client: Client | Inherited | None, scope: Scope, local: Scope | None = None) -> None:
        self.client = client
        self.scope = scope
        self.local = local

    def fork(self) -> Layer:
        return Layer(self.client, self.scope.fork(), self.local and self.local.fork())

    def fork_on(self, hub: Hub) -> Layer:
        """A fork as a block on a hub: `with layer.fork_on(hub) as scope:`. `__init__` would cost a call."""
        twin = Layer.__new__(Layer)
        twin.client = self.client
        twin.scope = self.scope.fork()
        twin.local = self.local and self.local.fork()
        twin._hub = hub
        return twin

    def on(self, hub: Hub) -> Layer:
        """This layer as a block on a hub: `with layer.on(hub) as scope:`."""
        self._hub = hub
        return self

    def __enter__(self) -> Scope:
        hub = self._hub
        self._before = before = hub._stack
        hub._stack = stack = (*before, self)
        self._active_before = active = carried_now(None)
        if active is not None and active.hub is hub:
            carry(active.with_stack(stack))
        return self.scope if self.local is None else self.local

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        hub = self._hub
        stack = hub._stack
        if stack[-1] is not self:
            self._mend(hub)
            return
        active = carried_now(None)
        if active is not None and active.stack is stack:
            hub._stack = self._before
            carry(self._active_before)
        else:
            hub._set_stack(self._before)

    def _mend(self, hub: Hub) -> None:
        """The block's layer is not on top: scopes were left open within it, or it was popped already."""
        stack = hub._stack
        if self not in stack:
            debug("this block's scope had been popped before the block ended")
            return
        count = len(stack) - len(self._before) - 1
        debug(f"{count} scope(s) pushed in this block were left open; they are closed now")
        hub._set_stack(self._before)
