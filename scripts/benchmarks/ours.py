"""Our client, `sentry_like`, under the names that the measurements use."""

from __future__ import annotations

import json

import sentry_like
from sentry_like import Hub
from sentry_like.protocol.envelope import Envelope
from sentry_like.transport.base import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

capture_exception = sentry_like.capture_exception
capture_message = sentry_like.capture_message
add_breadcrumb = sentry_like.add_breadcrumb
set_tag = sentry_like.set_tag


class LastEnvelope(Transport):
    """Goes nowhere: remembers the last envelope, so that its content can be compared."""

    last: Envelope

    def send(self, envelope: Envelope) -> None:
        self.last = envelope


def start(dsn: str, release: str) -> None:
    """Sets the client up with its real transport."""
    sentry_like.init(dsn, release=release)


def start_without_network(dsn: str, release: str) -> LastEnvelope:
    """Sets the client up on a transport that only remembers; returns that transport."""
    transport = LastEnvelope()
    sentry_like.init(dsn, release=release, transport=transport)
    return transport


def push_scope_and_set_tag() -> None:
    with sentry_like.push_scope() as scope:
        scope.set_tag("shop", "north")


def fork_for_one_request() -> None:
    with Hub(Hub.current):
        pass


def run_a_unit_of_work() -> None:
    with sentry_like.isolate("task", "nightly"):
        pass


def wrap_wsgi(app: Any) -> Any:
    """A bare WSGI application, reported if there is a client."""
    from sentry_like.integrations.wsgi import SentryWsgiMiddleware

    return app if Hub.current.client is None else SentryWsgiMiddleware(app)


def flush(seconds: float) -> None:
    sentry_like.flush(seconds)


def event_of(envelope: Envelope) -> dict[str, Any]:
    """The event as it goes on the wire, decoded."""
    parsed = Envelope.parse(envelope.serialize())
    return dict(json.loads(json.dumps(parsed.get_event())))
