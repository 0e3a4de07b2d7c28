"""Carries a client, and what is true where a process is started, into the child process.

A forked child has all that already. Others get it within their pickled process object, which comes through a
pipe that only the two share: nothing secret is on a command line or in the environment.
"""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler

from sentry_like.breadcrumbs import Crumb
from sentry_like.capture.cleaning import Capture
from sentry_like.errors import contained, describe, is_applications_own, voice
from sentry_like.hub import Hub
from sentry_like.pipeline import _GLOBAL_PROCESSORS, add_global_event_processor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from sentry_like.scope import Scope

    Parcel = tuple[bytes, bytes]

OUR_INTEGRATIONS = "sentry_like.integrations."


class Luggage:
    """What a process takes along: the hub that is current where it is started, or, once it was pickled, the
    one of the child.
    """

    __slots__ = ("hub",)

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def __reduce__(self) -> tuple[Any, ...]:
        return unpacked, (packed(self.hub),)


def packed(hub: Hub) -> Parcel | None:
    """The hub's client and scope for another process, or `None` when there is nothing to take along.

    That is also the case if a hook of the application cannot be pickled: without it the child would send what
    the parent does not.
    """
    client: Any = hub.client
    if client is None or not client.is_active():
        return None
    scope = hub.effective_scope(None, {})
    try:
        return _dumps((client, _processors(scope), _attachments(scope))), _dumps(_facts(scope, client))
    except BaseException as error:  # pickling runs code of whatever the options hold
        if is_applications_own(error):
            raise
        voice.once(
            "luggage",
            "nothing will be reported from child processes that are not forked, unless they call "
            f"sentry_like.init() themselves: the client's options cannot be pickled ({describe(error)})",
        )
        return None


def unpacked(parcel: Parcel | None) -> Luggage:
    """In the child: what was true in the parent is true in this whole process, and the parent's client is the
    client of the process, unless it has one already.
    """
    if parcel is not None:
        with contained("taking over the client of the parent process"):
            client, facts = parcel
            if Hub.main.client is None:
                _take_over(*ForkingPickler.loads(client))
            _lay(ForkingPickler.loads(facts), Hub.main.scope)
    return Luggage(Hub.main)


def _dumps(value: Any) -> bytes:
    return bytes(ForkingPickler.dumps(value))


def _processors(scope: Scope) -> dict[str, list[Any]]:
    """The application's processors. Those of integrations look at what there is only in this process."""
    return {
        "global": _foreign(_GLOBAL_PROCESSORS),
        "error": _foreign(scope._error_processors),
        "event": _foreign(scope._event_processors),
    }


def _foreign(processors: Iterable[Any]) -> list[Any]:
    return [one for one in processors if not str(getattr(one, "__module__", "")).startswith(OUR_INTEGRATIONS)]


def _attachments(scope: Scope) -> list[Any]:
    """The attachments whose content is known already."""
    return [one for one in scope._attachments if not callable(one.bytes)]


def _take_over(client: Any, processors: dict[str, list[Any]], attachments: list[Any]) -> None:
    scope = Hub.main.scope
    for processor in processors["global"]:
        if processor not in _GLOBAL_PROCESSORS:  # the main module may have added it here, too
            add_global_event_processor(processor)
    for processor in processors["error"]:
        scope.add_error_processor(processor)
    for processor in processors["event"]:
        scope.add_event_processor(processor)
    for one in attachments:
        scope.add_attachment(one.bytes, one.filename, one.path, one.content_type, one.add_to_transactions)
    Hub.main.bind_client(client)


def _facts(scope: Scope, client: Any) -> dict[str, Any]:
    """What a scope says, as plain data: no object of the application's is pickled."""
    cleaning = Capture(client.options).start()
    facts: dict[str, Any] = {}
    scope.apply_to(facts, {}, lambda name, value: cleaning.bag(value, (name,)))
    facts["crumbs"] = [crumb.finish(cleaning.breadcrumb) for crumb in scope.breadcrumbs]
    facts["bound"] = client.options.max_breadcrumbs
    return facts


def _lay(facts: dict[str, Any], scope: Scope) -> None:
    scope.update_from_kwargs(
        user=facts.get("user"),
        level=facts.get("level"),
        extras=facts.get("extra"),
        contexts=facts.get("contexts"),
        tags=facts.get("tags"),
        fingerprint=facts.get("fingerprint"),
    )
    if "transaction" in facts:
        scope.set_transaction_name(facts["transaction"], facts.get("transaction_info", {}).get("source"))
    for fields in facts["crumbs"]:
        crumb = Crumb(fields)
        crumb.finished = True
        scope.push_crumb(crumb, facts["bound"])
