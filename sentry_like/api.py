"""The functions applications call; each asks the current hub. Any of them may be called before `init`, and
then does nothing.
"""

from __future__ import annotations

from sentry_like.hub import Hub, global_scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Any, TypeVar, overload

    from sentry_like.integrations._common.work import unit_of_work
    from sentry_like.layers import Layer
    from sentry_like.options import Options
    from sentry_like.scope import Scope
    from sentry_like.types import Event, Hint

    F = TypeVar("F", bound=Callable[..., Any])


class InitGuard:
    """What `init` returns; as a context manager it closes the client at the end of the block."""

    __slots__ = ("_client",)

    def __init__(self, client: Any) -> None:
        self._client = client

    def __enter__(self) -> InitGuard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._client.close()


if TYPE_CHECKING:

    class init(Options, InitGuard):  # noqa: N801  # what type checkers see: every option by name and type
        config_file: str | None = None

else:

    def init(dsn=None, **options):
        """Make a client and let it be the one of the process: every hub without an own client sends there.

        A client that an earlier `init` made is flushed and closed. Options are listed in docs/options.md;
        `config_file` names a pyproject.toml whose `[tool.sentry_like]` is read as well.

        Raises:
            BadOptions: an unknown option or a bad value.
            BadDsn: the DSN is malformed.
        """
        from sentry_like.client import Client

        client = Client(dsn, **options)
        previous = Hub.main.client
        Hub.main.bind_client(client)
        if previous is not None:
            previous.close()
        return InitGuard(client)


def is_initialized() -> bool:
    """Whether the current hub has a client that sends."""
    client = Hub.current.client
    return client is not None and client.is_active()


def get_client() -> Any:
    """The current client; before `init` one that does nothing, never `None`."""
    return Hub.current.client or NO_CLIENT


def get_current_hub() -> Hub:
    """The current hub (the 2018 spelling of `Hub.current`)."""
    return Hub.current


# -- capturing


def capture_event(
    event: Event, hint: Hint | None = None, scope: Any = None, **scope_kwargs: Any
) -> str | None:
    """Send an event made by hand; returns its id, or `None` when nothing was sent.

    `scope` is a Scope whose data is laid over the current one's, or a function that edits a fork of it.
    Instead of it the keywords `user`, `level`, `extras`, `contexts`, `tags`, `fingerprint` set such data
    directly.
    """
    return Hub.current.capture_event(event, hint, scope, **scope_kwargs)


def capture_message(
    message: str, level: str | None = None, scope: Any = None, **scope_kwargs: Any
) -> str | None:
    """Send a message, of level "info" unless given; returns the event's id, or `None` when nothing was
    sent.
    """
    return Hub.current.capture_message(message, level, scope, **scope_kwargs)


def capture_exception(error: Any = None, scope: Any = None, **scope_kwargs: Any) -> str | None:
    """Send an exception; returns the event's id, or `None` when nothing was sent.

    `error` is an exception or an exc_info tuple; without it the exception being handled. One that was never
    raised gets the stack of the caller. With none active nothing is sent.
    """
    return Hub.current.capture_exception(error, scope, **scope_kwargs)


def add_breadcrumb(crumb: Any = None, hint: Hint | None = None, **fields: Any) -> None:
    """Note what just happened, to be sent with the events to come.

    Give a dict, keywords, or both: `category`, `message`, `level`, `type`, `data`, `timestamp`. A function
    is called for the dict, and only if a client listens.
    """
    hub = Hub.current
    hub.add_breadcrumb_to(hub.scope, crumb, hint, fields)


def last_event_id() -> str | None:
    """The id of the event that the current hub sent last."""
    return Hub.current.last_event_id()


def flush(timeout: float | None = None, callback: Callable[[int, float], object] | None = None) -> bool:
    """Wait at most `timeout` seconds until what was captured has left; True only if all of it was
    delivered.
    """
    return Hub.current.flush(timeout, callback)


# -- scopes


if TYPE_CHECKING:

    @overload
    def push_scope(callback: None = None) -> Layer: ...
    @overload
    def push_scope(callback: Callable[[Scope], object]) -> None: ...


def push_scope(callback: Callable[[Scope], object] | None = None) -> Layer | None:
    """Open a block whose scope starts as a fork of the present one and is gone at its end; see
    `Hub.push_scope`.
    """
    return Hub.current.push_scope(callback)


def configure_scope(callback: Callable[[Scope], object] | None = None) -> Any:
    """Edit the present scope in a `with` block or in a function, which is called only if a client listens."""
    return Hub.current.configure_scope(callback)


def new_scope() -> Layer:
    """Open a block with a local scope over the present one (2.x)."""
    return Hub.current.new_scope()


