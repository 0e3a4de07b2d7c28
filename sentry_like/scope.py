"""What is true here: the data that joins every event captured while a scope is on top.

A scope's containers are never changed in place: each setter puts a new one in the old one's stead. So
forking shares everything at the cost of one object, a fork never sees its parent's later changes, and a
reader in another thread sees a whole value.
"""

from __future__ import annotations

from sentry_like.breadcrumbs import NO_CRUMBS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from sentry_like.breadcrumbs import Crumb
    from sentry_like.types import (
        Breadcrumb,
        ErrorProcessor,
        Event,
        EventProcessor,
        ExcInfo,
        Hint,
        Listener,
        Work,
    )

    Bag = Callable[[str, Any], Any]
    """Turns the value of a top-level event field into JSON-safe data: `bag("extra", {...})`."""


def _no_hub() -> Listener:
    raise RuntimeError("sentry_like.hub was never imported")


_hub_of_the_moment: Callable[[], Listener] = _no_hub


def listen_through(hub_of_the_moment: Callable[[], Listener]) -> None:
    """Tell scopes how to reach the current hub; the hub room calls this once, so that no arrow points up."""
    global _hub_of_the_moment  # set once, at import
    _hub_of_the_moment = hub_of_the_moment


class Scope:
    """Tags, user, level, fingerprint, extra, contexts, breadcrumbs and processors of one stretch of work.

    Not locked, and needs no lock: a write replaces one attribute. Two threads that write the same scope at
    once may lose one of the two writes, never more.
    """

    __slots__ = (
        "_attachments",
        "_contexts",
        "_crumbs",
        "_error_processors",
        "_event_processors",
        "_extra",
        "_fingerprint",
        "_level",
        "_tags",
        "_transaction",
        "_transaction_info",
        "_user",
        "rooms",
        "work",
    )

    def __init__(self) -> None:
        self._event_processors: tuple[EventProcessor, ...] = ()
        self._error_processors: tuple[ErrorProcessor, ...] = ()
        self.work: Work | None = None
        self.clear()

    def clear(self) -> None:
        """Forget all data; processors stay (unified API, "Scope"), and so does the unit of work."""
        self._level: str | None = None
        self._fingerprint: list[str] | None = None
        self._transaction: str | None = None
        self._transaction_info: dict[str, Any] = {}
        self._user: dict[str, Any] | None = None
        self._tags: dict[str, Any] = {}
        self._contexts: dict[str, dict[str, Any]] = {}
        self._extra: dict[str, Any] = {}
        self._crumbs = NO_CRUMBS
        self._attachments: tuple[Any, ...] = ()
        self.rooms: dict[str, Any] = {}

    def fork(self) -> Scope:
        """A scope with the same data, independent from here on; the cost does not depend on how much it
        holds.
        """
        twin = Scope.__new__(Scope)
        twin._level = self._level
        twin._fingerprint = self._fingerprint
        twin._transaction = self._transaction
        twin._transaction_info = self._transaction_info
        twin._user = self._user
        twin._tags = self._tags
        twin._contexts = self._contexts
        twin._extra = self._extra
        twin._crumbs = self._crumbs
        twin._attachments = self._attachments
        twin._event_processors = self._event_processors
        twin._error_processors = self._error_processors
        twin.rooms = self.rooms
        twin.work = self.work
        return twin

    __copy__ = fork

    # -- single values

    @property
    def level(self) -> str | None:
        return self._level

    @level.setter
    def level(self, value: str | None) -> None:
        self._level = value

    def set_level(self, value: str | None) -> None:
        """Give every event here this level: fatal, error, warning, info or debug."""
        self._level = value

    @property
    def fingerprint(self) -> list[str] | None:
        return self._fingerprint

    @fingerprint.setter
    def fingerprint(self, value: Iterable[str] | None) -> None:
        self._fingerprint = None if value is None else list(value)

    def set_fingerprint(self, value: Iterable[str] | None) -> None:
        """Group events here by these strings; `{{ default }}` stands for the server's own grouping."""
        self.fingerprint = value

    @property
    def transaction(self) -> str | None:
        return self._transaction

    @transaction.setter
    def transaction(self, value: str | None) -> None:
        self._transaction = value

    def set_transaction_name(self, name: str, source: str | None = None) -> None:
        """Name what runs here; `source` says where the name is from: route, url, view, component, task,
        custom.
        """
        self._transaction = name
        if source is not None:
            self._transaction_info = {**self._transaction_info, "source": source}

    @property
    def user(self) -> dict[str, Any] | None:
        return self._user

    @user.setter
    def user(self, value: Mapping[str, Any] | None) -> None:
        self._user = None if value is None else dict(value)

    def set_user(self, value: Mapping[str, Any] | None) -> None:
        """Say who acts here: any of id, username, email, ip_address, and more keys of your own; `None`
        forgets.
        """
        self.user = value

    # -- maps

    @property
    def tags(self) -> dict[str, Any]:
        return self._tags

    def set_tag(self, key: str, value: Any) -> None:
        self._tags = {**self._tags, key: value}

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        self._tags = {**self._tags, **tags}

    def remove_tag(self, key: str) -> None:
        self._tags = _without(self._tags, key)

    def set_extra(self, key: str, value: Any) -> None:
        """Attach any value under `key`; it is read when an event is captured."""
        self._extra = {**self._extra, key: value}

    def remove_extra(self, key: str) -> None:
        self._extra = _without(self._extra, key)

    def set_context(self, key: str, value: Mapping[str, Any]) -> None:
        """Attach a named group of values, shown as a section of its own; it is read when an event is
        captured.
        """
        self._contexts = {**self._contexts, key: value}  # type: ignore[dict-item]  # any mapping is read the same

    def remove_context(self, key: str) -> None:
        self._contexts = _without(self._contexts, key)

    # -- lists

    def add_breadcrumb(
        self, crumb: Breadcrumb | None = None, hint: Hint | None = None, **fields: Any
    ) -> None:
        """Add a crumb through the current client, which bounds, scrubs and filters it; without a client
        nothing is kept.
        """
        _hub_of_the_moment().add_breadcrumb_to(self, crumb, hint, fields)

    def push_crumb(self, crumb: Crumb, bound: int) -> None:
        """Keep a finished crumb, and of all crumbs the newest `bound`."""
        self._crumbs = self._crumbs.followed_by(crumb, bound)

    def clear_breadcrumbs(self) -> None:
        self._crumbs = NO_CRUMBS

    @property
    def breadcrumbs(self) -> list[Crumb]:
        """All crumbs kept, oldest first."""
        return self._crumbs.newest()

    @property
    def breadcrumbs_total(self) -> int:
        """How many crumbs were ever added here, those included that newer ones pushed out."""
        return self._crumbs.total

    def add_attachment(
        self,
        bytes: bytes | Callable[[], bytes] | None = None,
        filename: str | None = None,
        path: str | None = None,
        content_type: str | None = None,
        add_to_transactions: bool = False,
    ) -> None:
        """Send a file with every event captured here.

        Give `path`, or `bytes` (or a function that returns them) and a `filename`. A path or function is
        read when an event is captured; one that cannot be read costs only the attachment.

        Raises:
            TypeError: neither bytes nor path, or bytes without a filename.
        """
        from sentry_like.attachments import Attachment

        made = Attachment(bytes, filename, path, content_type, add_to_transactions)
        self._attachments = (*self._attachments, made)

    def clear_attachments(self) -> None:
        self._attachments = ()

    def add_event_processor(self, processor: EventProcessor) -> None:
        """Run `processor(event, hint)` on every event here; it returns the event, or `None` to drop it."""
        self._event_processors = (*self._event_processors, processor)

    def add_error_processor(self, processor: ErrorProcessor, cls: type[BaseException] | None = None) -> None:
        """Run `processor(event, exc_info)` on events that come from an exception, of class `cls` when
        given.
        """
        if cls is not None:
            processor = _for_class(processor, cls)
        self._error_processors = (*self._error_processors, processor)

    # -- joining scopes and events

    def update_from_scope(self, other: Scope) -> None:
        """Lay another scope over this one: its single values win, its maps win per key, its lists follow."""
        for name in ("_level", "_fingerprint", "_transaction", "_user", "work"):
            value = getattr(other, name)
            if value is not None:
                setattr(self, name, value)
        for name in ("_transaction_info", "_tags", "_contexts", "_extra", "rooms"):
            if added := getattr(other, name):
                setattr(self, name, {**getattr(self, name), **added})
        for name in ("_attachments", "_event_processors", "_error_processors"):
            if added := getattr(other, name):
                setattr(self, name, (*getattr(self, name), *added))
        if other._crumbs is not NO_CRUMBS:
            crumbs = self._crumbs
            for crumb in other._crumbs.newest():
                crumbs = crumbs.followed_by(crumb, crumbs.bound or other._crumbs.bound)
            self._crumbs = crumbs

    def update_from_kwargs(
        self,
        user: Mapping[str, Any] | None = None,
        level: str | None = None,
        extras: Mapping[str, Any] | None = None,
        contexts: Mapping[str, Mapping[str, Any]] | None = None,
        tags: Mapping[str, Any] | None = None,
        fingerprint: Iterable[str] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Lay the keyword arguments of a `capture_*` call over this scope; `attributes` belong to logs and
        are accepted.
        """
        if level is not None:
            self._level = level
        if user is not None:
            self.user = user
        if extras is not None:
            self._extra = {**self._extra, **extras}
        if contexts is not None:
            self._contexts = {**self._contexts, **contexts}  # type: ignore[dict-item]  # any mapping is read the same
        if tags is not None:
            self._tags = {**self._tags, **tags}
        if fingerprint is not None:
            self._fingerprint = list(fingerprint)

    def apply_to(self, event: Event, hint: Hint, bag: Bag) -> None:
        """Write this scope's data into an event (unified API, "Applying scope data").

        The scope's level wins; fingerprint, user and transaction fill gaps; tags, extra and contexts win
        per key; breadcrumbs follow the event's own. Processors are not run here.
        """
        if self._level is not None:
            event["level"] = "fatal" if self._level == "critical" else self._level
        if self._fingerprint is not None and not event.get("fingerprint"):
            event["fingerprint"] = [str(part) for part in self._fingerprint]
        if self._user is not None and not event.get("user"):
            event["user"] = bag("user", self._user)
        if self._transaction is not None and not event.get("transaction"):
            event["transaction"] = str(self._transaction)
            if self._transaction_info:
                event["transaction_info"] = dict(self._transaction_info)
        if self._tags:
            event["tags"] = {**_as_map(event.get("tags")), **tag_texts(self._tags)}
        if self._extra:
            event["extra"] = {**(event.get("extra") or {}), **bag("extra", self._extra)}
        if self._contexts:
            event["contexts"] = {**(event.get("contexts") or {}), **bag("contexts", self._contexts)}
        if self._attachments:
            hint["attachments"] = [*hint.get("attachments", ()), *self._attachments]

    def processors(self, exc_info: ExcInfo | None) -> Iterator[EventProcessor]:
        """The processors to run on an event, error processors first when it comes from an exception."""
        if exc_info is not None:
            for processor in self._error_processors:
                yield _as_event_processor(processor, exc_info)
        yield from self._event_processors

    def has_processors(self) -> bool:
        return bool(self._event_processors or self._error_processors)

    def is_empty(self) -> bool:
        """Whether joining this scope to an event would change nothing."""
        return not (
            self._tags
            or self._extra
            or self._contexts
            or self._user
            or self._level
            or self._fingerprint
            or self._transaction
            or self._attachments
            or self._event_processors
            or self._error_processors
            or self._crumbs is not NO_CRUMBS
        )

    # -- the forms that 2.x users know, on the hub of the moment

    def capture_event(
        self, event: Event, hint: Hint | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None:
        """Send an event with this scope's data laid over the current one's; see `capture_event`."""
        return _hub_of_the_moment().capture_event(event, hint, self._joined(scope), **kwargs)

    def capture_message(
        self, message: str, level: str | None = None, scope: Any = None, **kwargs: Any
    ) -> str | None:
        return _hub_of_the_moment().capture_message(message, level, self._joined(scope), **kwargs)

    def capture_exception(self, error: Any = None, scope: Any = None, **kwargs: Any) -> str | None:
        return _hub_of_the_moment().capture_exception(error, self._joined(scope), **kwargs)

    def _joined(self, other: Any) -> Scope:
        joined = self.fork()
        if callable(other):
            other(joined)
        elif other is not None:
            joined.update_from_scope(other)
        return joined


def tag_texts(tags: Mapping[Any, Any]) -> dict[str, str]:
    """Tags as the server takes them: text on one line (protocol, "Tags": a float would lose its fraction, a
    newline the tag).
    """
    return {_tag_key(key): _tag_value(value) for key, value in tags.items() if value is not None}


def _tag_key(key: Any) -> str:
    text = key if type(key) is str else _text(key)
    if not (text.isascii() and text.isidentifier()):
        text = "".join(
            c if c.isascii() and (c.isalnum() or c in "_.:-") else "_" for c in text.replace(" ", "-")
        )
    return text if len(text) <= 200 else text[:197] + "..."


def _tag_value(value: Any) -> str:
    text = value if type(value) is str else _text(value)
    if "\n" in text:
        text = text.replace("\n", " ")
    return text if len(text) <= 200 else text[:197] + "..."


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # noqa: BLE001  # whatever a foreign __str__ raises, the tag's name is worth keeping
        return f"<unreadable {type(value).__name__}>"


def _as_map(tags: Any) -> dict[str, Any]:
    return dict(tags) if tags else {}


def _without(mapping: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in mapping.items() if k != key}


def _for_class(processor: ErrorProcessor, cls: type[BaseException]) -> ErrorProcessor:
    def only_for_class(event: Event, exc_info: ExcInfo) -> Event | None:
        return processor(event, exc_info) if isinstance(exc_info[1], cls) else event

    return only_for_class


def _as_event_processor(processor: ErrorProcessor, exc_info: ExcInfo) -> EventProcessor:
    def with_exc_info(event: Event, hint: Hint) -> Event | None:
        return processor(event, exc_info)

    return with_exc_info
