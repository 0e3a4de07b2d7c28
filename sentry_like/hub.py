"""Who listens: a hub pairs a client with a stack of scopes, and there is always a current one.

A thread that has no hub starts with a fork of `Hub.main`; a task that inherited another unit's hub forks it
at first use, so threads, tasks and executors never write into each other's scopes.
"""

from __future__ import annotations

import sys

from sentry_like.breadcrumbs import new_crumb
from sentry_like.errors import absorb, debug, voice
from sentry_like.layers import INHERITED, Inherited, Layer
from sentry_like.scope import Scope, listen_through
from sentry_like.units import Active, Unit, carried_now, carry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Any, TypeVar, overload

    from sentry_like.breadcrumbs import Crumb
    from sentry_like.types import Client, Event, ExcInfo, Hint, Mechanism

    T = TypeVar("T")


class HubMeta(type):
    """Lets `Hub.current` and `Hub.main` be attributes of the class."""

    @property
    def current(cls) -> Hub:
        """The hub of the running thread or task; there is always one."""
        active = carried_now(None)
        if active is not None and active.unit.is_running():
            return active.hub
        return active_now().hub

    @property
    def main(cls) -> Hub:
        """The hub of the process: `init` binds its client here, and new threads start from it."""
        return _main


class Hub(metaclass=HubMeta):
    """A stack of (client, scope).

    `Hub(hub)` clones: the same client and a fork of the top scope. `Hub(client)` starts with an empty
    scope. A hub becomes current within `with hub:` or `hub.run(callback)`.
    """

    __slots__ = ("_entries", "_last_event_id", "_stack")

    _process_client: Client | None = None

    if TYPE_CHECKING:
        current: Hub
        main: Hub

    def __init__(self, client_or_hub: Client | Hub | None = None, scope: Scope | None = None) -> None:
        if isinstance(client_or_hub, Hub):
            top = client_or_hub._stack[-1]
            layer = Layer(
                top.client, top.scope.fork() if scope is None else scope, top.local and top.local.fork()
            )
        else:
            layer = Layer(client_or_hub, Scope() if scope is None else scope)
        self._stack: tuple[Layer, ...] = (layer,)
        self._entries: list[Active] = []
        self._last_event_id: str | None = None

    def fork_base(self) -> Hub:
        """A hub that starts from this one's outermost scope: what is true for the whole process, not for a
        block within it.
        """
        return self.fork_of(self._stack[:1])

    def fork_of(self, stack: tuple[Layer, ...]) -> Hub:
        """A hub for another unit of work, whose scopes start from those of `stack`."""
        hub = Hub.__new__(Hub)
        hub._stack = (stack[-1].fork(),)
        hub._entries = []
        hub._last_event_id = None
        return hub

    # -- activation

    def __enter__(self) -> Hub:
        present = carried_now(None)
        unit = present.unit if present is not None and present.unit.is_running() else Unit()
        self._entries.append(_activate(self, unit, present))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        entry = self.entry()
        if entry is not None:
            self._entries.remove(entry)
            carry(entry.previous)

    def entry(self) -> Active | None:
        """How this hub became current here: what its block puts back, whatever was left entered within it, or
        was carried back from another unit. `None` where it is not entered, or in another task or thread.
        """
        active = carried_now(None)
        for entry in reversed(self._entries):
            if (active is not None and entry.unit is active.unit) or entry.unit.is_running():
                return entry
        return None

    def run(self, callback: Callable[[], T]) -> T:
        """Call `callback` with this hub current; its result and exceptions pass through."""
        with self:
            return callback()

    # -- the top of the stack

    @property
    def client(self) -> Client | None:
        """The client that events go to, or `None`."""
        client = self._stack[-1].client
        return Hub._process_client if isinstance(client, Inherited) else client

    @property
    def scope(self) -> Scope:
        return self._stack[-1].scope

    @property
    def current_scope(self) -> Scope:
        """The innermost scope: that of a `new_scope()` block, else `scope`."""
        top = self._stack[-1]
        return top.scope if top.local is None else top.local

    def bind_client(self, client: Client | None) -> None:
        """Send this hub's events to `client`; `None` silences it.

        On `Hub.main` it becomes the client of the process: every hub that was not given a client of its own
        sends there.
        """
        if self is _main:
            Hub._process_client = client
        else:
            self._stack[-1].client = client

    def get_integration(self, name_or_class: Any) -> Any:
        """The client's integration of that name or class, or `None`."""
        client = self.client
        return None if client is None else client.get_integration(name_or_class)

    def last_event_id(self) -> str | None:
        """The id of the event this hub sent last."""
        return self._last_event_id

    # -- scopes

    if TYPE_CHECKING:

        @overload
        def push_scope(self, callback: None = None, continue_trace: bool = ...) -> Layer: ...
        @overload
        def push_scope(self, callback: Callable[[Scope], object], continue_trace: bool = ...) -> None: ...

    def push_scope(
        self, callback: Callable[[Scope], object] | None = None, continue_trace: bool = True
    ) -> Layer | None:
        """Open a scope that starts as a fork of the present one and is gone at the end of the block.

        As context manager it gives the scope. With a callback, the callback is called with the scope, which
        then is closed.
        """
        block = self._stack[-1].fork_on(self)
        if callback is None:
            return block
        with block as scope:
            callback(scope)
        return None

    def new_scope(self) -> Layer:
        """Open a block with a local scope over the present one (2.x): what is set on `scope` itself
        outlives the block.
        """
        top = self._stack[-1]
        local = Scope() if top.local is None else top.local.fork()
        return Layer(top.client, top.scope, local).on(self)

    def use_scope(self, scope: Scope) -> Layer:
        """Open a block in which `scope` is the local scope over the present one (2.x)."""
        top = self._stack[-1]
        return Layer(top.client, top.scope, scope).on(self)

    def pop_scope_unsafe(self) -> tuple[Client | None, Scope]:
        """Drop the top layer and return its client and scope; the last layer stays.

        Raises:
            RuntimeError: only the base layer is left.
        """
        if len(self._stack) == 1:
            raise RuntimeError("the base scope of a hub cannot be popped")
        client, layer = self.client, self._stack[-1]
        self._set_stack(self._stack[:-1])
        return client, layer.scope

    def configure_scope(
        self, callback: Callable[[Scope], object] | None = None, continue_trace: bool = True
    ) -> Any:
        """Edit the present scope: as context manager, or through a callback, which is not called without a
        client.

        Without a client the context manager gives a scope that nothing reads.
        """
        listening = self.client is not None
        if callback is None:
            return ScopeHandle(self.scope if listening else Scope())
        if listening:
            callback(self.scope)
        return None

    def _set_stack(self, stack: tuple[Layer, ...]) -> None:
        """Change the stack, also in what a task that is created now will find."""
        self._stack = stack
        active = carried_now(None)
        if active is not None and active.hub is self:
            carry(active.with_stack(stack))

    # -- what happened

    def capture_event(
        self, event: Event, hint: Hint | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None:
        """Send an event made by hand; see `sentry_like.capture_event`."""
        client = self.client
        if client is None:
            return None
        return self._capture(
            "capture_event",
            client,
            lambda: client.capture_event(event, hint, self.effective_scope(scope, kwargs)),
        )

    def capture_message(
        self, message: str, level: str | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None:
        """Send a message; see `sentry_like.capture_message`."""
        client = self.client
        if client is None:
            return None
        level = level or "info"
        return self._capture(
            "capture_message",
            client,
            lambda: client.capture_message(message, level, self.effective_scope(scope, kwargs)),
        )

    def capture_exception(
        self, error: Any = None, scope: Any = None, mechanism: Mechanism | None = None, **kwargs: Any
    ) -> str | None:
        """Send an exception; see `sentry_like.capture_exception`. `mechanism` is for integrations: how it
        came to us.
        """
        client = self.client
        if client is None:
            return None
        exc_info = _exc_info_to_capture(error)
        if exc_info is None:
            return None
        return self._capture(
            "capture_exception",
            client,
            lambda: client.capture_exception(exc_info, self.effective_scope(scope, kwargs), mechanism),
        )

    def capture_built(
        self, build: Callable[[Any], Event], hint: Hint, mechanism: Mechanism | None = None
    ) -> str | None:
        """Send an event that an integration makes; see `Client.capture_built`."""
        client = self.client
        if client is None:
            return None
        return self._capture(
            "capture_built",
            client,
            lambda: client.capture_built(build, hint, self.effective_scope(None, {}), mechanism),
        )

    def report(self, error: BaseException, mechanism: Mechanism) -> None:
        """Capture what a finaliser met, which garbage collection may run in the midst of another capture:
        then it waits for the end of that one.
        """
        self.after_capture(lambda: self.capture_exception(error, mechanism=mechanism))

    def after_capture(self, step: Callable[[], object]) -> None:
        """Call `step` now, or, in the midst of a capture, once that is done."""
        unit = active_now().unit
        if unit.is_capturing:
            unit.postponed = (*unit.postponed, step)
        else:
            step()

    def _capture(self, where: str, client: Client, capture: Callable[[], str | None]) -> str | None:
        """Run a capture, contained, and not within another: hooks and reprs that capture would never end."""
        if sys.is_finalizing():  # modules are being emptied: what fails now fails of that, and so would we
            return None
        unit = active_now().unit
        if unit.is_capturing:
            debug(f"{where}() was called by a hook while an event was being made: nothing was sent")
            return None
        event_id = None
        unit.is_capturing = True
        try:
            event_id = capture()
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb(where, error, client.on_internal_error)
        finally:
            unit.is_capturing = False
        if event_id is not None:
            self._last_event_id = event_id
        if unit.postponed and not unit.is_catching_up:
            unit.catch_up()
        return event_id

    def add_breadcrumb(self, crumb: Any = None, hint: Hint | None = None, **fields: Any) -> None:
        """Note what just happened, for the events to come; see `sentry_like.add_breadcrumb`."""
        self.add_breadcrumb_to(self._stack[-1].scope, crumb, hint, fields)

    def add_breadcrumb_to(
        self, scope: Scope, crumb: Any, hint: Hint | None, fields: Mapping[str, Any]
    ) -> None:
        client = self.client
        if client is None:
            return
        try:
            if callable(crumb):
                crumb = crumb()
            if crumb or fields:
                client.add_breadcrumb(scope, new_crumb(crumb, fields), hint)
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb("add_breadcrumb", error)

    def keep_crumb(self, crumb: Crumb, hint: Hint) -> None:
        """Keep a crumb that an integration makes; see `Client.keep_crumb`."""
        client = self.client
        if client is None:
            return
        try:
            client.keep_crumb(self._stack[-1].scope, crumb, hint)
        except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
            absorb("add_breadcrumb", error)

    def flush(
        self, timeout: float | None = None, callback: Callable[[int, float], object] | None = None
    ) -> bool:
        """Wait until what was captured has left; see `sentry_like.flush`."""
        client = self.client
        return True if client is None else client.flush(timeout, callback)

    def effective_scope(self, change: Any, kwargs: Mapping[str, Any]) -> Scope:
        """The scope that an event gets: global, then this hub's, then the `scope=` and keyword arguments of
        the call.

        Raises:
            TypeError: both `scope` and keyword arguments.
        """
        top = self._stack[-1]
        if top.local is None and change is None and not kwargs and _global_scope.is_empty():
            return top.scope
        if change is not None and kwargs:
            raise TypeError("give scope= or keyword arguments, not both")
        joined = _global_scope.fork()
        joined.update_from_scope(top.scope)
        if top.local is not None:
            joined.update_from_scope(top.local)
        if callable(change):
            change(joined)
        elif change is not None:
            joined.update_from_scope(change)
        else:
            joined.update_from_kwargs(**kwargs)
        return joined


class ScopeHandle:
    """The context manager of `configure_scope()`."""

    __slots__ = ("_scope",)

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __enter__(self) -> Scope:
        return self._scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        return None


def active_now() -> Active:
    """What is current in the running thread or task, made at its first use: nothing is shared with another
    unit.
    """
    active = carried_now(None)
    if active is None:
        hub = _main.fork_base()
    elif not active.unit.is_running():
        hub = active.hub.fork_of(active.stack)
    else:
        return active
    return _activate(hub, Unit(), None)


def layer_now() -> Layer:
    """What is true here, to be looked at only: a hub that the running thread or task does not have yet is not
    made for it.
    """
    active = carried_now(None)
    if active is None:
        return _main._stack[0]
    return (active.hub._stack if active.unit.is_running() else active.stack)[-1]


def client_now() -> Client | None:
    """The client of the running thread or task; no hub is made for the answer."""
    client = layer_now().client
    return Hub._process_client if isinstance(client, Inherited) else client


def integration_now(name: str) -> Any:
    """The integration of that name, if the client of the running thread or task has it."""
    client = client_now()
    return None if client is None else client.get_integration(name)


def fork_here() -> Hub:
    """A fork of the hub that is current here; one that is not there yet is not made for it."""
    return _main.fork_of((layer_now(),))


def _activate(hub: Hub, unit: Unit, previous: Active | None) -> Active:
    active = Active(hub, hub._stack, unit, previous)
    carry(active)
    return active


def exc_info_of(given: Any) -> ExcInfo | None:
    """The triple of an exception, or of what `sys.exc_info` answers; `None` when no exception is in it."""
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[1], BaseException):
        return given
    return None


def _exc_info_to_capture(error: Any) -> ExcInfo | None:
    """The triple of what `capture_exception` was given; where there is nothing to capture it says why."""
    if error is None:
        error = sys.exc_info()
    found = exc_info_of(error)
    if found is None and isinstance(error, tuple) and len(error) == 3:
        debug("capture_exception() was called with no exception active: nothing was sent")
    elif found is None:
        voice.once(
            "capture_exception argument",
            f"capture_exception() takes an exception or an exc_info tuple, not {type(error).__name__}: "
            "nothing was sent",
        )
    return found


_global_scope = Scope()
_main = Hub()
_main._stack[0].client = INHERITED
_activate(_main, Unit(), None)
listen_through(lambda: Hub.current)


def global_scope() -> Scope:
    """The scope under every hub's scopes (2.x): one per process, never forked."""
    return _global_scope