class isolation_scope:  # noqa: N801  # used as a function: `with isolation_scope() as scope:`
    """A block in a hub of its own, cloned from the current one (2.x); gives the clone's scope."""

    __slots__ = ("_hub",)

    def __enter__(self) -> Scope:
        self._hub = Hub(Hub.current)
        self._hub.__enter__()
        return self._hub.scope

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._hub.__exit__(kind, error, tb)


if TYPE_CHECKING:

    @overload
    def isolate(op: F) -> F: ...
    @overload
    def isolate(
        op: str = "task",
        name: str | None = None,
        *,
        tags: Mapping[str, Any] | None = None,
        flush: bool = False,
        flush_timeout: float | None = None,
    ) -> unit_of_work: ...


def isolate(op: Any = "task", name: str | None = None, **settings: Any) -> Any:
    """A unit of work in a hub of its own: one job, message, command.

    `with isolate("cron", "nightly", tags={...}) as scope:` or `async with`; as a decorator of a plain or an
    `async def` function, also bare: `@isolate`. What is set within is gone afterwards, and an exception that
    leaves it is captured once and raised on. `op` is the kind of work and the mechanism of that exception,
    `name` the transaction. `flush=True` waits at its end, for at most `flush_timeout` seconds (default: the
    option `shutdown_timeout`), until what was captured has left.

    Raises:
        TypeError: it decorates a generator function, or `op` is neither text nor a function.
    """
    from sentry_like.integrations._common.work import unit_of_work

    if isinstance(op, str):
        return unit_of_work(op, name, **settings)
    if not callable(op):
        raise TypeError(f"isolate() takes the kind of work as text, not {type(op).__name__}")
    return unit_of_work()(op)


def use_scope(scope: Scope) -> Layer:
    """A block in which `scope` is the local scope (2.x)."""
    return Hub.current.use_scope(scope)


def use_isolation_scope(scope: Scope) -> AbstractContextManager[Hub]:
    """A block in a hub of its own whose scope is `scope` (2.x)."""
    return Hub(Hub.current, scope)


def get_current_scope() -> Scope:
    """The innermost scope: that of a `new_scope()` block, else the same as `get_isolation_scope()`."""
    return Hub.current.current_scope


def get_isolation_scope() -> Scope:
    """The scope of the present unit of work, `Hub.current.scope`: what is set on it outlives `new_scope()`
    blocks.
    """
    return Hub.current.scope


def get_global_scope() -> Scope:
    """The scope under all others: what is set on it is true for every thread and hub of the process."""
    return global_scope()


def set_tag(key: str, value: Any) -> None:
    """Set a tag on the present scope."""
    Hub.current.scope.set_tag(key, value)


def set_tags(tags: Mapping[str, Any]) -> None:
    """Set several tags on the present scope."""
    Hub.current.scope.set_tags(tags)


def set_extra(key: str, value: Any) -> None:
    """Attach any value to the events of the present scope."""
    Hub.current.scope.set_extra(key, value)


def set_context(key: str, value: Mapping[str, Any]) -> None:
    """Attach a named group of values to the events of the present scope."""
    Hub.current.scope.set_context(key, value)


def set_user(value: Mapping[str, Any] | None) -> None:
    """Say who acts in the present scope; `None` forgets."""
    Hub.current.scope.set_user(value)


def set_level(value: str) -> None:
    """Give the events of the present scope a level."""
    Hub.current.scope.set_level(value)


def set_transaction_name(name: str, source: str | None = None) -> None:
    """Name what runs in the present scope."""
    Hub.current.scope.set_transaction_name(name, source)


def add_attachment(
    bytes: bytes | Callable[[], bytes] | None = None,
    filename: str | None = None,
    path: str | None = None,
    content_type: str | None = None,
    add_to_transactions: bool = False,
) -> None:
    """Send a file with the events of the present scope; see `Scope.add_attachment`."""
    Hub.current.scope.add_attachment(bytes, filename, path, content_type, add_to_transactions)


class NoClient:
    """The client before `init`: every call is accepted and does nothing."""

    dsn = None
    transport = None
    integrations: dict[str, Any] = {}
    options: dict[str, Any] = {}

    def is_active(self) -> bool:
        return False

    def should_send_default_pii(self) -> bool:
        return False

    def get_integration(self, name_or_class: Any) -> None:
        return None

    def capture_event(self, event: Event, hint: Hint | None = None, scope: Any = None) -> None:
        return None

    def stats(self) -> dict[str, dict[str, Any]]:
        return {}

    def flush(self, timeout: float | None = None, callback: Any = None) -> bool:
        return True

    def close(self, timeout: float | None = None, callback: Any = None) -> bool:
        return True


NO_CLIENT = NoClient()
