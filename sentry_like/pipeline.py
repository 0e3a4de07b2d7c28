"""The ordered steps from a captured event to one that may be sent; any step may drop it, and each drop is
counted with its reason.

Refusals come first and look at nothing but the exception; foreign code (processors, `before_send`) gets a
private copy, so that whatever it does to the event touches neither the application's objects nor what other
events share.
"""

from __future__ import annotations

from time import time

from sentry_like.errors import absorb, contained, debug, voice
from sentry_like.protocol.categories import of_event_type
from sentry_like.protocol.ids import new_event_id, normalise_event_id
from sentry_like.protocol.time import format_timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from sentry_like.options import Options
    from sentry_like.scope import Scope
    from sentry_like.types import Breadcrumb, ErrorSampler, Event, EventProcessor, ExcInfo, Hint, Integration

    class Reports(Protocol):
        def lost(self, reason: str, category: str, quantity: int = 1) -> None: ...

    class Integrations(Protocol):
        """The integrations of a client, by what they do; a late arrival replaces the tuples."""

        names: list[str]
        refusing: tuple[Integration, ...]
        processing: tuple[Integration, ...]
        foreign: tuple[Integration, ...]
        listening: tuple[Integration, ...]

    class Cleaning(Protocol):
        """What the capture room does to one event; made anew for each."""

        @property
        def meta(self) -> dict[str, Any]: ...
        def bag(self, value: Any, path: tuple[str, ...]) -> Any: ...
        def breadcrumb(self, crumb: Breadcrumb) -> Breadcrumb: ...
        def note_breadcrumbs(self, total: int) -> None: ...
        def copy(self, event: Event) -> Event: ...
        def sanitise(self, event: Event) -> Event: ...
        def scrub(self, event: Event) -> Event: ...
        def settle(self, event: Event) -> Event: ...


class Pipeline:
    """One client's steps."""

    def __init__(
        self, options: Options, defaults: Event, integrations: Integrations, reports: Reports
    ) -> None:
        self._options = options
        self._contexts: dict[str, Any] = defaults["contexts"]
        self._sdk: dict[str, Any] = defaults["sdk"]
        self._plain_defaults = [
            (name, defaults[name]) for name in defaults if name not in ("contexts", "sdk")
        ]
        self._reports = reports
        self._ignored = IgnoredErrors(options.ignore_errors)
        self._integrations = integrations

    # -- before anything is built

    def refuse(self, exc_info: ExcInfo | None, hint: Hint, sketch: Callable[[], Event]) -> str | None:
        """The reason not to build an event at all, or `None`. `sketch` gives what an `error_sampler` may
        look at.
        """
        if exc_info is not None:
            if self._ignored.covers(exc_info[1]):
                return "event_processor"
            for integration in self._integrations.refusing:
                if integration.refuses(exc_info[1]):
                    return "event_processor"
        return None if self._is_sampled(hint, sketch) else "sample_rate"

    def _is_sampled(self, hint: Hint, sketch: Callable[[], Event]) -> bool:
        sampler = self._options.error_sampler
        rate = self._options.sample_rate if sampler is None else _sampler_rate(sampler, sketch(), hint)
        return rate >= 1.0 or _draw() < rate

    # -- once it is built

    def prepare(self, event: Event, hint: Hint, scope: Scope, cleaning: Cleaning) -> Event | None:
        """The event as it may be sent, or `None` when a step dropped it."""
        category = of_event_type(event.get("type"))
        self._stamp(event)
        scope.apply_to(event, hint, lambda name, value: cleaning.bag(value, (name,)))
        if category == "error":
            self._add_breadcrumbs(event, scope, cleaning)
            if scope.work is not None:
                with contained("unit of work"):
                    scope.work.describe(event, cleaning, self._options)
        prepared = self._process(event, hint, scope, cleaning)
        if prepared is None:
            self._reports.lost("event_processor", category)
            return None
        self._fill_defaults(prepared)
        prepared = cleaning.scrub(prepared)
        if cleaning.meta:
            prepared["_meta"] = {**cleaning.meta, **prepared.get("_meta", {})}
        hook = self._options.before_send
        if hook is not None and category == "error":
            return self._before_send(hook, prepared, hint, cleaning)
        return prepared

    def tell_captured(self, event: Event, hint: Hint) -> None:
        """Let integrations know that an event is on its way."""
        for integration in self._integrations.listening:
            try:
                integration.on_captured(event, hint)
            except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
                absorb(integration.identifier, error)

    def _stamp(self, event: Event) -> None:
        given = event.get("event_id")
        event["event_id"] = (given and normalise_event_id(given)) or new_event_id()
        if "timestamp" not in event:
            event["timestamp"] = format_timestamp(time())

    def _add_breadcrumbs(self, event: Event, scope: Scope, cleaning: Cleaning) -> None:
        own = event.get("breadcrumbs") or ()
        values = [*(own.get("values") or () if isinstance(own, dict) else own)]
        total = len(values) + scope.breadcrumbs_total
        finish = cleaning.breadcrumb
        values += [crumb.fields if crumb.finished else crumb.finish(finish) for crumb in scope.breadcrumbs]
        if not values:
            return
        bound = self._options.max_breadcrumbs
        values = values[-bound:] if bound else []
        if total > len(values):
            cleaning.note_breadcrumbs(total)
        event["breadcrumbs"] = {"values": values}

    def _process(self, event: Event, hint: Hint, scope: Scope, cleaning: Cleaning) -> Event | None:
        for integration in self._integrations.processing:
            try:
                integration.process_event(event, hint)
            except BaseException as error:  # noqa: BLE001  # absorb() lets through what is the application's
                absorb(integration.identifier, error)
        foreign = self._integrations.foreign
        if not (scope.has_processors() or _GLOBAL_PROCESSORS or foreign):
            return event
        event = cleaning.copy(event)
        for integration in foreign:
            with contained(integration.identifier):
                integration.process_event(event, hint)
        for processor in (*_GLOBAL_PROCESSORS, *scope.processors(hint.get("exc_info"))):
            made = _run(processor, event, hint)
            if made is None:
                return None
            event = made
        return cleaning.sanitise(event)

    def _fill_defaults(self, event: Event) -> None:
        """What options and the process know and the event does not say itself."""
        for name, value in self._plain_defaults:
            if name not in event or not event[name]:
                event[name] = value
        event["contexts"] = {**self._contexts, **(event.get("contexts") or {})}
        if not event.get("sdk"):
            event["sdk"] = {**self._sdk, "integrations": self._integrations.names}

    def _before_send(
        self, hook: EventProcessor, event: Event, hint: Hint, cleaning: Cleaning
    ) -> Event | None:
        """Ask the user's hook. One that raises, or answers neither an event nor `None`, drops the event and
        is told so.
        """
        answer: Any = FAILED
        with contained("before_send"):
            answer = hook(cleaning.copy(event), hint)
        if answer is None:
            debug("before_send dropped the event")
            self._reports.lost("before_send", "error")
            return None
        if not isinstance(answer, dict) or not answer:
            if answer is not FAILED:
                _close(answer)
                voice.once(
                    "before_send answer",
                    f"before_send answered {type(answer).__name__}, neither an event nor None: "
                    "the event was dropped",
                )
            self._reports.lost("before_send", "error")
            return None
        return cleaning.settle(answer)

    # -- breadcrumbs

    def before_breadcrumb(self, crumb: Breadcrumb, hint: Hint) -> Breadcrumb | None:
        """The crumb as the user's hook wants it; `None` drops it, and so does a hook that raises."""
        hook = self._options.before_breadcrumb
        if hook is None:
            return crumb
        with contained("before_breadcrumb"):
            answer = hook(crumb, hint)
            return answer if isinstance(answer, dict) else None
        return None


