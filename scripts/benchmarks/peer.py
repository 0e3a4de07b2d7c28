"""The peer, `sentry-sdk`, under the names that the measurements use.

Where it has two ways of doing a thing, the cheaper one stands here: `new_scope` for its deprecated
`push_scope`, `isolation_scope` for its deprecated `Hub(Hub.current)`.
"""

from __future__ import annotations

import json

import sentry_sdk
from sentry_sdk.transport import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sentry_sdk.envelope import Envelope

capture_exception = sentry_sdk.capture_exception
capture_message = sentry_sdk.capture_message
add_breadcrumb = sentry_sdk.add_breadcrumb
set_tag = sentry_sdk.set_tag


class LastEnvelope(Transport):
    """Goes nowhere: remembers the last envelope, so that its content can be compared."""

    last: Envelope

    def capture_envelope(self, envelope: Envelope) -> None:
        self.last = envelope


def start(dsn: str, release: str) -> None:
    """Sets the client up with its real transport."""
    sentry_sdk.init(dsn, release=release)


def start_without_network(dsn: str, release: str) -> LastEnvelope:
    """Sets the client up on a transport that only remembers; returns that transport."""
    sentry_sdk.init(dsn, release=release, transport=LastEnvelope)
    transport = sentry_sdk.get_client().transport
    assert isinstance(transport, LastEnvelope)
    return transport


def push_scope_and_set_tag() -> None:
    with sentry_sdk.new_scope() as scope:
        scope.set_tag("shop", "north")


def fork_for_one_request() -> None:
    with sentry_sdk.isolation_scope():
        pass


def run_a_unit_of_work() -> None:
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        scope.set_transaction_name("nightly", "custom")


def wrap_wsgi(app: Any) -> Any:
    """A bare WSGI application, reported if there is a client."""
    from sentry_sdk.integrations.wsgi import SentryWsgiMiddleware

    return SentryWsgiMiddleware(app) if sentry_sdk.get_client().is_active() else app


def flush(seconds: float) -> None:
    sentry_sdk.flush(seconds)


def event_of(envelope: Envelope) -> dict[str, Any]:
    """The event as it goes on the wire, decoded."""
    payload = next(item for item in envelope.items if item.headers.get("type") == "event").payload
    return dict(json.loads(payload.get_bytes()))
