"""The shapes that travel through the rooms, named once for the type checker; never imported at run time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Protocol, TypeAlias

Event: TypeAlias = dict[str, Any]
"""An event payload as the protocol spells it ("Event payload"): JSON-safe from birth."""

Hint: TypeAlias = dict[str, Any]
"""What hooks are told besides the event: `exc_info`, `log_record`, `attachments`, ...; never sent."""

Breadcrumb: TypeAlias = dict[str, Any]
"""`{"timestamp", "type", "category", "level", "message", "data"}`; all but the timestamp optional."""

ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

EventProcessor: TypeAlias = Callable[[Event, Hint], Event | None]
ErrorProcessor: TypeAlias = Callable[[Event, ExcInfo], Event | None]
BreadcrumbProcessor: TypeAlias = Callable[[Breadcrumb, Hint], Breadcrumb | None]
ErrorSampler: TypeAlias = Callable[[Event, Hint], float | bool]

Mechanism: TypeAlias = dict[str, Any]
"""`{"type": str, "handled": bool, ...}`: how the exception came to us (protocol, "Exceptions")."""

OnLost: TypeAlias = Callable[[str, str, int], None]
"""Called with (reason, category, quantity) for each loss."""


class Integration(Protocol):
    """What an integration must have; all but `setup_once` are optional (see
    `integrations.base`).
    """

    identifier: str

    def setup_once(self) -> None: ...
    def process_event(self, event: Event, hint: Hint) -> None: ...
    def refuses(self, error: BaseException) -> bool: ...
    def on_captured(self, event: Event, hint: Hint) -> None: ...
    def on_started(self, client: Any) -> None: ...
    def on_closed(self, client: Any) -> None: ...


class Work(Protocol):
    """The unit of work that a scope belongs to: a request, a task. It tells of itself when an event asks."""

    def describe(self, event: Event, cleaning: Any, options: Any) -> None:
        """Add what it knows to an event, where the event does not say it itself: JSON-safe, by means of
        `cleaning`.
        """


class Client(Protocol):
    """What a hub needs of a client; any thread may call it."""

    def capture_event(self, event: Event, hint: Hint | None, scope: Any) -> str | None: ...
    def capture_message(self, message: str, level: str, scope: Any) -> str | None: ...
    def capture_exception(self, exc_info: ExcInfo, scope: Any, mechanism: Mechanism | None) -> str | None: ...
    def capture_built(
        self, build: Callable[[Any], Event], hint: Hint, scope: Any, mechanism: Mechanism | None
    ) -> str | None: ...
    def add_breadcrumb(self, scope: Any, crumb: Breadcrumb, hint: Hint | None) -> None: ...
    def keep_crumb(self, scope: Any, crumb: Any, hint: Hint) -> None: ...
    def get_integration(self, name_or_class: Any) -> Any: ...
    def on_internal_error(self, error: BaseException) -> None: ...
    def is_active(self) -> bool: ...
    def flush(
        self, timeout: float | None = None, callback: Callable[[int, float], object] | None = None
    ) -> bool: ...
    def close(
        self, timeout: float | None = None, callback: Callable[[int, float], object] | None = None
    ) -> bool: ...
    def drain(self, callback: Callable[[int, float], object] | None = None) -> None: ...


class Listener(Protocol):
    """What a scope needs of a hub."""

    def add_breadcrumb_to(
        self, scope: Any, crumb: Any, hint: Hint | None, fields: Mapping[str, Any]
    ) -> None: ...
    def capture_event(
        self, event: Event, hint: Hint | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None: ...
    def capture_message(
        self, message: str, level: str | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None: ...
    def capture_exception(self, error: Any = None, scope: Any = None, **kwargs: Any) -> str | None: ...