class _Failed:
    __slots__ = ()


FAILED = _Failed()
_GLOBAL_PROCESSORS: list[EventProcessor] = []


def add_global_event_processor(processor: EventProcessor) -> None:
    """Run `processor(event, hint)` on every event of every client, before those of scopes."""
    _GLOBAL_PROCESSORS.append(processor)


def _draw() -> float:
    """A number from 0 up to 1, at random; the module is loaded only by those who sample."""
    from random import random

    return random()


def _sampler_rate(sampler: ErrorSampler, sketch: Event, hint: Hint) -> float:
    """What the `error_sampler` says; a failing one, or one that answers no rate, keeps the event."""
    with contained("error_sampler"):
        rate: Any = sampler(sketch, hint)
        if isinstance(rate, (bool, int, float)) and 0 <= rate <= 1:
            return float(rate)
        voice.once(
            "error_sampler rate",
            f"error_sampler answered {rate!r:.50}, not a rate from 0 to 1: the event is kept",
        )
    return 1.0


def _run(processor: EventProcessor, event: Event, hint: Hint) -> Event | None:
    """The processor's answer; one that raises, or answers something else, is skipped."""
    with contained("event processor"):
        answer: Any = processor(event, hint)
        if answer is None or isinstance(answer, dict):
            return answer
        voice.once(
            f"processor {type(answer)}",
            f"an event processor answered {type(answer).__name__}, neither an event nor None: it is skipped",
        )
    return event


def _close(answer: Any) -> None:
    """A coroutine that nobody awaits warns when it dies."""
    close = getattr(answer, "close", None)
    if callable(close):
        with contained("before_send"):
            close()


class IgnoredErrors:
    """The errors that `ignore_errors` names: classes, and names with wildcards of a class or any of its
    bases.
    """

    def __init__(self, rules: Iterable[type[BaseException] | str]) -> None:
        rules = list(rules)
        self._classes = tuple(rule for rule in rules if isinstance(rule, type))
        self._names = tuple(rule for rule in rules if isinstance(rule, str))
        self._known: dict[type, bool] = {}

    def covers(self, error: BaseException) -> bool:
        """Whether the error is ignored; a group is when all its members are."""
        if not self._classes and not self._names:
            return False
        return self._covers_class(type(error)) or self._covers_members(error, 100)

    def _covers_members(self, error: BaseException, depth: int) -> bool:
        members = getattr(error, "exceptions", None)
        if not isinstance(members, tuple) or not members or depth == 0:
            return False
        return all(
            isinstance(member, BaseException)
            and (self._covers_class(type(member)) or self._covers_members(member, depth - 1))
            for member in members
        )

    def _covers_class(self, kind: type) -> bool:
        known = self._known.get(kind)
        if known is None:
            if len(self._known) >= 1000:
                self._known.clear()
            known = self._known[kind] = issubclass(kind, self._classes) or self._covers_name(kind)
        return known

    def _covers_name(self, kind: type) -> bool:
        if not self._names:
            return False
        from fnmatch import fnmatchcase

        bases = [base for base in kind.__mro__ if base is not object]
        names = [
            name for base in bases for name in (base.__qualname__, f"{base.__module__}.{base.__qualname__}")
        ]
        return any(fnmatchcase(name, rule) for name in names for rule in self._names)
